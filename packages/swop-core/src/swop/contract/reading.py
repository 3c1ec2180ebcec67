"""From the text of a type to a term. What cannot be expressed is said, never passed over."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from .terms import ListOf, LiteralOf, MapOf, Maybe, Named, OneOf, Scalar, Term, TupleOf

_MAX_DEPTH = 32

_SCALARS: dict[Scalar, tuple[str, ...]] = {
    Scalar.BOOL: ("bool", "StrictBool"),
    Scalar.INT: (
        *("int", "StrictInt", "PositiveInt", "NonNegativeInt", "NegativeInt", "NonPositiveInt"),
        "ByteSize",
    ),
    Scalar.FLOAT: (
        *("float", "StrictFloat", "PositiveFloat", "NonNegativeFloat", "NegativeFloat"),
        *("NonPositiveFloat", "FiniteFloat"),
    ),
    Scalar.STRING: (
        *("str", "StrictStr", "LiteralString", "AnyStr", "EmailStr", "NameEmail", "SecretStr"),
        *("AnyUrl", "AnyHttpUrl", "HttpUrl", "FileUrl", "Path", "PurePath", "PosixPath"),
        *("FilePath", "DirectoryPath", "NewPath", "IPv4Address", "IPv6Address", "IPvAnyAddress"),
    ),
    Scalar.BYTES: ("bytes", "bytearray", "StrictBytes", "SecretBytes", "memoryview"),
    Scalar.TIMESTAMP: (
        *("datetime", "AwareDatetime", "NaiveDatetime", "PastDatetime", "FutureDatetime"),
    ),
    Scalar.DURATION: ("timedelta",),
    Scalar.DECIMAL: ("Decimal",),
    Scalar.UUID: ("UUID", "UUID1", "UUID3", "UUID4", "UUID5", "UUID6", "UUID7", "UUID8"),
    Scalar.DATE: ("date", "PastDate", "FutureDate"),
    Scalar.TIME: ("time",),
    Scalar.ANY: ("Any", "object", "JsonValue"),
}
_SCALAR_OF = {name: scalar for scalar, names in _SCALARS.items() for name in names}
_LISTS = frozenset(
    {"list", "List", "Sequence", "MutableSequence", "Iterable", "Iterator", "Collection"}
    | {"deque", "Deque", "conlist"}
)
_SETS = frozenset({"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet", "KeysView"})
_MAPS = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "DefaultDict"}
    | {"Counter"}
)
_TUPLES = frozenset({"tuple", "Tuple"})
_UNWRAPPED = frozenset(
    {"Annotated", "Final", "Required", "NotRequired", "ReadOnly", "InitVar", "Secret", "Json"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A term, and what of the written type it does not express."""

    term: Term
    problems: tuple[str, ...] = ()


def read_type(text: str, described: Collection[str] = ()) -> Reading:
    """Read the canonical text of a type; `described` are the classes that the contract knows.

    What cannot be expressed becomes text, and a problem says so.
    """
    return _read(text, frozenset(described))


@lru_cache(maxsize=65_536)
def _read(text: str, described: frozenset[str]) -> Reading:
    reader = _TypeReader(described)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Reading(Scalar.STRING, (f"the type {text[:80]!r} is no type: it became text",))
    return Reading(reader.term(tree, 0), tuple(dict.fromkeys(reader.problems)))


@dataclass(slots=True)
class _TypeReader:
    described: frozenset[str]
    problems: list[str] = field(default_factory=list)

    def term(self, node: ast.expr, depth: int) -> Term:
        if depth > _MAX_DEPTH:
            return self._inexpressible(node, "is nested too deeply")
        match node:
            case ast.Constant(value=None):
                return self._inexpressible(node, "can only be None")
            case ast.Constant(value=str(text)):
                reading = _read(text, self.described)
                self.problems += reading.problems
                return reading.term
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.BinOp(op=ast.BitOr()):
                return self._union(_alternatives(node), depth)
            case ast.Subscript(value=head, slice=index):
                items = list(index.elts) if isinstance(index, ast.Tuple) else [index]
                return self._subscript(node, ast.unparse(head), items, depth + 1)
        return self._inexpressible(node, "is no type that a contract can express")

    def _named(self, node: ast.expr) -> Term:
        name = ast.unparse(node)
        if name in self.described:
            return Named(name)
        last = name.rpartition(".")[2]
        if last in _SCALAR_OF:
            return _SCALAR_OF[last]
        if last in _LISTS | _SETS | _TUPLES:
            self.problems.append(f"{name} does not say of what: its items became Any")
            return ListOf(Scalar.ANY, unique=last in _SETS)
        if last in _MAPS:
            self.problems.append(f"{name} does not say of what: it became dict[str, Any]")
            return MapOf(Scalar.STRING, Scalar.ANY)
        return self._inexpressible(node, "is not described in the project")

    def _subscript(self, node: ast.expr, name: str, items: list[ast.expr], depth: int) -> Term:
        last = name.rpartition(".")[2]
        if last == "Literal":
            return self._literal(node, items)
        if last == "Optional":
            return maybe(self.term(items[0], depth))
        if last == "Union":
            return self._union(items, depth)
        if last in _UNWRAPPED:
            return self.term(items[0], depth)
        if last in _SETS or last in _LISTS:
            return ListOf(self.term(items[0], depth), unique=last in _SETS)
        if last in _TUPLES:
            return self._tuple(items, depth)
        if last in _MAPS:
            return self._map(last, items, depth)
        if last in {"type", "Type"}:
            return self._inexpressible(node, "is a class, not a value")
        return self._generic(node, name)

    def _generic(self, node: ast.expr, name: str) -> Term:
        if name in self.described:
            self.problems.append(f"{ast.unparse(node)}: what stands in brackets is not followed")
            return Named(name)
        return self._inexpressible(node, "is not described in the project")

    def _map(self, last: str, items: list[ast.expr], depth: int) -> Term:
        key = self.term(items[0], depth)
        if last == "Counter":
            return MapOf(key, Scalar.INT)
        if len(items) < 2:
            self.problems.append(f"{last} does not say of what: its values became Any")
            return MapOf(key, Scalar.ANY)
        return MapOf(key, self.term(items[1], depth))

    def _tuple(self, items: list[ast.expr], depth: int) -> Term:
        if len(items) == 2 and isinstance(items[1], ast.Constant) and items[1].value is Ellipsis:
            return ListOf(self.term(items[0], depth))
        if len(items) == 1 and isinstance(items[0], ast.Tuple):
            return TupleOf(())
        return TupleOf(tuple(self.term(item, depth) for item in items))

    def _union(self, nodes: Sequence[ast.expr], depth: int) -> Term:
        kept = [node for node in nodes if not _is_none(node)]
        nullable = len(kept) != len(nodes)
        if not kept:
            return self._inexpressible(ast.Constant(None), "can only be None")
        members: dict[Term, None] = {}
        for node in kept:
            term = self.term(node, depth + 1)
            if isinstance(term, Maybe):
                nullable, term = True, term.inner
            inner = term.members if isinstance(term, OneOf) else (term,)
            members.update(dict.fromkeys(inner))
        term = next(iter(members)) if len(members) == 1 else OneOf(tuple(members))
        return maybe(term) if nullable else term

    def _literal(self, node: ast.expr, items: list[ast.expr]) -> Term:
        values: dict[str | int | bool, None] = {}
        nullable = False
        for item in items:
            value = _constant(item)
            if value is None and _is_none(item):
                nullable = True
            elif value is None:
                name = ast.unparse(item)
                values[name.rpartition(".")[2]] = None
            else:
                values[value] = None
        if not values:
            return self._inexpressible(node, "can only be None")
        term = LiteralOf(tuple(values))
        return maybe(term) if nullable else term

    def _inexpressible(self, node: ast.expr, why: str) -> Term:
        shown = ast.unparse(node)
        shown = shown if len(shown) <= 80 else f"{shown[:79]}…"
        self.problems.append(f"{shown} {why}: it became text")
        return Scalar.STRING


def maybe(term: Term) -> Term:
    """The term or None; None once is enough."""
    return term if isinstance(term, Maybe) else Maybe(term)


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """`a | b | c`, without recursion: a union may be long."""
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def _is_none(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "NoneType"
    return isinstance(node, ast.Constant) and node.value is None


def _constant(node: ast.expr) -> str | int | bool | None:
    match node:
        case ast.Constant(value=str() | int() as value):
            return value
        case ast.Constant(value=bytes() as data):
            return data.decode("latin-1")
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
    return None
