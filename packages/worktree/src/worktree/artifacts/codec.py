"""What makes an artifact kind: how its value becomes bytes, and comes back.

The canonical form of a value is what a commit compares, to see what changed. The stored form is
what the file holds: the canonical form again, or a rendering of it (YAML, TOML), with whatever
the file held that the model does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from ..errors import LossyValueError

A = TypeVar("A")


class Codec(Generic[A]):
    """The behaviour of one artifact kind. A class names its own in `__worktree_codec__`.

    `renders` says that the stored form differs from the canonical one, `appends` that a new
    stored form may begin with the old one.
    """

    renders: bool = False
    appends: bool = False

    def encoder(self, cls: type[A], /) -> Callable[[A], bytes]:  # type: ignore[empty-body]
        """The function that turns an artifact of this class into its canonical form."""

    def decode(self, cls: type[A], stored: bytes) -> A:  # type: ignore[empty-body]
        """A new artifact from its stored form; raises ContentError, or pydantic's error."""

    def adopt(self, artifact: A, fresh: A) -> None:
        """Give an artifact the value of another one, so that references to it stay good."""

    def render(self, canonical: bytes, unknown: Any, before: bytes | None) -> bytes:
        """The stored form. `unknown` is from `unknown_in`, `before` the canonical form then."""
        del unknown, before
        return canonical

    def unknown_in(self, artifact: A, stored: bytes) -> Any:
        """What the stored form holds that the artifact does not know; None for nothing."""
        del artifact, stored
        return None

    def verify(self, artifact: A, stored: bytes) -> None:
        """Raise LossyValueError unless the stored form comes back as this very artifact."""
        if self.encoder(type(artifact))(self.decode(type(artifact), stored)) != stored:
            raise LossyValueError("it does not come back from storage as it is")

    def suspects(
        self, cls: type[A], artifacts: Sequence[A], stored: Sequence[bytes]
    ) -> Iterable[int]:
        """Which of many have to be verified one by one, because a quick look did not clear them."""
        del cls, stored
        return range(len(artifacts))

    def kept(self, before: bytes, stored: bytes) -> int:
        """How many bytes of what is stored stay as they are; 0 to write all of it again."""
        del before, stored
        return 0

    def merge(self, cls: type[A], base: bytes | None, theirs: bytes, ours: A) -> A | None:
        """Bring two versions together where the kind itself knows how; None where it does not."""
        del cls, base, theirs, ours
        return None

    def plain(self, canonical: bytes) -> Any:
        """The canonical form as dictionaries, lists and scalars, to show differences."""
