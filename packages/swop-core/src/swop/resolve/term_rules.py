"""Which rule a change of a type falls under."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..contract.terms import ListOf, LiteralOf, MapOf, Named, OneOf, Scalar, Term, TupleOf

_WIDER = frozenset(
    {
        (Scalar.BOOL, Scalar.INT),
        (Scalar.BOOL, Scalar.FLOAT),
        (Scalar.INT, Scalar.FLOAT),
        (Scalar.INT, Scalar.DECIMAL),
        (Scalar.FLOAT, Scalar.DECIMAL),
    }
)


@dataclass(frozen=True, slots=True)
class TermRules:
    """Compares terms of two versions; `renamed` gives the new name of a class that has one."""

    renamed: Callable[[str], str]
    is_enum: Callable[[str], bool]

    def rule(self, old: Term, new: Term) -> str | None:
        """The rule of a change, None where nothing changed."""
        if self._same(old, new):
            return None
        for find in (self._lists, self._maps, self._unions, self._literals, self._names):
            rule = find(old, new)
            if rule is not None:
                return rule
        if isinstance(old, Scalar) and isinstance(new, Scalar):
            return _scalars(old, new)
        if isinstance(old, TupleOf) and isinstance(new, TupleOf):
            return "FIELD_TUPLE_CHANGED"
        if new is Scalar.ANY or old is Scalar.ANY:
            return "FIELD_TYPE_WIDENED" if new is Scalar.ANY else "FIELD_TYPE_NARROWED"
        return "FIELD_TYPE_CHANGED"

    def _same(self, old: Term, new: Term) -> bool:
        if old == new:
            return True
        match old, new:
            case Named(before), Named(after):
                return self.renamed(before) == after
            case ListOf(a, unique), ListOf(b, also):
                return unique == also and self._same(a, b)
            case MapOf(k, v), MapOf(key, value):
                return self._same(k, key) and self._same(v, value)
            case (TupleOf(a), TupleOf(b)) | (OneOf(a), OneOf(b)):
                return len(a) == len(b) and all(map(self._same, a, b))
        return False

    def _lists(self, old: Term, new: Term) -> str | None:
        match old, new:
            case ListOf(a), ListOf(b) if not self._same(a, b):
                return "FIELD_ITEM_TYPE_CHANGED"
            case ListOf(), ListOf(_, unique):
                return "FIELD_UNIQUENESS_ADDED" if unique else "FIELD_UNIQUENESS_DROPPED"
            case _, ListOf(item) if self._same(old, item):
                return "FIELD_BECAME_LIST"
            case ListOf(item), _ if self._same(item, new):
                return "FIELD_BECAME_SINGLE"
        return None

    def _maps(self, old: Term, new: Term) -> str | None:
        match old, new:
            case MapOf(a, _), MapOf(b, _) if not self._same(a, b):
                return "FIELD_KEY_TYPE_CHANGED"
            case MapOf(), MapOf():
                return "FIELD_VALUE_TYPE_CHANGED"
        return None

    def _unions(self, old: Term, new: Term) -> str | None:
        if not isinstance(old, OneOf) and not isinstance(new, OneOf):
            return None
        before = old.members if isinstance(old, OneOf) else (old,)
        after = new.members if isinstance(new, OneOf) else (new,)
        gone = [item for item in before if not any(self._same(item, b) for b in after)]
        came = [item for item in after if not any(self._same(b, item) for b in before)]
        if gone and came:
            return "FIELD_TYPE_CHANGED"
        if not isinstance(old, OneOf) or not isinstance(new, OneOf):
            return "FIELD_TYPE_WIDENED" if came else "FIELD_TYPE_NARROWED"
        if gone or came:
            return "UNION_MEMBER_REMOVED" if gone else "UNION_MEMBER_ADDED"
        return None  # the order of a union means nothing

    def _literals(self, old: Term, new: Term) -> str | None:
        match old, new:
            case LiteralOf(before), LiteralOf(after):
                gone = set(before) - set(after)
                return "LITERAL_VALUE_REMOVED" if gone else "LITERAL_VALUE_ADDED"
            case LiteralOf(), Scalar():
                return "FIELD_TYPE_WIDENED"
            case Scalar(), LiteralOf():
                return "FIELD_TYPE_NARROWED"
        return None

    def _names(self, old: Term, new: Term) -> str | None:
        match old, new:
            case Named(), Named():
                return "FIELD_REFERENCE_CHANGED"
            case Named(name), Scalar() if self.is_enum(name):
                return "FIELD_ENUM_BECAME_TEXT" if new.is_text else "FIELD_TYPE_CHANGED"
            case Scalar(), Named(name) if self.is_enum(name):
                return "FIELD_TEXT_BECAME_ENUM" if old.is_text else "FIELD_TYPE_CHANGED"
        return None


def _scalars(old: Scalar, new: Scalar) -> str:
    if old.is_text and new.is_text:
        return "FIELD_FORMAT_LOOSENED" if new is Scalar.STRING else "FIELD_FORMAT_TIGHTENED"
    if (old, new) == (Scalar.DECIMAL, Scalar.FLOAT):
        return "FIELD_PRECISION_LOST"
    if (old, new) in _WIDER or new is Scalar.ANY:
        return "FIELD_TYPE_WIDENED"
    if (new, old) in _WIDER or old is Scalar.ANY:
        return "FIELD_TYPE_NARROWED"
    return "FIELD_TYPE_CHANGED"
