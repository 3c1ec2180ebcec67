"""Artifacts that are pydantic models, kept as JSON, YAML or TOML."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticUndefined

from ..construction import refuse_unknown
from ..decorators import unreachable_worktree_action
from ..errors import LayoutError, MissingInitialStateError
from ..items import Artifact, bind
from ..mounting.accessible import AgnosticCollection, Collection, Object
from ..mounting.claim import Claim, ObjectClaim
from ..names import check_name
from .document import DocumentCodec, aliases_are_clear, has_aliases
from .formats import JsonFormat, TomlFormat, YamlFormat
from .lossless import refuse_lossy
from .resolving import resolve

_OBJECTS_ONLY = "PydanticArtifact only claims objects, not collections"
_CONSTRUCTOR = {"item_name", "mounted_at", "initial_states"}
_HOOKS = (
    "ownership_claims",
    "initialize_object",
    "validate_object",
    "commit_object",
    "initialize_collection",
    "validate_collection",
    "commit_collection",
)


if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)


class _ArtifactMeta(ModelMetaclass):
    """Lets a field have the name of a method of ours: `commit: str` is data, not a mistake."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: Any, **more: Any) -> Any:
        with _without_shadow_warnings():
            cls: Any = super().__new__(mcs, name, bases, namespace, **more)
            if _forget_methods_as_defaults(cls):
                cls.model_rebuild(force=True)
            resolve(cls)
        return cls


@contextmanager
def _without_shadow_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r'Field name ".*" in ".*" shadows', UserWarning)
        yield


def _forget_methods_as_defaults(cls: type[BaseModel]) -> bool:
    """Pydantic takes a method of the same name for the field's default; undo that."""
    forgotten = False
    for name, info in cls.model_fields.items():
        ours = getattr(Artifact, name, None) or getattr(cls.__mro__[1], name, None)
        if callable(ours) and info.default is ours:
            info.default = PydanticUndefined
            forgotten = True
    return forgotten


class PydanticArtifact(BaseModel, Artifact[Any], metaclass=_ArtifactMeta):
    """A pydantic model, stored as compact ASCII JSON in `<field>.json`.

    A subclass may choose another ending: `class Settings(PydanticArtifact, suffix=".conf")`.
    """

    __slots__ = ("_initial_states", "_item_name", "_mounted_at", "_session")
    __worktree_codec__: ClassVar[DocumentCodec] = DocumentCodec(JsonFormat())
    __worktree_suffix__: ClassVar[str] = JsonFormat.suffix
    __worktree_hooked__: ClassVar[bool] = False
    __worktree_aliases__: ClassVar[bool] = True
    __worktree_has_aliases__: ClassVar[bool] = False

    model_config = ConfigDict(ser_json_inf_nan="strings")

    def __init__(
        self,
        item_name: str = "",
        mounted_at: AgnosticCollection | None = None,
        initial_states: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if initial_states is None and not item_name:
            super().__init__(**kwargs)
        else:
            self._construct({**_checked(type(self), initial_states), **kwargs})
        bind(self, item_name, mounted_at, initial_states)

    # Pydantic must not call our constructor when it validates what is stored.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __init_subclass__(cls, suffix: str | None = None, **more: Any) -> None:
        super().__init_subclass__(**more)
        if suffix is not None:
            cls.__worktree_suffix__ = _checked_suffix(cls, suffix)

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Refuse, while the class is created, what could not be stored."""
        more.pop("suffix", None)
        super().__pydantic_init_subclass__(**more)
        taken = _CONSTRUCTOR.intersection(cls.model_fields)
        if taken:
            raise LayoutError(
                "this name belongs to the constructor of every artifact",
                path=f"{cls.__qualname__}.{min(taken)}",
                hint="give the field another name",
            )
        cls._look_at_fields()
        cls.__worktree_hooked__ = any(
            vars(base).get(hook) is not None
            for base in cls.__mro__
            if issubclass(base, PydanticArtifact) and base.__module__ != __name__
            for hook in _HOOKS
            if hook not in cls.model_fields
        )

    @classmethod
    def model_rebuild(cls, **options: Any) -> bool | None:
        """Pydantic's own; what was not defined when the class was created is looked at, too."""
        frames = options.pop("_parent_namespace_depth", 2) + 1
        rebuilt = super().model_rebuild(_parent_namespace_depth=frames, **options)
        if cls.__pydantic_complete__:
            cls._look_at_fields()
        return rebuilt

    @classmethod
    def _look_at_fields(cls) -> None:
        refuse_lossy(cls)
        cls.__worktree_aliases__ = aliases_are_clear(cls)
        cls.__worktree_has_aliases__ = has_aliases(cls)

    def _construct(self, values: dict[str, Any]) -> None:
        try:
            self.__pydantic_validator__.validate_python(
                values,
                self_instance=self,
                by_alias=type(self).__worktree_aliases__,
                by_name=True,
            )
        except ValidationError as error:
            missing = [
                ".".join(map(str, found["loc"]))
                for found in error.errors(include_url=False)
                if found["type"] == "missing"
            ]
            if not missing:
                raise
            raise MissingInitialStateError(
                missing[0], f"Missing required fields: {', '.join(missing)}"
            ) from error

    @property
    def artifact_mount_path(self) -> str:
        """The name of the object that this artifact is stored in, relative to its mount."""
        return stored_name(self)

    def value(self) -> Self:
        """The model itself."""
        return self

    def ownership_claims(self) -> list[Claim]:
        """The object that this artifact is stored in."""
        return [ObjectClaim(path=Path(stored_name(self)))]

    def initialize_object(self, path: Path, obj: Object) -> None:
        """Nothing to set up: a new artifact has its initial state."""

    def validate_object(self, path: Path, obj: Object) -> None:
        """Take the value from storage."""
        del path
        codec = self.__worktree_codec__
        codec.adopt(self, codec.decode(type(self), obj.read_binary()))

    def commit_object(self, path: Path, obj: Object) -> None:
        """Write the value to storage."""
        del path
        codec = self.__worktree_codec__
        stored = codec.render(codec.encode(self), None, None)
        codec.verify(self, stored)
        obj.write_binary(stored)

    @unreachable_worktree_action(_OBJECTS_ONLY)
    def initialize_collection(self, path: Path, collection: Collection) -> None:
        """Never reached."""

    @unreachable_worktree_action(_OBJECTS_ONLY)
    def validate_collection(self, path: Path, collection: Collection) -> None:
        """Never reached."""

    @unreachable_worktree_action(_OBJECTS_ONLY)
    def commit_collection(self, path: Path, collection: Collection) -> None:
        """Never reached."""


class Yaml(PydanticArtifact):
    """A pydantic model, stored as YAML in `<field>.yaml`. Needs the extra `yaml`."""

    __worktree_codec__: ClassVar[DocumentCodec] = DocumentCodec(YamlFormat())
    __worktree_suffix__: ClassVar[str] = YamlFormat.suffix


class Toml(PydanticArtifact):
    """A pydantic model, stored as TOML in `<field>.toml`. Needs the extra `toml`."""

    __worktree_codec__: ClassVar[DocumentCodec] = DocumentCodec(TomlFormat())
    __worktree_suffix__: ClassVar[str] = TomlFormat.suffix


Json = PydanticArtifact


def stored_name(artifact: Any) -> str:
    """The file name of an artifact that is bound."""
    return f"{artifact._item_name}{type(artifact).__worktree_suffix__}"


def _checked(cls: type[BaseModel], states: Any) -> dict[str, Any]:
    if isinstance(states, Mapping) and cls.model_config.get("extra") == "allow":
        return dict(states)
    aliases = [
        info.validation_alias or info.alias
        for info in cls.model_fields.values()
        if isinstance(info.validation_alias or info.alias, str)
    ]
    refuse_unknown(cls.__name__, states, [*cls.model_fields, *map(str, aliases)])
    return dict(states or {})


def _checked_suffix(cls: type, suffix: str) -> str:
    if not suffix.startswith("."):
        raise LayoutError(f"the suffix {suffix!r} does not start with a dot", path=cls.__qualname__)
    check_name(f"x{suffix}")
    return suffix


__all__ = ["Json", "PydanticArtifact", "Toml", "Yaml"]
