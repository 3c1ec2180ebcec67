"""The loop with recorded answers in a real workspace: limits, records, replay, the final patch."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.backends import (
    Event,
    Finished,
    Message,
    ReplayBackend,
    Request,
    Usage,
)
from swarmcode_agent.edits import apply_patch, parse
from swarmcode_agent.environment import WorkspaceEnvironment
from swarmcode_agent.errors import BackendError, ReplayMismatchError, TrajectoryError
from swarmcode_agent.loop import AgentLoop, Budget, Stop, compacted
from swarmcode_agent.toolcalls import Text, ToolCall
from swarmcode_agent.tools import AgentTools
from swarmcode_agent.trajectory import JsonlSink, MemorySink, read_records, read_trajectory

FIX = "app.py\n<<<<<<< SEARCH\n    return a - b\n=======\n    return a + b\n>>>>>>> REPLACE\n"


class Answers:
    """A model whose answers are written down beforehand."""

    name = "written-down"

    def __init__(self, *answers: list[Event] | Exception) -> None:
        self.answers, self.usage, self.asked = list(answers), Usage(10, 5, 0.5), []

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        self.asked.append(request)
        answer = self.answers.pop(0) if self.answers else [Text("again"), call("list_files")]
        if isinstance(answer, Exception):
            raise answer
        for event in answer:
            yield event
        yield Finished("stop", self.usage)

    async def aclose(self) -> None:
        pass


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name, json.dumps(arguments))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "app.py").write_text("def add(a, b):\n    return a - b\n")
    (root / "data.bin").write_bytes(b"\x00")
    return root


def run(workspace: Path, model: Any, sink: Any = None, **options: Any) -> Any:
    environment = WorkspaceEnvironment(AgentTools(workspace))
    loop = AgentLoop(model, environment, sink or MemorySink(), **options)
    return asyncio.run(loop.run("Fix add.", system="Be brief."))


def fixing() -> Answers:
    return Answers(
        [Text("Look first."), call("read_file", path="app.py")],
        [call("apply_patch", patch=FIX), call("write_file", path="new/x.txt", content="x")],
        [Text("Fixed.")],
    )


def test_a_task_from_start_to_patch(workspace: Path, tmp_path: Path) -> None:
    """Tools run, their results go back to the model, and the patch holds every change."""
    before = tmp_path / "before"
    shutil.copytree(workspace, before)
    model = fixing()
    outcome = run(workspace, model)
    assert (outcome.stop, outcome.answer, outcome.steps) == (Stop.DONE, "Fixed.", 3)
    assert outcome.usage == Usage(30, 15, 1.5)
    last = model.asked[-1].messages
    assert [message.role for message in last] == [
        "system", "user", "assistant", "tool", "assistant", "tool", "tool",
    ]  # fmt: skip
    assert last[3].content.startswith("   1 | def add")
    assert last[3].call_id == last[2].calls[0].id
    apply_patch(parse(outcome.patch), before)
    assert (before / "app.py").read_text() == (workspace / "app.py").read_text()
    assert (before / "new/x.txt").read_text() == "x"


def test_a_trajectory_is_replayed_and_trained_on(workspace: Path, tmp_path: Path) -> None:
    """The same answers in a fresh copy give the same patch; the messages are OpenAI's."""
    fresh = tmp_path / "fresh"
    shutil.copytree(workspace, fresh)
    path = tmp_path / "runs" / "one.jsonl"
    with JsonlSink(path) as sink:
        first = run(workspace, fixing(), sink)
    again = run(fresh, ReplayBackend(path))
    assert again == first
    records = read_records(path)
    assert [record["type"] for record in records] == [
        "start", "turn", "tool", "turn", "tool", "tool", "turn", "end",
    ]  # fmt: skip
    assert records[-1]["patch"] == first.patch
    assert records[1]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert records[1]["answer"]["tool_calls"][0]["function"]["name"] == "read_file"


def test_a_replay_that_differs_is_told(workspace: Path, tmp_path: Path) -> None:
    """Another task, other tool results, or one answer too many: never a wrong answer."""
    with JsonlSink(tmp_path / "t.jsonl") as sink:
        run(workspace, fixing(), sink)
    turns = read_trajectory(tmp_path / "t.jsonl")
    changed = run(workspace, ReplayBackend(turns))  # app.py is already fixed
    assert changed.stop is Stop.BACKEND
    assert "recorded as" in (changed.error or "")
    loose = run(workspace, ReplayBackend(turns, loose=True))
    assert loose.stop is Stop.DONE

    async def ask(backend: ReplayBackend, *messages: Message) -> None:
        async for _ in backend.stream(Request(messages)):
            pass

    with pytest.raises(ReplayMismatchError, match="message 0 of request 1"):
        asyncio.run(ask(ReplayBackend(turns), Message("user", "other")))
    with pytest.raises(ReplayMismatchError, match="0 answers"):
        asyncio.run(ask(ReplayBackend(()), Message("user", "x")))


@pytest.mark.parametrize(
    ("budget", "stop", "steps"),
    [
        pytest.param(Budget(steps=3), Stop.STEPS, 3, id="steps"),
        pytest.param(Budget(cost=1.0), Stop.COST, 2, id="cost"),
        pytest.param(Budget(tokens=40), Stop.TOKENS, 3, id="tokens"),
        pytest.param(Budget(steps=0), Stop.STEPS, 0, id="none-at-all"),
    ],
)
def test_a_budget_ends_a_model_that_does_not(
    workspace: Path, budget: Budget, stop: Stop, steps: int
) -> None:
    """Before the next question is asked; the patch so far is there."""
    sink = MemorySink()
    outcome = run(workspace, Answers(), sink, budget=budget)
    assert (outcome.stop, outcome.steps) == (stop, steps)
    assert sink.records[-1]["stop"] == stop.value


class Slow(Answers):
    async def stream(self, request: Request) -> AsyncIterator[Event]:
        await asyncio.sleep(30)
        yield Text("late")


def test_the_time_limit_ends_a_model_that_hangs(workspace: Path) -> None:
    """Also in the middle of an answer."""
    assert run(workspace, Slow(), budget=Budget(seconds=0.2)).stop is Stop.TIME


def test_cancelling_keeps_the_records(workspace: Path) -> None:
    """The end is recorded, and the cancellation goes on to the caller."""
    sink = MemorySink()

    async def give_up() -> None:
        loop = AgentLoop(Slow(), WorkspaceEnvironment(AgentTools(workspace)), sink)
        await asyncio.wait_for(loop.run("x"), 0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert sink.records[-1]["stop"] == "cancelled"


def test_a_stop_condition(workspace: Path) -> None:
    """As when the tests pass."""
    outcome = run(workspace, Answers(), until=lambda done, results: results[0].success)
    assert (outcome.stop, outcome.steps) == (Stop.CONDITION, 1)


def test_a_model_that_fails_ends_the_task_with_its_reason(workspace: Path) -> None:
    """What was changed before is in the patch."""
    model = Answers([call("write_file", path="a.txt", content="a")], BackendError("out of memory"))
    outcome = run(workspace, model)
    assert (outcome.stop, outcome.error) == (Stop.BACKEND, "out of memory")
    assert "a.txt" in outcome.patch


def test_a_wrong_call_is_corrected_by_the_model(workspace: Path) -> None:
    """What is wrong comes back as the tool's result."""
    model = Answers([call("reed_file", path="x")], [ToolCall("read_file", "{")], [Text("ok")])
    outcome = run(workspace, model)
    assert outcome.stop is Stop.DONE
    told = [m.content for m in model.asked[-1].messages if m.role == "tool"]
    assert "unknown tool 'reed_file'" in told[0]
    assert "not JSON" in told[1]


@given(
    st.lists(
        st.builds(
            Message,
            st.sampled_from(["user", "assistant", "tool"]),
            st.integers(0, 3000).map(lambda size: "x\n" * (size // 2)),
        ),
        max_size=20,
    ),
    st.integers(0, 20_000),
)
def test_compaction_shortens_old_tool_results_alone(messages: list[Message], most: int) -> None:
    """Order, roles and everything that was asked or said stay; no message disappears."""
    short = compacted(messages, most)
    assert [m.role for m in short] == [m.role for m in messages]
    assert short[-6:] == tuple(messages[-6:])
    for before, after in zip(messages, short, strict=True):
        assert before == after or before.role == "tool"
        assert len(after.content) <= len(before.content)
    if sum(len(m.content) for m in messages) <= most:
        assert short == tuple(messages)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param('{"type": "turn"}\n', "line 1: no trajectory record", id="incomplete"),
        pytest.param("oops\n{}\n", "line 1: not JSON", id="not-json"),
        pytest.param("[1]\n", "line 1: no trajectory record", id="a-list"),
    ],
)
def test_a_broken_trajectory_names_the_line(tmp_path: Path, text: str, says: str) -> None:
    """A last line that was cut off is left out; anything else is an error."""
    path = tmp_path / "t.jsonl"
    path.write_text(text)
    with pytest.raises(TrajectoryError, match=says):
        read_trajectory(path)
    path.write_text('{"type": "start"}\n{"type": "tu')
    assert read_trajectory(path) == ()
    with pytest.raises(TrajectoryError, match="cannot be read"):
        read_trajectory(tmp_path / "none")


def test_the_loop_is_short() -> None:
    """Under 200 lines: it is read, not only used."""
    import swarmcode_agent.loop

    assert len(Path(swarmcode_agent.loop.__file__).read_text().splitlines()) < 200
