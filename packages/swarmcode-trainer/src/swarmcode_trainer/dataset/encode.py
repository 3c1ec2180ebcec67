"""Conversations become tokens, with a mask that lets only the answer be learned.

Prompt and answer are tokenised apart, so the border between them is where generation will
begin. An answer is never cut: half a diff teaches broken diffs. What is too long loses
context files, from the last to the first; what is still too long is refused and counted.
So every sample has labels, and every sample ends where the model must stop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .._extras import extra
from ..errors import TokenizerError
from .conversation import Conversation, as_dicts, conversation
from .rows import AnyRow, Row

IGNORED = -100


class ChatTokenizer(Protocol):
    """What is used of a tokenizer of transformers."""

    name_or_path: str
    chat_template: object
    eos_token_id: int | None

    def apply_chat_template(
        self, conversation: list[dict[str, str]], *, tokenize: bool, add_generation_prompt: bool
    ) -> object:
        """Render messages as text."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Turn text into token numbers."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One row as the model sees it.

    Attributes:
        line: where the row stands in its file.
        input_ids: the tokens of prompt and answer.
        prompt_tokens: how many of them are the prompt, and are not learned.
        dropped_files: how many context files were left out to make it fit.
    """

    line: int
    input_ids: tuple[int, ...]
    prompt_tokens: int
    dropped_files: int = 0

    @property
    def labels(self) -> tuple[int, ...]:
        """What is learned: the answer's tokens, and nothing of the prompt."""
        return (IGNORED,) * self.prompt_tokens + self.input_ids[self.prompt_tokens :]

    def __len__(self) -> int:
        return len(self.input_ids)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that does not fit, even without context.

    Attributes:
        line: where the row stands in its file.
        needed: the sequence length that would hold it.
    """

    line: int
    needed: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """All rows of a dataset, as tokens."""

    samples: tuple[Sample, ...]
    refused: tuple[Refused, ...]

    @property
    def tokens(self) -> int:
        """How many tokens all samples have together."""
        return sum(len(sample) for sample in self.samples)

    @property
    def learned_tokens(self) -> int:
        """How many of them are learned."""
        return sum(len(sample) - sample.prompt_tokens for sample in self.samples)


def encode_rows(rows: Iterable[AnyRow], tokenizer: ChatTokenizer, *, max_length: int) -> Encoded:
    """Turn rows into samples of at most `max_length` tokens.

    Raises:
        TokenizerError: the tokenizer has no usable chat template or end token.
    """
    encoder = Encoder(tokenizer, max_length=max_length)
    results = [encoder.encode(row) for row in rows]
    return Encoded(
        samples=tuple(result for result in results if isinstance(result, Sample)),
        refused=tuple(result for result in results if isinstance(result, Refused)),
    )


class Encoder:
    """Turns one row after another into a sample.

    Raises:
        TokenizerError: the tokenizer has no chat template or no end token.
    """

    def __init__(self, tokenizer: ChatTokenizer, *, max_length: int) -> None:
        if not tokenizer.chat_template:
            raise TokenizerError(
                tokenizer.name_or_path,
                "its tokenizer has no chat template; use an Instruct model, "
                "or set chat_template to the path of a Jinja file",
            )
        if tokenizer.eos_token_id is None:
            raise TokenizerError(
                tokenizer.name_or_path,
                "its tokenizer has no end-of-text token, so a model could never learn to stop",
            )
        self._tokenizer = tokenizer
        self._eos = tokenizer.eos_token_id
        self._max_length = max_length

    def encode(self, row: AnyRow) -> Sample | Refused:
        """Encode one row, leaving out context files until it fits."""
        files = len(row.context_files) if isinstance(row, Row) else 0
        needed = 0
        for kept in range(files, -1, -1):
            prompt, answer = self._tokens(conversation(row, context_files=kept))
            needed = len(prompt) + len(answer)
            if needed <= self._max_length:
                return Sample(
                    line=row.line,
                    input_ids=(*prompt, *answer),
                    prompt_tokens=len(prompt),
                    dropped_files=files - kept,
                )
        return Refused(line=row.line, needed=needed)

    def _tokens(self, talk: Conversation) -> tuple[list[int], list[int]]:
        messages = as_dicts(talk.prompt)
        prompt = self._render(messages, add_generation_prompt=True)
        whole = self._render(
            [*messages, {"role": "assistant", "content": talk.answer}],
            add_generation_prompt=False,
        )
        if not whole.startswith(prompt):
            raise TokenizerError(
                self._tokenizer.name_or_path,
                "its chat template rewrites earlier turns, so the border between prompt and "
                "answer cannot be found; set chat_template to a template that only appends",
            )
        answer = self._encode(whole[len(prompt) :])
        return self._encode(prompt), self._ended(answer)

    def _render(self, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool) -> str:
        try:
            text = self._tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=add_generation_prompt
            )
        except extra("jinja2").TemplateError as error:
            raise TokenizerError(
                self._tokenizer.name_or_path, f"its chat template refuses these turns ({error})"
            ) from error
        return str(text)

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _ended(self, answer: list[int]) -> list[int]:
        """End an answer with the end token: what templates write after it is never generated."""
        if self._eos not in answer:
            return [*answer, self._eos]
        last = len(answer) - 1 - answer[::-1].index(self._eos)
        return answer[: last + 1]
