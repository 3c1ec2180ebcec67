"""The official `openai` package: every scenario, whole and as a stream, with one outcome."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState

SCENARIOS = json.loads((Path(__file__).parent / "scenarios.json").read_text(encoding="utf-8"))


def cases(kind: str | None) -> list[Any]:
    return [
        pytest.param(scenario, id=scenario["id"])
        for scenario in SCENARIOS
        if ("error" in scenario) == (kind is None) and kind in {None, scenario["kind"]}
    ]


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0) as made:
        yield made


def create(client: openai.OpenAI, scenario: dict[str, Any], **more: object) -> Any:
    api = client.chat.completions if scenario["kind"] == "chat" else client.completions
    body = {"model": "recorded", **scenario["body"]}
    given = {"model": body.pop("model"), "extra_body": body, **more}
    if scenario["kind"] == "chat":
        given["messages"] = body.pop("messages", openai.omit)
    else:
        given["prompt"] = body.pop("prompt", openai.omit)
    return api.create(**given)


def check(scenario: dict[str, Any], answer: Any) -> None:
    expect = scenario["expect"]
    contents = expect.get("contents", [expect["content"]] if "content" in expect else None)
    if contents is not None:
        got = [
            choice.message.content if scenario["kind"] == "chat" else choice.text
            for choice in answer.choices
        ]
        assert [text or "" for text in got] == [text or "" for text in contents]
    assert [choice.index for choice in answer.choices] == list(range(len(answer.choices)))
    assert {choice.finish_reason for choice in answer.choices} == {expect["finish"]}
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    if "tokens" in expect:
        assert usage.completion_tokens == expect["tokens"]
    if "prompt_tokens" in expect:
        assert usage.prompt_tokens == expect["prompt_tokens"]
    if "calls" in expect:
        for choice in answer.choices:
            calls = choice.message.tool_calls or []
            told = [[c.function.name, json.loads(c.function.arguments)] for c in calls]
            assert told == expect["calls"]
            assert all(c.type == "function" and c.id for c in calls)
            assert len({c.id for c in calls}) == len(calls)


def check_logprobs(scenario: dict[str, Any], tokens: list[list[Any]]) -> None:
    """`tokens` are each choice's (logprob, alternatives)."""
    if "logprobs" in scenario["expect"]:
        for choice in tokens:
            assert len(choice) == scenario["expect"]["logprobs"]
            assert all(
                likely <= 0 and alternatives == scenario["expect"]["top"]
                for likely, alternatives in choice
            )


@pytest.mark.parametrize("scenario", cases("chat"))
def test_a_whole_chat(client: openai.OpenAI, scenario: dict[str, Any]) -> None:
    """What was asked for, exactly."""
    answer = create(client, scenario)
    check(scenario, answer)
    check_logprobs(
        scenario,
        [
            [(t.logprob, len(t.top_logprobs)) for t in (c.logprobs.content if c.logprobs else [])]
            for c in answer.choices
        ],
    )


@pytest.mark.parametrize("scenario", cases("chat"))
def test_a_streamed_chat(client: openai.OpenAI, scenario: dict[str, Any]) -> None:
    """Put together by the client's own code, it is the whole answer; its order is OpenAI's."""
    options = {"stream": True, "stream_options": {"include_usage": True}}
    state = ChatCompletionStreamState()
    chunks = list(create(client, scenario, **options))
    for chunk in chunks:
        state.handle_chunk(chunk)
    answer = state.current_completion_snapshot
    check(scenario, answer)
    check_logprobs(
        scenario,
        [
            [(t.logprob, len(t.top_logprobs)) for t in (c.logprobs.content if c.logprobs else [])]
            for c in answer.choices
        ],
    )
    check_order(chunks)
    whole = create(client, scenario)
    assert answer.usage == whole.usage
    for ours, theirs in zip(answer.choices, whole.choices, strict=True):
        assert (ours.message.content or "") == (theirs.message.content or "")
        assert ours.finish_reason == theirs.finish_reason


def check_order(chunks: list[Any]) -> None:
    """Role first, reason last, once each; a call's id, type and name in its first part alone."""
    *told, last = chunks
    assert last.choices == []
    assert last.usage is not None
    assert all(chunk.usage is None for chunk in told)
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    by_choice: dict[int, list[Any]] = {}
    for chunk in told:
        [choice] = chunk.choices
        by_choice.setdefault(choice.index, []).append(choice)
    for first, *rest in by_choice.values():
        assert first.delta.role == "assistant"
        assert all(choice.delta.role is None for choice in rest)
        assert rest[-1].finish_reason is not None
        assert all(choice.finish_reason is None for choice in (first, *rest[:-1]))
        seen: set[int] = set()
        for choice in rest:
            for part in choice.delta.tool_calls or ():
                named = part.id is not None
                assert named == (part.type is not None) == (part.function.name is not None)
                assert named == (part.index not in seen)
                seen.add(part.index)


@pytest.mark.parametrize("scenario", cases("completion"))
def test_a_whole_completion(client: openai.OpenAI, scenario: dict[str, Any]) -> None:
    """What was asked for, exactly."""
    answer = create(client, scenario)
    check(scenario, answer)
    check_logprobs(
        scenario,
        [
            list(zip(c.logprobs.token_logprobs, map(len, c.logprobs.top_logprobs), strict=True))
            if c.logprobs
            else []
            for c in answer.choices
        ],
    )


@pytest.mark.parametrize("scenario", cases("completion"))
def test_a_streamed_completion(client: openai.OpenAI, scenario: dict[str, Any]) -> None:
    """Put together, it is the whole answer."""
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last = list(create(client, scenario, **options))
    whole = create(client, scenario)
    texts, reasons, offsets = {}, {}, {}
    for chunk in chunks:
        [choice] = chunk.choices
        texts[choice.index] = texts.get(choice.index, "") + choice.text
        if choice.logprobs:
            offsets.setdefault(choice.index, []).extend(choice.logprobs.text_offset)
        if choice.finish_reason:
            assert choice.index not in reasons
            reasons[choice.index] = choice.finish_reason
    assert [texts[n] for n in sorted(texts)] == [choice.text for choice in whole.choices]
    assert [reasons[n] for n in sorted(texts)] == [c.finish_reason for c in whole.choices]
    assert last.choices == []
    assert last.usage == whole.usage
    for choice in whole.choices:
        if choice.logprobs:
            assert offsets[choice.index] == choice.logprobs.text_offset


@pytest.mark.parametrize("scenario", cases(None))
def test_an_error(client: openai.OpenAI, scenario: dict[str, Any]) -> None:
    """The client's own exception for the status, with code and param."""
    expect = scenario["error"]
    kind = {400: openai.BadRequestError, 404: openai.NotFoundError}[expect["status"]]
    with pytest.raises(kind) as caught:
        create(client, scenario)
    error = caught.value
    assert error.status_code == expect["status"]
    assert error.type == "invalid_request_error"
    assert error.request_id
    assert error.body["message"]
    for name in ("code", "param"):
        if name in expect:
            assert getattr(error, name) == expect[name]


@pytest.mark.parametrize("scenario", [case for case in cases(None) if case.id != "stream-options"])
def test_an_error_of_a_stream(client: openai.OpenAI, scenario: dict[str, Any]) -> None:
    """The same, before the stream has begun."""
    with pytest.raises(openai.APIStatusError) as caught:
        create(client, scenario, stream=True)
    assert caught.value.status_code == scenario["error"]["status"]


def test_the_client_sees_a_failure_in_the_middle(recorded: Any, recorded_server: Any) -> None:
    """As an exception, after the text that came."""
    with (
        recorded_server(recorded(fail_after=2)) as server,
        openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0) as client,
    ):
        messages: Any = [{"role": "user", "content": "say: a b c d"}]
        chunks = client.chat.completions.create(model="recorded", messages=messages, stream=True)
        assert [next(chunks).choices[0].delta.content for _ in range(3)] == ["", "a", " b"]
        with pytest.raises(openai.APIError) as caught:
            next(chunks)
    assert caught.value.type == "server_error"


def test_the_client_retries_what_it_is_told_to(recorded: Any, recorded_server: Any) -> None:
    """A full server says 503 and when to come back; the client does, and is answered."""
    with recorded_server(recorded(delay=0.2), limits={"concurrent": 1}) as server:
        import threading

        def ask(retries: int) -> str | None:
            with openai.OpenAI(base_url=server.v1, api_key="x", max_retries=retries) as client:
                answer = client.chat.completions.create(
                    model="recorded", messages=[{"role": "user", "content": "say: a b"}]
                )
                return answer.choices[0].message.content

        first = threading.Thread(target=ask, args=(0,))
        first.start()
        while not server.app.state.guard.running:
            threading.Event().wait(0.005)
        assert ask(3) == "a b"
        first.join(10)


def test_parsed_answers(client: openai.OpenAI) -> None:
    """The client's helper for structured answers reads ours."""
    from pydantic import BaseModel

    class Edit(BaseModel):
        path: str
        line: int

    answer = client.chat.completions.parse(
        model="recorded",
        messages=[{"role": "user", "content": 'say: {"path": "a.py", "line": 3}'}],
        response_format=Edit,
    )
    assert answer.choices[0].message.parsed == Edit(path="a.py", line=3)


def test_models(client: openai.OpenAI) -> None:
    """Listed and retrieved."""
    [model] = client.models.list()
    assert client.models.retrieve(model.id) == model
