"""Artifacts that are a text, or bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import ContentError, InitialStateError, LayoutError, LossyValueError
from ..items import Artifact
from ..mounting.accessible import AgnosticCollection
from ..names import check_name
from .codec import Codec


class FileArtifact(Artifact[Any]):
    """The base of artifacts that are stored in one file and are not pydantic models."""

    __worktree_suffix__: ClassVar[str] = ""
    __worktree_hooked__: ClassVar[bool] = False

    def __init__(
        self,
        item_name: str = "",
        mounted_at: AgnosticCollection | None = None,
        initial_states: Any = None,
    ) -> None:
        super().__init__(item_name, mounted_at, initial_states)  # type: ignore[arg-type]

    def __init_subclass__(cls, suffix: str | None = None, **more: Any) -> None:
        super().__init_subclass__(**more)
        if suffix is not None:
            if not suffix.startswith("."):
                raise LayoutError(
                    f"the suffix {suffix!r} does not start with a dot", path=cls.__qualname__
                )
            check_name(f"x{suffix}")
            cls.__worktree_suffix__ = suffix

    @property
    def artifact_mount_path(self) -> str:
        """The name of the object that this artifact is stored in, relative to its mount."""
        return f"{self._item_name}{self.__worktree_suffix__}"


class _TextCodec(Codec["Text"]):
    def encoder(self, _: type[Text], /) -> Callable[[Text], bytes]:
        return _encode_text

    def decode(self, cls: type[Text], stored: bytes) -> Text:
        try:
            return cls(stored.decode())
        except UnicodeDecodeError as error:
            raise ContentError(
                f"byte {error.start} is not UTF-8",
                hint="save the file as UTF-8, or declare the field as Bytes",
            ) from error

    def adopt(self, artifact: Text, fresh: Text) -> None:
        artifact.text = fresh.text

    def plain(self, canonical: bytes) -> Any:
        return canonical.decode()


def _encode_text(artifact: Text) -> bytes:
    if not isinstance(artifact.text, str):
        raise LossyValueError(f"text is {type(artifact.text).__name__}, not str")
    try:
        return artifact.text.encode()
    except UnicodeEncodeError as error:
        raise LossyValueError(f"text is not valid Unicode at character {error.start}") from error


class Text(FileArtifact):
    """A text, stored as UTF-8 in `<field>.txt`, its line ends as they are.

    `class Readme(Text, suffix=".md")` chooses another ending.
    """

    __worktree_codec__: ClassVar[Codec[Text]] = _TextCodec()
    __worktree_suffix__: ClassVar[str] = ".txt"

    def __init__(
        self,
        text: str = "",
        *,
        item_name: str = "",
        mounted_at: AgnosticCollection | None = None,
        initial_states: str | None = None,
    ) -> None:
        super().__init__(item_name, mounted_at, initial_states)
        if initial_states is not None and not isinstance(initial_states, str):
            raise InitialStateError(
                f"the initial state of a text is str, not {type(initial_states).__name__}"
            )
        self.text = text if initial_states is None else initial_states

    def value(self) -> str:
        """The text."""
        return self.text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.text == self.text

    __hash__ = None  # type: ignore[assignment]


class _BytesCodec(Codec["Bytes"]):
    def encoder(self, _: type[Bytes], /) -> Callable[[Bytes], bytes]:
        return _encode_bytes

    def decode(self, cls: type[Bytes], stored: bytes) -> Bytes:
        return cls(stored)

    def adopt(self, artifact: Bytes, fresh: Bytes) -> None:
        artifact.data = fresh.data

    def plain(self, canonical: bytes) -> Any:
        return f"{len(canonical)} bytes"


def _encode_bytes(artifact: Bytes) -> bytes:
    if not isinstance(artifact.data, bytes | bytearray):
        raise LossyValueError(f"data is {type(artifact.data).__name__}, not bytes")
    return bytes(artifact.data)


class Bytes(FileArtifact):
    """Bytes, stored as they are in `<field>.bin`."""

    __worktree_codec__: ClassVar[Codec[Bytes]] = _BytesCodec()
    __worktree_suffix__: ClassVar[str] = ".bin"

    def __init__(
        self,
        data: bytes = b"",
        *,
        item_name: str = "",
        mounted_at: AgnosticCollection | None = None,
        initial_states: bytes | None = None,
    ) -> None:
        super().__init__(item_name, mounted_at, initial_states)
        if initial_states is not None and not isinstance(initial_states, bytes):
            raise InitialStateError(
                f"the initial state of bytes is bytes, not {type(initial_states).__name__}"
            )
        self.data = data if initial_states is None else initial_states

    def value(self) -> bytes:
        """The bytes."""
        return self.data

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.data)} bytes)"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.data == self.data

    __hash__ = None  # type: ignore[assignment]
