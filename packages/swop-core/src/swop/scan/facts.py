"""What one source file says, before any name in it is resolved.

Facts depend on the bytes of the file alone, so that they can be cached by content; a scan
joins the facts of all files. `to_json` and `from_json` are the cache's form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Expr = list[Any]  # see `expr`, which needs `ast` and is not needed to read a cache

MODULE, CLASS, FUNCTION = "m", "c", "f"


@dataclass(slots=True)
class Binding:
    """One way in which a name gets its meaning.

    kind "import": payload [module];  "from": payload [level, module, name]
    kind "value": payload [expression];  "class": payload [index];  "other": payload []
    `maybe` marks a binding inside if, try, for, while, with or match: it adds a possibility
    where an unconditional one replaces the earlier ones.
    """

    line: int
    maybe: bool
    kind: str
    payload: list[Any]


@dataclass(slots=True)
class Scope:
    """The names bound in a module, a class body or a function."""

    parent: int
    kind: str
    names: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[list[Any]] = field(default_factory=list)  # [level, module] of `import *`


@dataclass(slots=True)
class Method:
    """A method's line, the annotation of its first argument after self, and its answer's."""

    name: str
    line: int
    first: Expr | None
    answer: Expr | None


@dataclass(slots=True)
class ClassFacts:
    """One class statement. `scope` is where it stands, `body` the scope of its own names."""

    name: str
    qualname: str
    line: int
    scope: int
    body: int
    decorators: list[tuple[int, Expr]]
    bases: list[Expr]
    keywords: dict[str, Expr]
    generic: bool
    abstract: bool
    fields: list[tuple[str, Expr | None, Expr | None]]
    methods: list[Method]
    calls: list[str]


@dataclass(slots=True)
class ModuleFacts:
    """The scopes and classes of one file; scope 0 is the module itself."""

    scopes: list[Scope]
    classes: list[ClassFacts]

    def to_json(self) -> str:
        """The facts as JSON text."""
        scopes = [
            [s.parent, s.kind, {n: [_flat(b) for b in bs] for n, bs in s.names.items()}, s.stars]
            for s in self.scopes
        ]
        classes = [
            [getattr(c, name) for name in _PLAIN]
            + [[[m.name, m.line, m.first, m.answer] for m in c.methods]]
            for c in self.classes
        ]
        return json.dumps([scopes, classes], separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> ModuleFacts:
        """The inverse of `to_json`; raises ValueError, TypeError or LookupError on bad text."""
        scopes, classes = json.loads(text)
        if not scopes:
            raise ValueError("a module has a scope")
        return ModuleFacts(
            [
                Scope(p, k, {n: [Binding(*b) for b in bs] for n, bs in names.items()}, stars)
                for p, k, names, stars in scopes
            ],
            [
                _class_from(dict(zip(_PLAIN, row, strict=False)), row[len(_PLAIN)])
                for row in classes
            ],
        )


_PLAIN = (
    "name",
    "qualname",
    "line",
    "scope",
    "body",
    "decorators",
    "bases",
    "keywords",
    "generic",
    "abstract",
    "fields",
    "calls",
)


def _class_from(plain: dict[str, Any], methods: list[list[Any]]) -> ClassFacts:
    plain["decorators"] = [(line, expr) for line, expr in plain["decorators"]]
    plain["fields"] = [(name, kind, value) for name, kind, value in plain["fields"]]
    return ClassFacts(**plain, methods=[Method(*method) for method in methods])


def _flat(binding: Binding) -> list[Any]:
    return [binding.line, binding.maybe, binding.kind, binding.payload]
