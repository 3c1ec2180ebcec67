"""Counting tokens: with the model's own tokenizer, or with an estimate that says so."""

from collections.abc import Callable, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import MapError, MissingExtraError


class TokenCounter(Protocol):
    """Counts tokens as a model would, without the marks that begin and end a sequence."""

    @property
    def name(self) -> str:
        """Whose tokens these are, for people."""
        ...

    @property
    def exact(self) -> bool:
        """Whether this is a real tokenizer."""
        ...

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        ...


@dataclass(frozen=True, slots=True)
class CharacterEstimate:
    """A guess for when no tokenizer is at hand: on the safe side for code, and no more."""

    characters_per_token: float = 2.5

    @property
    def name(self) -> str:
        """Say that it is an estimate."""
        return f"estimate: {self.characters_per_token:g} characters a token"

    @property
    def exact(self) -> bool:
        """Return False."""
        return False

    def count(self, text: str) -> int:
        """Return the length by bytes, so that text beyond ASCII is not underestimated."""
        return -int(-len(text.encode("utf-8", "replace")) // self.characters_per_token)


@dataclass(frozen=True, slots=True)
class EncoderCounter:
    """Counts with the encode function of a tokenizer that is loaded already.

    For a transformers tokenizer: `EncoderCounter("qwen", partial(t.encode,
    add_special_tokens=False))`; for tiktoken: `EncoderCounter("o200k", e.encode_ordinary)`.
    """

    name: str
    encode: Callable[[str], Sized]
    exact: bool = True

    def count(self, text: str) -> int:
        """Return how many tokens the encode function makes of a text."""
        return len(self.encode(text))


def tokenizer_file(path: Path) -> EncoderCounter:
    """Return the counter of a model folder, or of its `tokenizer.json`.

    Needs the `tokenizers` extra. Raises MapError when there is no such file, or when it is none.
    """
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise MapError(f"{str(file)!r} not found: give a model folder that holds a tokenizer.json")
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtraError("counting with tokenizer.json", extra="tokenizers") from error
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:
        raise MapError(f"{str(file)!r} is not a tokenizer.json: {error}") from error
    return EncoderCounter(
        file.parent.name, lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    )
