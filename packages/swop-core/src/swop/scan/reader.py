"""From a syntax tree to the facts of a module.

Statements are visited with an explicit stack: thousands of `elif` are one deep tree. Only
what a scan can use is kept; the bodies of functions are looked at for local classes, and the
methods of possible handlers for what they construct.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .expr import Expr, dotted, from_ast
from .facts import CLASS, FUNCTION, MODULE, Binding, ClassFacts, Method, ModuleFacts, Scope
from .source import parse

HANDLER_METHODS = ("handle", "__call__", "execute", "run")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPAQUE = "other"
_SIMPLE = (
    ast.Expr, ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Raise, ast.Assert, ast.Pass,
    ast.Import, ast.ImportFrom, ast.Delete, ast.Global, ast.Nonlocal, ast.Break, ast.Continue,
)  # fmt: skip
"""Statements without a body: most of those there are."""


def read_source(data: bytes) -> ModuleFacts:
    """The facts of one source file.

    Raises:
        SourceProblemError: the file is not Python that this interpreter can read.
    """
    return _Reader().read(parse(data))


class _Reader:
    def __init__(self) -> None:
        self.scopes = [Scope(-1, MODULE)]
        self.classes: list[ClassFacts] = []
        # (statement, scope, prefix of qualified names, inside a branch)
        self.todo: list[tuple[ast.stmt, int, str, bool]] = []

    def read(self, tree: ast.Module) -> ModuleFacts:
        self._later(tree.body, 0, "", maybe=False)
        while self.todo:
            self._statement(*self.todo.pop())
        for scope in self.scopes:
            for bindings in scope.names.values():
                bindings.sort(key=lambda binding: binding.line)
        self.classes.sort(key=lambda item: (item.line, item.qualname))
        self._renumber()
        return ModuleFacts(self.scopes, self.classes)

    def _later(self, body: Sequence[ast.stmt], scope: int, prefix: str, *, maybe: bool) -> None:
        self.todo.extend((statement, scope, prefix, maybe) for statement in reversed(body))

    def _statement(self, node: ast.stmt, scope: int, prefix: str, maybe: bool) -> None:  # noqa: FBT001
        match node:
            case ast.ClassDef():
                self._class(node, scope, prefix, maybe=maybe)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, scope, prefix, maybe=maybe)
            case ast.Import(names=names):
                for alias in names:
                    module = alias.name if alias.asname else alias.name.partition(".")[0]
                    name = alias.asname or module
                    self._bind(scope, name, Binding(node.lineno, maybe, "import", [module]))
            case ast.ImportFrom(names=names):
                for alias in names:
                    self._import_from(node, alias, scope, maybe=maybe)
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value, scope, node.lineno, maybe=maybe)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign([target], value, scope, node.lineno, maybe=maybe)
            case _ if not isinstance(node, _SIMPLE):
                self._compound(node, scope, prefix)

    def _compound(self, node: ast.stmt, scope: int, prefix: str) -> None:
        if type(node).__name__ == "TypeAlias":  # Python 3.12: `type Name = …`
            self._assign([node.name], node.value, scope, node.lineno, maybe=False)  # type: ignore[attr-defined]
            return
        for target in _loop_targets(node):
            self._assign([target], None, scope, node.lineno, maybe=True)
        for body in _bodies(node):
            self._later(body, scope, prefix, maybe=True)

    def _bind(self, scope: int, name: str, binding: Binding) -> None:
        self.scopes[scope].names.setdefault(name, []).append(binding)

    def _import_from(
        self, node: ast.ImportFrom, alias: ast.alias, scope: int, *, maybe: bool
    ) -> None:
        if alias.name == "*":
            self.scopes[scope].stars.append([node.level, node.module or ""])
            return
        payload = [node.level, node.module or "", alias.name]
        name = alias.asname or alias.name
        if alias.lineno == alias.end_lineno:  # the prefilter looks for renamings on one line
            self._bind(scope, name, Binding(node.lineno, maybe, "from", payload))
        else:
            self._bind(scope, name, Binding(node.lineno, maybe, _OPAQUE, []))

    def _assign(
        self,
        targets: Sequence[ast.expr],
        value: ast.expr | None,
        scope: int,
        line: int,
        *,
        maybe: bool,
    ) -> None:
        for target in targets:
            if isinstance(target, ast.Name) and value is not None and _on_one_line(target, value):
                binding = Binding(line, maybe, "value", [from_ast(value)])
                self._bind(scope, target.id, binding)
            else:
                for name in _names_in(target):
                    self._bind(scope, name, Binding(line, maybe, _OPAQUE, []))

    def _function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        scope: int,
        prefix: str,
        *,
        maybe: bool,
    ) -> None:
        self._bind(scope, node.name, Binding(node.lineno, maybe, _OPAQUE, []))
        if not _holds_class(node.body):
            return
        inner = self._open(scope, FUNCTION)
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            self._bind(
                inner, argument.arg, Binding(node.lineno, maybe=False, kind=_OPAQUE, payload=[])
            )
        self._later(node.body, inner, f"{prefix}{node.name}.<locals>.", maybe=False)

    def _open(self, parent: int, kind: str) -> int:
        self.scopes.append(Scope(parent, kind))
        return len(self.scopes) - 1

    def _class(self, node: ast.ClassDef, scope: int, prefix: str, *, maybe: bool) -> None:
        body = self._open(scope, CLASS)
        qualname = prefix + node.name
        methods = [item for item in node.body if isinstance(item, _FUNCTIONS)]
        facts = ClassFacts(
            name=node.name,
            qualname=qualname,
            line=node.lineno,
            scope=scope,
            body=body,
            decorators=[(item.lineno, from_ast(item)) for item in node.decorator_list],
            bases=[from_ast(item) for item in node.bases if not isinstance(item, ast.Starred)],
            keywords={word.arg: from_ast(word.value) for word in node.keywords if word.arg},
            generic=bool(getattr(node, "type_params", None)),
            abstract=any(_is_abstract(item) for item in methods),
            fields=list(_fields(node.body)),
            methods=[_method(item) for item in methods],
            calls=_calls(node, methods),
        )
        self._bind(scope, node.name, Binding(node.lineno, maybe, "class", [len(self.classes)]))
        self.classes.append(facts)
        self._later(node.body, body, qualname + ".", maybe=False)

    def _renumber(self) -> None:
        """Let class bindings point into the sorted list: bodies were visited out of order."""
        order = {item.body: index for index, item in enumerate(self.classes)}
        bodies = [scope for scope, item in enumerate(self.scopes) if item.kind == CLASS]
        for scope in self.scopes:
            for bindings in scope.names.values():
                for binding in bindings:
                    if binding.kind == "class":
                        binding.payload = [order[bodies[binding.payload[0]]]]


def _bodies(node: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, ())
    for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield branch.body


def _loop_targets(node: ast.stmt) -> Iterator[ast.expr]:
    match node:
        case ast.For(target=target) | ast.AsyncFor(target=target):
            yield target
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from (item.optional_vars for item in items if item.optional_vars)


def _on_one_line(target: ast.Name, value: ast.expr) -> bool:
    """Whether a value that gives something another name does so where the prefilter looks."""
    while isinstance(value, ast.Call | ast.Subscript):
        value = value.func if isinstance(value, ast.Call) else value.value
    if not isinstance(value, ast.Name | ast.Attribute):
        return True  # a constant, a list: no other name for anything
    return value.end_lineno == target.lineno


def _names_in(target: ast.expr) -> list[str]:
    if not isinstance(target, ast.Name | ast.Tuple | ast.List | ast.Starred):
        return []  # an attribute or an item binds no name
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def _holds_class(body: Sequence[ast.stmt]) -> bool:
    todo = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.ClassDef):
            return True
        if not isinstance(node, _SIMPLE):
            for inner in _bodies(node):
                todo.extend(inner)
    return False


def _fields(body: Sequence[ast.stmt]) -> Iterator[tuple[str, Expr | None, Expr | None]]:
    for node in body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                yield name, annotation_from_ast(annotation), from_ast(value) if value else None
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, None, from_ast(value)


def _method(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Method:
    plain = [*node.args.posonlyargs, *node.args.args]
    static = any(
        isinstance(item, ast.Name) and item.id == "staticmethod" for item in node.decorator_list
    )
    first = plain[0 if static else 1 :][:1]
    annotation = first[0].annotation if first else None
    return Method(
        node.name,
        node.lineno,
        annotation_from_ast(annotation) if annotation else None,
        annotation_from_ast(node.returns) if node.returns else None,
    )


def _is_abstract(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = (dotted(from_ast(item)) or "" for item in node.decorator_list)
    return any(name.rpartition(".")[2].startswith("abstract") for name in names)


def _calls(
    node: ast.ClassDef, methods: Sequence[ast.FunctionDef | ast.AsyncFunctionDef]
) -> list[str]:
    """What the methods of a possible handler call by name: the events it may construct."""
    likely = (
        node.name.endswith("Handler")
        or any(method.name in HANDLER_METHODS for method in methods)
        or any(_may_mark(item) for item in node.decorator_list)
    )
    return sorted({name for method in methods for name in _called_in(method)}) if likely else []


def _may_mark(decorator: ast.expr) -> bool:
    """Whether a decorator may say that a class is a handler: not the known others."""
    head = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = head.attr if isinstance(head, ast.Attribute) else getattr(head, "id", "")
    return name not in {"dataclass", "define", "frozen", "s", "attrs"}


def _called_in(method: ast.AST) -> Iterator[str]:
    todo: list[ast.AST] = [method]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call) and (name := _called(node.func)):
            yield name
        for value in vars(node).values():
            kind = type(value)
            if kind is list:
                todo += [item for item in value if isinstance(item, ast.AST)]
            elif kind not in _LEAVES and isinstance(value, ast.AST):
                todo.append(value)


_LEAVES = frozenset({int, str, type(None), ast.Load, ast.Store, ast.Name, ast.Constant})


def _called(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id in {"self", "cls"}:
        return None
    return ".".join([node.id, *reversed(parts)])


def annotation_from_ast(node: ast.expr) -> Expr:
    """An annotation, with forward references written as text turned into expressions."""
    try:
        return _unquoted(from_ast(node))
    except RecursionError:
        return ["?", "…"]


def _unquoted(expr: Expr) -> Expr:
    match expr:
        case ["k", str(text)]:
            return _forward(text)
        case ["s", value, items]:
            name = dotted(value) or ""
            if name.endswith("Literal"):
                return expr
            if name.endswith("Annotated"):
                return ["s", value, [*map(_unquoted, items[:1]), *items[1:]]]
            return ["s", value, [_unquoted(item) for item in items]]
        case ["o", operator, left, right]:
            return ["o", operator, _unquoted(left), _unquoted(right)]
        case ["l", "[" | "(" as opening, items]:
            return ["l", opening, [_unquoted(item) for item in items]]
    return expr


def _forward(text: str) -> Expr:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ["?", text]
    inner = from_ast(node)
    return inner if inner[0] == "k" else _unquoted(inner)
