"""The responses API with the official client: whole, streamed, and going on from before."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

CALL = '<tool_call>\n{"name": "search", "arguments": {"q": "x"}}\n</tool_call>'
TOOLS = [{"type": "function", "name": "search", "parameters": {"type": "object"}, "strict": False}]
CASES = {
    "text": ({"input": "say: Hello there."}, "Hello there.", "completed"),
    "message": ({"input": [{"role": "user", "content": "say: hi"}]}, "hi", "completed"),
    "parts": (
        {
            "input": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "input_text", "text": "say: parts"}]},
            ]
        },
        "parts",
        "completed",
    ),
    "instructions": ({"input": "say: ok", "instructions": "Be brief."}, "ok", "completed"),
    "cut": ({"input": "say: a b c", "max_output_tokens": 2}, "a b", "incomplete"),
    "empty": ({"input": "say: "}, "", "completed"),
    "call": ({"input": f"say: {CALL}", "tools": TOOLS}, "", "completed"),
    "text-and-call": ({"input": f"say: Look.\n{CALL}", "tools": TOOLS}, "Look.", "completed"),
    "two-calls": ({"input": f"say: {CALL}\n{CALL}", "tools": TOOLS}, "", "completed"),
    "output": (
        {
            "input": [
                {"role": "user", "content": "go"},
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "function_call", "call_id": "c1", "name": "search", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "say: found"},
            ],
            "tools": TOOLS,
        },
        "found",
        "completed",
    ),
    "schema": (
        {
            "input": 'say: {"a": 1}',
            "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}},
        },
        '{"a": 1}',
        "completed",
    ),
}


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0) as made:
        yield made


@pytest.mark.parametrize("name", CASES)
def test_a_stream_leads_to_the_whole(client: openai.OpenAI, name: str) -> None:
    """The events are numbered, open and close what they tell of, and end with the same object."""
    asked, text, status = CASES[name]
    whole = client.responses.create(model="recorded", **asked)
    assert whole.output_text == text
    assert whole.status == status
    events = list(client.responses.create(model="recorded", stream=True, **asked))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
    final = events[-1].response
    assert events[-1].type == f"response.{status}"
    for ours, theirs in zip(final.output, whole.output, strict=True):
        left, right = ours.model_dump(), theirs.model_dump()
        for told in (left, right):
            del told["id"]
            told.pop("call_id", None)
        assert left == right
    assert final.usage == whole.usage
    added = [event.item.id for event in events if event.type == "response.output_item.added"]
    done = [event.item.id for event in events if event.type == "response.output_item.done"]
    assert added == done == [item.id for item in final.output]
    for item in final.output:
        deltas = [
            event.delta
            for event in events
            if event.type.endswith(".delta") and event.item_id == item.id
        ]
        said = item.content[0].text if item.type == "message" else item.arguments
        assert "".join(deltas) == said


def test_the_clients_own_stream_helper_reads_ours(client: openai.OpenAI) -> None:
    """It follows every event and ends with the response."""
    asked: Any = {"model": "recorded", "input": f"say: Look.\n{CALL}", "tools": TOOLS}
    with client.responses.stream(**asked) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert final.output_text == "Look."
    assert json.loads(final.output[1].arguments) == {"q": "x"}


def test_a_response_is_gone_on_from(client: openai.OpenAI) -> None:
    """Its conversation comes first; it can be shown, and forgotten."""
    first = client.responses.create(model="recorded", input="say: one two three")
    more = client.responses.create(
        model="recorded", input="say: four", previous_response_id=first.id
    )
    assert more.usage.input_tokens > first.usage.input_tokens
    assert client.responses.retrieve(first.id).output_text == "one two three"
    client.responses.delete(first.id)
    for call in (client.responses.retrieve, client.responses.delete):
        with pytest.raises(openai.NotFoundError):
            call(first.id)
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.create(model="recorded", input="x", previous_response_id=first.id)
    assert caught.value.param == "previous_response_id"
    kept = client.responses.create(model="recorded", input="say: x", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(kept.id)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({"input": []}, 400, id="empty"),
        pytest.param({"input": [{"type": "item_reference", "id": "x"}]}, 400, id="reference"),
        pytest.param({"input": [{"role": "robot", "content": "x"}]}, 400, id="role"),
        pytest.param({"input": "x", "model": "gpt-9"}, 404, id="model"),
        pytest.param({"input": "x", "tools": [{"type": "web_search"}]}, 400, id="tool"),
        pytest.param({"input": "x", "tool_choice": "required"}, 400, id="choice"),
        pytest.param({"input": "x", "text": {"format": {"type": "json_schema"}}}, 400, id="schema"),
        pytest.param({"input": "x", "extra_body": {"colour": "blue"}}, 400, id="unknown"),
        pytest.param({"input": "word " * 3000}, 400, id="context"),
    ],
)
def test_an_error(client: openai.OpenAI, asked: dict, status: int) -> None:
    """The client's own exception, whole and streamed."""
    for stream in (False, True):
        with pytest.raises(openai.APIStatusError) as caught:
            client.responses.create(**{"model": "recorded", "stream": stream, **asked})
        assert caught.value.status_code == status


def test_a_failure_in_the_middle(recorded: Any, recorded_server: Any) -> None:
    """Is the last event."""
    with (
        recorded_server(recorded(fail_after=2)) as server,
        openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0) as client,
    ):
        events = list(client.responses.create(model="recorded", input="say: a b c", stream=True))
    assert events[-1].type == "response.failed"
    assert events[-1].response.status == "failed"
