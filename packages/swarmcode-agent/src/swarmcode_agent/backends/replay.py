"""Answer from a recorded trajectory, as long as the conversation is the one that was recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from ..errors import ReplayMismatchError
from ..toolcalls import Text
from ..trajectory import Turn, read_trajectory
from .model import Event, Finished, Message, Request


class ReplayBackend:
    """The answers of a trajectory, in their order.

    Every request must carry the messages that were recorded before the answer; otherwise
    ReplayMismatchError names the first that differs. With `loose`, tool results may differ, as
    when the same trajectory runs in another folder.
    """

    def __init__(self, trajectory: str | Path | tuple[Turn, ...], *, loose: bool = False) -> None:
        turns = trajectory if isinstance(trajectory, tuple) else read_trajectory(trajectory)
        self.name = "replay"
        self._turns, self._loose, self._next = turns, loose, 0

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Give the next recorded answer."""
        if self._next >= len(self._turns):
            raise ReplayMismatchError(
                f"the trajectory has {len(self._turns)} answers, and one more was asked for"
            )
        turn = self._turns[self._next]
        self._compare(turn.prompt, request.messages)
        self._next += 1
        if turn.answer.content:
            yield Text(turn.answer.content)
        for call in turn.answer.calls:
            yield call
        yield Finished("tool_calls" if turn.answer.calls else "stop", turn.usage)

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _compare(self, recorded: tuple[Message, ...], asked: tuple[Message, ...]) -> None:
        for number, (was, is_now) in enumerate(zip(recorded, asked, strict=False)):
            same = was.role == is_now.role if self._loose and was.role == "tool" else was == is_now
            if not same:
                raise ReplayMismatchError(
                    f"message {number} of request {self._next + 1} is {is_now.content[:80]!r} "
                    f"({is_now.role}), and was recorded as {was.content[:80]!r} ({was.role})"
                )
        if len(recorded) != len(asked):
            raise ReplayMismatchError(
                f"request {self._next + 1} has {len(asked)} messages, and {len(recorded)} recorded"
            )
