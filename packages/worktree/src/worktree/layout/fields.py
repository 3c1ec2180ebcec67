"""What a class of a tree holds: its annotations, read as artifacts, folders and items.

The layout of a class is worked out when the class is created, so that a mistake shows up at
once, with the class and the field named. Where a name in an annotation is not defined yet, it
is worked out when the tree is mounted.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from ..errors import LayoutError
from .scopes import Scope, evaluate, raw_annotations, scope_of

Role = Literal["artifact", "item", "layout", "tree"]
Many = Literal["", "dict", "list"]


@dataclass(frozen=True, slots=True)
class Field:
    """One annotation of a tree: what is mounted under which name.

    `many` says that the field is a dict or a list of artifacts; `optional` that it may be None.
    """

    name: str
    type: type[Any]
    role: Role
    source: Any
    many: Many = ""
    optional: bool = False

    @property
    def stored_name(self) -> str:
        """The name in storage: a file for an artifact, a folder for all else."""
        return self.name if self.many or self.role != "artifact" else self.name + self.suffix

    @property
    def coded(self) -> bool:
        """Whether the artifact is read and written by its codec, and not by its own hooks."""
        return hasattr(self.type, "__worktree_codec__") and not self.type.__worktree_hooked__

    @property
    def suffix(self) -> str:
        """How the files of this field's artifacts end."""
        return str(getattr(self.type, "__worktree_suffix__", ""))


@dataclass(slots=True)
class _Pending:
    """Annotations that name what is not defined yet, and where to look."""

    scope: Scope


_LAYOUTS: WeakKeyDictionary[type, tuple[Field, ...]] = WeakKeyDictionary()
_PENDING: WeakKeyDictionary[type, _Pending] = WeakKeyDictionary()


def announce(cls: type) -> None:
    """Work out the layout of a new class, if its names are defined already."""
    scope = scope_of(cls)
    try:
        _LAYOUTS[cls] = _own_fields(cls, scope)
    except NameError:
        _PENDING[cls] = _Pending(scope)
        return
    _check_names(cls, layout_of(cls) if _is_settled(cls) else _LAYOUTS[cls])


def layout_of(cls: type) -> tuple[Field, ...]:
    """The fields of a class in the order of their declaration, those of its bases first."""
    fields: dict[str, Field] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] in {"builtins", "typing"} or _is_ours(base):
            continue
        for field in _settled(base):
            fields[field.name] = field
    return tuple(fields.values())


def _is_ours(cls: type) -> bool:
    return "__worktree_role__" in cls.__dict__


def _is_settled(cls: type) -> bool:
    return not any(base in _PENDING for base in cls.__mro__)


def _settled(cls: type) -> tuple[Field, ...]:
    if cls in _PENDING or cls not in _LAYOUTS:
        pending = _PENDING.get(cls)
        scope = {**(pending.scope if pending else {}), **scope_of(cls)}
        try:
            fields = _own_fields(cls, scope)
        except NameError as error:
            raise LayoutError(
                f"its annotation names {error.name!r}, which is not defined",
                path=f"{cls.__qualname__}.{_culprit(cls, scope)}",
                hint="define or import it where the class is written, then mount again",
            ) from error
        _LAYOUTS[cls] = fields
        _PENDING.pop(cls, None)
        _check_names(cls, fields)
    return _LAYOUTS[cls]


def _culprit(cls: type, scope: Scope) -> str:
    """The first field whose annotation has an undefined name."""
    for name, annotation in raw_annotations(cls).items():
        try:
            evaluate(cls, name, annotation, scope)
        except NameError:
            return name
    return "?"


def _own_fields(cls: type, scope: Scope) -> tuple[Field, ...]:
    fields = []
    for name, annotation in raw_annotations(cls).items():
        if name.startswith("_"):
            continue
        try:
            hint = evaluate(cls, name, annotation, scope)
        except NameError:
            raise
        except Exception as error:  # Evaluating what a person wrote may raise anything.
            raise _unmountable(cls, name, annotation, f"it cannot be evaluated: {error}") from error
        if get_origin(hint) is not ClassVar and hint is not ClassVar:
            fields.append(_field(cls, name, hint))
    return tuple(fields)


def _field(cls: type, name: str, hint: Any) -> Field:
    inner, optional = _without_none(_bare(hint))
    many: Many = ""
    origin, args = get_origin(inner), get_args(inner)
    if origin in {dict, list}:
        many = "dict" if origin is dict else "list"
        if many == "dict" and args[0] is not str:
            raise _unmountable(cls, name, hint, "the keys of a dict of artifacts are str")
        inner = _bare(args[-1])
    role = getattr(inner, "__worktree_role__", None) if isinstance(inner, type) else None
    if role is None:
        raise _unmountable(cls, name, hint, "it is neither an artifact nor a part of a tree")
    field = Field(name, inner, role, hint, many, optional)
    if (optional or many) and (not field.coded or (optional and many)):
        raise _unmountable(
            cls, name, hint, "only artifacts can be optional, or stand in a dict or a list"
        )
    return field


def _bare(hint: Any) -> Any:
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return hint


def _without_none(hint: Any) -> tuple[Any, bool]:
    """`X` and True for `X | None`."""
    if get_origin(hint) in {Union, types.UnionType}:
        others = [arg for arg in get_args(hint) if arg is not type(None)]
        if len(others) == 1 and len(get_args(hint)) == 2:
            return _bare(others[0]), True
    return hint, False


def _unmountable(cls: type, name: str, annotation: object, reason: str) -> LayoutError:
    shown = (
        annotation
        if isinstance(annotation, str)
        else getattr(annotation, "__qualname__", repr(annotation))
    )
    return LayoutError(
        f"{shown} cannot be mounted: {reason}",
        path=f"{cls.__qualname__}.{name}",
        hint="annotate an artifact, a LayoutAnchor or a Worktree, or mark it ClassVar",
    )


def _check_names(cls: type, fields: tuple[Field, ...]) -> None:
    stored: dict[str, Field] = {}
    for field in fields:
        path = f"{cls.__qualname__}.{field.name}"
        if field.name in _reserved(cls):
            raise LayoutError(
                f"{field.name!r} is a method of every {_kind(cls)}",
                path=path,
                hint="give the field another name",
            )
        other = stored.setdefault(field.stored_name, field)
        if other is not field:
            raise LayoutError(
                f"it would be stored as {field.stored_name!r}, like {other.name!r}",
                path=path,
                hint="rename one of them, or give its class another suffix",
            )


def _kind(cls: type) -> str:
    return "Worktree" if getattr(cls, "__worktree_role__", "") == "tree" else "LayoutAnchor"


def _reserved(cls: type) -> set[str]:
    """The public names of the base class, which a field would hide."""
    return {
        name
        for base in cls.__mro__
        if _is_ours(base)
        for name in vars(base)
        if not name.startswith("_")
    }
