"""What one file's classes are, before handlers meet their targets.

A draft depends on the files it was resolved through and on nothing else, so that an
incremental scan drafts again only what a change can touch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..contract import FieldDef, NestedType, Response
from .ancestry import MAX_ANCESTORS, Ancestry
from .annotations import TypeNames
from .constants import constant_text, reference_name
from .expr import Expr, last_name, name_expr, text_of
from .facts import ClassFacts
from .fields import FieldReader
from .marks import Mark, MarkReader
from .reader import HANDLER_METHODS
from .resolve import ChainTooLongError, ClassRef, External, Place, Value
from .vocabulary import (
    BASE_KINDS,
    CONFIDENCE_BASE,
    CONFIDENCE_BOTH,
    CONFIDENCE_SUFFIX,
    DetectionKind,
    DetectionVia,
    suffix_kind,
)

_ABSTRACT = frozenset({"ABC", "Protocol"})


@dataclass(slots=True)
class Draft:
    """A class that is an artifact. `context` is what its decorator says, if it says so."""

    ref: ClassRef
    kind: DetectionKind
    via: DetectionVia
    confidence: float
    reason: str
    facts: ClassFacts
    context: str | None = None
    handles: str | None = None
    target: ClassRef | None = None
    emits: list[str] = field(default_factory=list)
    constructs: list[ClassRef] = field(default_factory=list)
    method: str | None = None
    fields: list[FieldDef] = field(default_factory=list)
    types: list[NestedType] = field(default_factory=list)
    response: Response | None = None
    response_types: list[NestedType] = field(default_factory=list)


class Drafts(NamedTuple):
    """The drafts of one file, what is wrong with them, and the files they depend on."""

    drafts: list[Draft]
    errors: list[str]
    warnings: list[str]
    depends: frozenset[str]


class Drafter:
    """Looks at the classes of one file after another.

    `carriers` are the names that can lead on to a known base (see `growth`); without them
    every base is followed.
    """

    def __init__(self, ancestry: Ancestry) -> None:
        self.resolver = resolver = ancestry.resolver
        self.ancestry = ancestry
        self.marks = MarkReader(resolver)
        self.fields = FieldReader(resolver, ancestry)
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.carriers: frozenset[str] | None = None

    def draft(self, rel: str) -> Drafts:
        """The drafts of a file."""
        self.resolver.touched, self.errors, self.warnings = set(), [], []
        facts = self.resolver.facts(rel)
        found = (self._class(ClassRef(rel, i)) for i in range(len(facts.classes) if facts else 0))
        drafts = [draft for draft in found if draft is not None]
        return Drafts(drafts, self.errors, self.warnings, frozenset(self.resolver.touched))

    def _class(self, ref: ClassRef) -> Draft | None:
        facts = self.resolver.class_facts(ref)
        try:
            draft = self._decorated(ref, facts) or self._likely(ref, facts)
            if draft is None:
                return None
            if draft.kind == "handler":
                return (
                    self._handler(draft)
                    if draft.via == "decorator" or not self._generic(draft)
                    else None
                )
            names = TypeNames(self.resolver, ref)
            draft.fields = list(self.fields.fields(ref, names))
            draft.types = list(self.fields.nested(names))
        except ChainTooLongError:
            self._error(
                ref, facts.line, f"a name that {facts.name} uses leads through too many others"
            )
            return None
        return draft

    # ── what a class is ──────────────────────────────────────────────────────────────

    def _decorated(self, ref: ClassRef, facts: ClassFacts) -> Draft | None:
        mark = self.marks.first(ref)
        if mark is None:
            return None
        draft = Draft(ref, mark.kind, "decorator", 1.0, f"@{mark.kind}", facts)
        if not self._say_context(draft, mark):
            return None
        draft.emits = self._emits(mark, ref)
        if mark.kind == "handler":
            self._say_target(draft, mark)
        return draft

    def _say_context(self, draft: Draft, mark: Mark) -> bool:
        """Take the context from the decorator; False when it cannot be a context at all."""
        from ..names import path_segment_problem

        given = mark.argument("context", None if mark.kind == "handler" else 0)
        if given is None or given[0] == ["k", None]:
            return True
        text = constant_text(*given, self.resolver)
        if text is None:
            self._warn(
                draft.ref,
                mark.line,
                f"the context {text_of(given[0])} of {draft.facts.name} is no constant: "
                "its folder decides instead",
            )
            return True
        problem = path_segment_problem(text)
        if problem:
            self._error(
                draft.ref, mark.line, f"the context {text!r} of {draft.facts.name} {problem}"
            )
            return False
        draft.context = text
        return True

    def _emits(self, mark: Mark, ref: ClassRef) -> list[str]:
        given = mark.argument("emits", None)
        if given is None:
            return []
        expr, place = given
        if expr[0] in "na":
            values = [t for t in self.resolver.follow(expr, place) if isinstance(t, Value)]
            expr, place = (values[0].expr, values[0].place) if values else (expr, place)
        items: list[Expr] = expr[2] if expr[0] == "l" else []
        names = [reference_name(item, place, self.resolver) for item in items]
        if expr != ["k", None] and (expr[0] != "l" or None in names):
            self._warn(ref, mark.line, f"emits={text_of(expr)} is no list of classes or names")
        return sorted({name for name in names if name})

    def _say_target(self, draft: Draft, mark: Mark) -> None:
        given = mark.argument("target", 0)
        if given is None:
            self._warn(draft.ref, mark.line, f"@handler of {draft.facts.name} names no target")
            return
        self._aim(draft, *given)

    def _aim(self, draft: Draft, expr: Expr, place: Place) -> None:
        text = constant_text(expr, place, self.resolver)
        if text is not None:  # a name in quotes means what the finished module means by it
            expr, place = name_expr(text), place._replace(line=0)
        for target in self.resolver.follow(expr, place) if expr[0] in "na" else []:
            if isinstance(target, ClassRef):
                draft.target = target
                draft.handles = self.resolver.class_facts(target).name
                return
        draft.handles = text or reference_name(expr, place, self.resolver)

    def _likely(self, ref: ClassRef, facts: ClassFacts) -> Draft | None:
        suffix = suffix_kind(facts.name)
        if suffix is None and not self._may_descend(facts):
            return None
        lineage = self.ancestry.lineage(ref)
        kind = lineage.kind or suffix
        if lineage.overlong and kind:
            self._overlong(ref, facts)
        if (
            kind is None
            or facts.name in BASE_KINDS
            or lineage.foreign
            or self._abstract(ref, facts)
        ):
            return None
        base = f"base {self._base_name(ref)!r}" if lineage.kind else ""
        ending = f"name suffix {suffix!r}" if suffix == kind else ""
        confidence = CONFIDENCE_BOTH if base and ending else CONFIDENCE_BASE
        if not base:
            confidence = CONFIDENCE_SUFFIX
        reason = ", ".join(part for part in (ending, base) if part)
        return Draft(ref, kind, "heuristic", confidence, reason, facts)

    def _may_descend(self, facts: ClassFacts) -> bool:
        """Whether a base can give a class its kind: only a name that leads on can."""
        if self.carriers is None:
            return bool(facts.bases)
        return any(last_name(base) in self.carriers for base in facts.bases)

    def _base_name(self, ref: ClassRef) -> str:
        """The base through which a class has its kind, as it is written there."""
        bases = self.ancestry.bases(ref)
        for base, targets in bases.meanings:
            name = last_name(base)
            inherits = any(
                self.ancestry.lineage(target).kind
                for target in targets
                if isinstance(target, ClassRef)
            )
            if name and (name in BASE_KINDS or inherits):
                return name
        return next((last_name(base) or "" for base, _ in bases.meanings), "")

    def _abstract(self, ref: ClassRef, facts: ClassFacts) -> bool:
        if facts.abstract:
            return True
        targets = (t for _, found in self.ancestry.bases(ref).meanings for t in found)
        return any(
            isinstance(target, External) and target.name.rpartition(".")[2] in _ABSTRACT
            for target in targets
        )

    def _overlong(self, ref: ClassRef, facts: ClassFacts) -> None:
        parents = self.ancestry.bases(ref).parents
        if not any(self.ancestry.lineage(parent).overlong for parent in parents):
            self._error(
                ref,
                facts.line,
                f"{facts.name} has more than {MAX_ANCESTORS} ancestors: those above are left out",
            )

    # ── handlers ─────────────────────────────────────────────────────────────────────

    def _generic(self, draft: Draft) -> bool:
        """Whether a likely handler is itself a base for handlers: `class Base(Handler[T])`."""
        if draft.facts.generic:
            return True
        place = Place(draft.ref.rel, draft.facts.scope, draft.facts.line)
        items = [item for base in draft.facts.bases if base[0] == "s" for item in base[2]]
        return any(self._is_type_variable(item, place) for item in items)

    def _is_type_variable(self, expr: Expr, place: Place) -> bool:
        if expr[0] not in "na":
            return False
        values = (t for t in self.resolver.follow(expr, place) if isinstance(t, Value))
        return any(
            value.expr[0] == "c" and last_name(value.expr) in {"TypeVar", "ParamSpec"}
            for value in values
        )

    def _handler(self, draft: Draft) -> Draft:
        classes = self.ancestry.lineage(draft.ref).classes
        method = next((found for ref in classes if (found := self._method(ref))), None)
        if draft.handles is None:
            self._find_target(draft, classes)
        if method is not None:
            ref, draft.method, first, answer = method
            place = Place(ref.rel, self.resolver.class_facts(ref).body)
            if draft.handles is None and first is not None and first[0] in "na":
                self._aim(draft, first, place)
            if answer is not None:
                self._say_response(draft, answer, place)
        draft.constructs = self._constructed(draft)
        return draft

    def _method(self, ref: ClassRef) -> tuple[ClassRef, str, Expr | None, Expr | None] | None:
        methods = {item.name: item for item in self.resolver.class_facts(ref).methods}
        public = [name for name in methods if not name.startswith("_")]
        wanted = [name for name in HANDLER_METHODS if name in methods]
        chosen = wanted or (public if len(public) == 1 else [])
        if not chosen:
            return None
        method = methods[chosen[0]]
        return ref, method.name, method.first, method.answer

    def _find_target(self, draft: Draft, classes: tuple[ClassRef, ...]) -> None:
        """The first argument of a generic handler base: `IssueInvoice` of `Handler[…, int]`."""
        for ref in classes:
            facts = self.resolver.class_facts(ref)
            place = Place(ref.rel, facts.scope, facts.line)
            for base, targets in self.ancestry.bases(ref).meanings:
                if base[0] != "s" or not base[2] or not self._is_handler_base(base, targets):
                    continue
                argument = base[2][0]
                if argument[0] == "k" or not self._is_type_variable(argument, place):
                    self._aim(draft, argument, place)
                    return

    def _is_handler_base(self, base: Expr, targets: tuple[object, ...]) -> bool:
        if BASE_KINDS.get(last_name(base) or "") == "handler":
            return True
        return any(
            self.ancestry.lineage(target).kind == "handler"
            or BASE_KINDS.get(self.resolver.class_facts(target).name) == "handler"
            if isinstance(target, ClassRef)
            else isinstance(target, External)
            and BASE_KINDS.get(target.name.rpartition(".")[2]) == "handler"
            for target in targets
        )

    def _say_response(self, draft: Draft, answer: Expr, place: Place) -> None:
        if answer == ["k", None]:
            return
        names = TypeNames(self.resolver, draft.target)
        if draft.target is not None:  # names as the target's own description uses them
            self.fields.fields(draft.target, names)
            self.fields.nested(names)
        names.asked.clear()
        text = self.fields.annotations.text(answer, place, names)
        answered = names.asked[:1]
        fields = self.fields.fields(answered[0], names) if answered else ()
        draft.response = Response(text, fields)
        draft.response_types = list(self.fields.nested(names))

    def _constructed(self, draft: Draft) -> list[ClassRef]:
        place = Place(draft.ref.rel, draft.facts.scope)
        found: dict[ClassRef, None] = {}
        for call in draft.facts.calls:
            expr = name_expr(call)
            while expr[0] in "na":
                refs = [t for t in self.resolver.follow(expr, place) if isinstance(t, ClassRef)]
                found.update(dict.fromkeys(refs))
                if refs or expr[0] == "n":
                    break
                expr = expr[1]
        return list(found)

    # ── remarks ──────────────────────────────────────────────────────────────────────

    def _error(self, ref: ClassRef, line: int, message: str) -> None:
        self.errors.append(f"{ref.rel}:{line}: {message}")

    def _warn(self, ref: ClassRef, line: int, message: str) -> None:
        self.warnings.append(f"{ref.rel}:{line}: {message}")
