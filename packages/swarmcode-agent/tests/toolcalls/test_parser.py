"""Calls are found in every format, wherever the stream is split, and no text is lost."""

import json
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from swarmcode_agent.toolcalls import Parsed, Text, ToolCall, ToolCallParser, collect, parse_answer

NAMES = {"read_file", "search", "now"}
ARGUMENTS = {
    "path": "a/é🙂.py",
    "n": 1,
    "deep": {"list": [1, {"x": "}]</tool_call>"[:2]}], "q": '"'},
}
JSON = json.dumps({"name": "read_file", "arguments": ARGUMENTS}, ensure_ascii=False)
CALL = ToolCall("read_file", json.dumps(ARGUMENTS, ensure_ascii=False))
EMPTY = ToolCall("now", "{}")

ANSWERS = [
    pytest.param(f"<tool_call>\n{JSON}\n</tool_call>", "", [CALL], id="hermes"),
    pytest.param(
        f"Let me look.\n<tool_call>{JSON}</tool_call>\nand\n"
        '<tool_call>{"name": "now", "arguments": {}}</tool_call> done',
        "Let me look.\n\nand\n done",
        [CALL, EMPTY],
        id="hermes-text-before-between-and-after",
    ),
    pytest.param('<tool_call>{"name": "now"}</tool_call>', "", [EMPTY], id="hermes-no-arguments"),
    pytest.param(f"<tool_call>{JSON}", "", [CALL], id="hermes-the-end-tag-was-a-stop-token"),
    pytest.param(
        "<tool_call>\n<function=search>\n<parameter=pattern>\na\nb\n</parameter>\n"
        "<parameter=most>\n3\n</parameter>\n</function>\n</tool_call>",
        "",
        [ToolCall("search", '{"pattern": "a\\nb", "most": 3}')],
        id="qwen-coder",
    ),
    pytest.param(
        json.dumps({"tool_calls": [{"id": "c1", "type": "function", "function": {
            "name": "search", "arguments": '{"pattern": "x"}'}}]}),
        "",
        [ToolCall("search", '{"pattern": "x"}', "c1")],
        id="openai",
    ),
    pytest.param(JSON.replace("arguments", "parameters"), "", [CALL], id="llama-parameters"),
    pytest.param(f"<|python_tag|>{JSON}", "", [CALL], id="llama-python-tag"),
    pytest.param(
        '<function=search>{"pattern": "x"}</function>',
        "",
        [ToolCall("search", '{"pattern": "x"}')],
        id="llama-function",
    ),
    pytest.param(f"[TOOL_CALLS][{JSON}]", "", [CALL], id="mistral"),
    pytest.param(f"Like so:\n```json\n{JSON}\n```\nok", "Like so:\n\nok", [CALL], id="fenced"),
    pytest.param(f"```\n[{JSON},\n{JSON}]\n```", "", [CALL, CALL], id="fenced-list"),
    pytest.param(f"  {JSON}\n{JSON}", "", [CALL, CALL], id="bare-twice"),
    pytest.param(
        "[search(pattern='a(\"]', n=[1, {'k': None}]), now()]",
        "",
        [ToolCall("search", '{"pattern": "a(\\"]", "n": [1, {"k": null}]}'), EMPTY],
        id="pythonic",
    ),
]  # fmt: skip
TEXTS = [
    pytest.param("Just an answer with {braces} and [brackets] and <tags>.", id="prose"),
    pytest.param('{"name": "somebody", "age": 3}', id="an-object-with-a-name"),
    pytest.param('{"name": "unknown_tool", "arguments": {}}', id="no-tool-of-ours"),
    pytest.param("```python\nprint({})\n```\n", id="code"),
    pytest.param("```json\n{\"a\": 1}\n```\n", id="data"),
    pytest.param("[1, 2, 3]\n[x](y)\n", id="a-list-and-a-link"),
    pytest.param("<tool_call>not json</tool_call>", id="a-tag-without-a-call"),
    pytest.param("{" * 100_000, id="a-bomb-of-braces"),
    pytest.param("[" * 100_000 + "]" * 100_000, id="a-bomb-of-brackets"),
    pytest.param("<tool_call>{" + '"a":{' * 5000 + "}" * 5001 + "</tool_call>", id="a-tagged-bomb"),
    pytest.param("[search(x=" + "(" * 90 + ")" * 80, id="parentheses"),
    pytest.param("{\"name\": \"search\", \"argu", id="cut-short"),
    pytest.param("a < b and <tool_cal", id="nearly-a-tag"),
    pytest.param("", id="nothing"),
]  # fmt: skip


def streamed(parts: list[str] | list[bytes]) -> Parsed:
    parser = ToolCallParser(NAMES)
    pieces = [piece for part in parts for piece in parser.feed(part)]
    return collect([*pieces, *parser.close()])


@pytest.mark.parametrize(("answer", "text", "calls"), ANSWERS)
def test_every_format_is_read(answer: str, text: str, calls: list[ToolCall]) -> None:
    """Name, arguments as JSON, and the text around the calls."""
    parsed = parse_answer(answer, NAMES)
    assert list(parsed.calls) == calls
    assert parsed.text == text


@pytest.mark.parametrize(("answer", "text", "calls"), ANSWERS)
def test_every_split_in_two_gives_what_the_whole_gives(
    answer: str, text: str, calls: list[ToolCall]
) -> None:
    """At every byte, also inside a character; and byte by byte."""
    data = answer.encode()
    whole = parse_answer(answer, NAMES)
    for at in range(len(data) + 1):
        assert streamed([data[:at], data[at:]]) == whole
    assert streamed([data[at : at + 1] for at in range(len(data))]) == whole


@pytest.mark.parametrize("answer", TEXTS)
def test_what_is_no_call_is_text_to_the_letter(answer: str) -> None:
    """Nothing is lost, nothing is called, and no bomb takes long."""
    began = time.process_time()
    assert parse_answer(answer, NAMES) == Parsed(answer, ())
    assert time.process_time() - began < 10


FRAGMENTS = [
    "<tool_call>", "</tool_call>", "```json\n", "\n```", "```", "{", "}", "[", "]", "(", ")", '"',
    "\\", "\n", " ", "<function=", "</function>", "<|python_tag|>", "[TOOL_CALLS]", "now()", JSON,
    '{"name": "now", "arguments": {}}', "search(pattern='x')", "é", "🙂", "text", "<", ",",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=14).map("".join),
    st.data(),
)
@example('<tool_call>{"name": "now"}<tool_call>{"name": "now"}</tool_call>', None)
def test_any_split_of_any_text_gives_what_the_whole_gives(answer: str, data) -> None:
    """The parser depends on the characters alone; what is no call keeps every one of them."""
    raw = answer.encode("utf-8", "replace")
    whole = parse_answer(raw, NAMES)
    cuts = [] if data is None else data.draw(st.lists(st.integers(0, len(raw)), max_size=6))
    edges = [0, *sorted(cuts), len(raw)]
    assert streamed([raw[a:b] for a, b in pairwise(edges)]) == whole
    assert streamed([raw[at : at + 1] for at in range(len(raw))]) == whole
    if not whole.calls:
        assert whole.text == raw.decode()
    for call in whole.calls:
        assert isinstance(json.loads(call.arguments), dict)


def test_text_is_given_as_it_arrives() -> None:
    """Only what may begin a call is held back."""
    parser = ToolCallParser()
    assert parser.feed("Hello, wor") == [Text("Hello, wor")]
    assert parser.feed("ld <tool") == [Text("ld ")]
    assert parser.feed("box>") == [Text("<toolbox>")]
    assert parser.close() == []


def test_a_call_is_given_when_it_is_complete() -> None:
    """Not later, so that it can be carried out while the model goes on."""
    parser = ToolCallParser()
    assert parser.feed('<tool_call>{"name": "now", "arguments": {}}</tool_call') == []
    assert parser.feed(">") == [ToolCall("now", "{}")]
