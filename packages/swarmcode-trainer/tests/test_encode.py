"""Only answers are learned, no answer is cut, and no sample is without labels."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmcode_trainer.dataset import (
    IGNORED,
    ChatRow,
    ContextFile,
    Encoder,
    Message,
    Refused,
    Row,
    Sample,
    conversation,
    encode_rows,
)
from swarmcode_trainer.errors import TokenizerError

EOS = 0


class Letters:
    """A tokenizer of one token a character, with a chat template of its own."""

    name_or_path = "letters"
    chat_template: object = "x"
    eos_token_id: int | None = EOS

    def apply_chat_template(
        self, conversation: list[dict[str, str]], *, tokenize: bool, add_generation_prompt: bool
    ) -> str:
        text = "".join(f"<{turn['role']}>{turn['content']}\0\n" for turn in conversation)
        return text + ("<assistant>" if add_generation_prompt else "")

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        return [ord(character) for character in text]


def text_of(tokens: tuple[int, ...]) -> str:
    return "".join(chr(token) for token in tokens)


def row_of(size: int, *, files: int = 1, diff: str = "+x") -> Row:
    context = tuple(ContextFile(f"f{index}.py", "y" * size) for index in range(files))
    return Row(line=1, task="do", context_files=context, diff=diff)


def test_exactly_the_answer_and_its_end_are_learned() -> None:
    """The prompt has no labels; the answer has all of its own, and the token that stops."""
    row = row_of(10)
    [sample] = encode_rows([row], Letters(), max_length=10_000).samples
    learned = tuple(label for label in sample.labels if label != IGNORED)
    assert text_of(learned) == conversation(row).answer + "\0"
    assert sample.labels[: sample.prompt_tokens] == (IGNORED,) * sample.prompt_tokens
    assert text_of(sample.input_ids[: sample.prompt_tokens]).endswith("<assistant>")


def test_what_a_template_writes_after_the_end_is_not_learned() -> None:
    """Generation stops at the end token, so nothing behind it can ever be produced."""
    [sample] = encode_rows([row_of(1)], Letters(), max_length=10_000).samples
    assert sample.input_ids[-1] == EOS


def test_context_files_are_left_out_from_the_last_until_it_fits() -> None:
    """The most important file is first and goes last."""
    whole = encode_rows([row_of(100, files=3)], Letters(), max_length=10_000).samples[0]
    [sample] = encode_rows([row_of(100, files=3)], Letters(), max_length=len(whole) - 1).samples
    assert sample.dropped_files == 1
    assert "f1.py" in text_of(sample.input_ids)
    assert "f2.py" not in text_of(sample.input_ids)


def test_what_never_fits_is_refused_and_says_what_it_needs() -> None:
    """Neither cut nor masked away: counted, with the length that would hold it."""
    encoded = encode_rows([row_of(1, diff="+" * 500)], Letters(), max_length=100)
    assert encoded.samples == ()
    [refused] = encoded.refused
    longer = encode_rows([row_of(1, diff="+" * 500)], Letters(), max_length=refused.needed)
    assert longer.refused == ()


def test_a_chat_row_learns_its_last_turn_only() -> None:
    """Earlier answers are context, not lessons."""
    turns = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    row = ChatRow(line=1, messages=tuple(Message(role, text) for role, text in turns))
    [sample] = encode_rows([row], Letters(), max_length=100).samples
    assert text_of(tuple(label for label in sample.labels if label != IGNORED)) == "d\0"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("chat_template", None, "no chat template", id="no-template"),
        pytest.param("eos_token_id", None, "no end-of-text token", id="no-end"),
    ],
)
def test_an_unsuitable_tokenizer_is_refused(name: str, value: object, words: str) -> None:
    """Before a single row is read."""
    tokenizer = Letters()
    setattr(tokenizer, name, value)
    with pytest.raises(TokenizerError, match=words):
        Encoder(tokenizer, max_length=10)


def test_a_template_that_rewrites_earlier_turns_is_refused() -> None:
    """Without a stable border, prompt tokens would be learned."""

    class Rewriting(Letters):
        def apply_chat_template(
            self, conversation: list[dict[str, str]], *, tokenize: bool, add_generation_prompt: bool
        ) -> str:
            return f"{len(conversation)}" + str(conversation)

    with pytest.raises(TokenizerError, match="border between prompt and answer"):
        encode_rows([row_of(1)], Rewriting(), max_length=100)


@settings(max_examples=300)
@given(
    st.lists(st.integers(0, 400), max_size=4),
    st.text(alphabet=st.characters(exclude_characters="\0"), min_size=1, max_size=300),
    st.integers(8, 900),
)
def test_no_sample_is_ever_without_labels(sizes: list[int], diff: str, limit: int) -> None:
    """Whatever the lengths: every sample fits, learns, and ends; or the row is refused."""
    files = tuple(ContextFile(f"f{index}", "z" * size) for index, size in enumerate(sizes))
    row = Row(line=1, task="t", context_files=files, diff=diff)
    result = Encoder(Letters(), max_length=limit).encode(row)
    if isinstance(result, Refused):
        assert result.needed > limit
        return
    assert isinstance(result, Sample)
    assert len(result) <= limit
    assert result.labels[-1] == EOS
    learned = sum(label != IGNORED for label in result.labels)
    assert learned == len(conversation(row).answer) + 1


def test_a_seeded_slice_of_the_driver_finds_no_masked_sample() -> None:
    """The driver in benchmarks/ does the same for 10,000 rows and a real tokenizer."""
    rng = random.Random(20)
    rows = [row_of(rng.randint(0, 600), files=rng.randint(0, 5)) for _ in range(500)]
    encoded = encode_rows(rows, Letters(), max_length=700)
    assert len(encoded.samples) + len(encoded.refused) == 500
    assert all(any(label != IGNORED for label in sample.labels) for sample in encoded.samples)
    assert encoded.learned_tokens < encoded.tokens
