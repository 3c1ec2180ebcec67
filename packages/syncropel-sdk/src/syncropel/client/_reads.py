"""Reading: every question the server answers, fail-open unless asked to be strict."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, cast

from .. import reads
from ..errors import InferRejectedError, InferTimeoutError, InvalidArgumentError, ReadFailedError
from ..inference import (
    InferOptions,
    InferPending,
    InferResult,
    build_infer_query_body,
    find_infer_result,
)
from ..reads import Failure, Read
from ..records import random_thread_id
from ._emits import Emits

_LARGEST_PAGE: Final = 1_000


class Reads(Emits):
    """The reading half of the client.

    A failed read is an empty answer. `last_error` tells it from a true one, and
    `Client(strict=True)` raises `ReadFailedError` instead.
    """

    async def query_thread(
        self, thread: str, *, limit: int = 100, since: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the records of a thread, those with a clock above `since`."""
        read = reads.thread_records(thread, limit=limit, since=since, most=self._most)
        return await self._list(read)

    async def query(
        self,
        *,
        kind: str | None = None,
        actor: str | None = None,
        thread: str | None = None,
        since: int | None = None,
        limit: int = 100,
        where: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Return records by actor, thread and clock; then keep those of `kind` and `where`.

        `kind` and `where` (dotted paths, such as `body.title`) are applied here, to what the
        server returned within `limit`. `rich_query` filters on the server.
        """
        if kind is None and actor is None and thread is None:
            raise InvalidArgumentError(
                "query requires at least one of: kind, actor, thread", field="kind"
            )
        read = reads.filtered_records(
            thread=thread, actor=actor, since=since, limit=limit, most=self._most
        )
        return [record for record in await self._list(read) if reads.matches(record, kind, where)]

    async def get_record(self, record_id: str) -> dict[str, Any] | None:
        """Return one record, or None where the server has none or could not be asked."""
        value = await self._ask(reads.one_record(record_id, most=self._most), missing=404)
        return value if isinstance(value, dict) else None

    async def thread_state(self, thread: str) -> dict[str, Any]:
        """Return a thread at a glance (`actor_clocks`), or `{}`."""
        return _dict(await self._ask(reads.thread_state(thread, most=self._most)))

    async def changes(
        self,
        *,
        thread: str | None = None,
        since: str | int | None = None,
        limit: int = 100,
        feed: str | None = None,
    ) -> dict[str, Any]:
        """Return what was stored after a cursor: `records`, `next_cursor`, `has_more`."""
        read = reads.changes(thread=thread, since=since, limit=limit, feed=feed, most=self._most)
        value = _dict(await self._ask(read))
        if not isinstance(value.get("records"), list):
            return {"records": [], "next_cursor": None, "has_more": False}
        return value

    async def capabilities(self) -> dict[str, Any]:
        """Return what the server offers, or `{}`."""
        read = reads.plain("capabilities", "/v1/capabilities", most=self._most)
        return _dict(await self._ask(read))

    async def health(self) -> dict[str, Any]:
        """Return the server's health, or `{}`."""
        return _dict(await self._ask(reads.plain("health", "/health", most=self._most)))

    async def rich_query(
        self,
        *,
        filter: dict[str, Any],  # noqa: A002 (the published name)
        thread: str | None = None,
        sort: dict[str, int] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        explain: bool = False,
    ) -> dict[str, Any]:
        """Query with operators ($eq, $in, $like, $and, …) on the server.

        Returns `records`, and what the server says of them: `capped`, `matched_total`, `explain`.
        """
        read = reads.posted(
            "rich_query",
            "/v1/records/query",
            {
                "filter": filter, "thread": thread, "sort": sort, "limit": limit,
                "offset": offset, "explain": explain or None,
            },
            most=self._most,
        )  # fmt: skip
        value = await self._ask(read)
        answer: dict[str, Any] = {"records": reads.records_in(value)}
        for name in ("capped", "matched_total", "explain"):
            if isinstance(value, dict) and name in value:
                answer[name] = value[name]
        return answer

    async def search(
        self,
        query: str,
        *,
        k: int = 10,
        thread: str | None = None,
        actor: str | None = None,
        kind: str | None = None,
        after_clock: int | None = None,
    ) -> dict[str, Any]:
        """Search for words; `disabled` is True where the server has no search."""
        read = reads.posted(
            "search",
            "/v1/records/search",
            {
                "query": query, "k": k, "thread": thread, "actor": actor, "kind": kind,
                "after_clock": after_clock,
            },
            most=self._most,
        )  # fmt: skip
        value = await self._ask(read, missing=503)
        answer = {"embedder": None, "k": k, "hits": reads.records_in(value)}
        if isinstance(value, dict):
            answer.update({name: value[name] for name in ("embedder", "k") if name in value})
        if value is _MISSING:
            answer["disabled"] = True
        return answer

    async def infer(
        self, request: dict[str, Any], options: InferOptions | None = None
    ) -> InferResult | InferPending:
        """Ask for an inference and wait for its answer.

        Raises:
            InferRejectedError: the question was not accepted (also a RuntimeError).
            InferTimeoutError: no answer in time (also a TimeoutError); it carries the ids to
                look for it later.

        Neither with `InferOptions(fail_open=True)`: then the failure is in what it returns.
        """
        options = options or InferOptions()
        try:
            pending = await self.intend_inference(request, thread=options.thread)
            return await self._answer_to(pending, options) if options.wait else pending
        except (InferRejectedError, InferTimeoutError) as error:
            self.last_error = Failure("infer", str(error))
            if not options.fail_open:
                raise
            still_asked = isinstance(error, InferTimeoutError)
            return InferPending(error.correlation_id, error.thread_id, still_asked, str(error))

    async def intend_inference(
        self, request: dict[str, Any], *, thread: str | None = None
    ) -> InferPending:
        """Ask for an inference without waiting.

        Raises:
            InferRejectedError: the question was not accepted.
        """
        body = build_infer_query_body(request)
        where = random_thread_id() if thread is None else thread
        asked = await self.emit(act="INTEND", kind=body["kind"], body=body, thread=where)
        if not asked.success:
            raise InferRejectedError(
                f"infer intend rejected ({asked.error})",
                correlation_id=asked.local_id or "",
                thread_id=where,
            )
        return InferPending(asked.record_id or "", asked.thread)

    async def _answer_to(self, pending: InferPending, options: InferOptions) -> InferResult:
        """Look into the thread until the answer is there; a look that fails is one look less."""
        loop = asyncio.get_running_loop()
        until = loop.time() + options.poll_timeout_ms / 1_000
        read = reads.thread_records(
            pending.thread_id, limit=_LARGEST_PAGE, since=None, most=self._most
        )
        while not self._closed:
            value, self.last_error = await reads.ask(read, self._engine().exchange)
            asked = await self._current_id(pending.correlation_id)
            result = find_infer_result(reads.records_in(value), asked)
            if result is not None:
                return result
            if loop.time() >= until:
                break
            await asyncio.sleep(options.poll_interval_ms / 1_000)
        raise InferTimeoutError(
            f"infer timed out after {options.poll_timeout_ms}ms — "
            f"correlation_id={pending.correlation_id} thread={pending.thread_id}",
            correlation_id=pending.correlation_id,
            thread_id=pending.thread_id,
        )

    async def _current_id(self, record_id: str) -> str:
        """Follow a question that got another id on its way out of the spool."""
        if self.spool is None:
            return record_id
        return await asyncio.to_thread(self.spool.current_id, record_id)

    @property
    def _most(self) -> int:
        return self._settings.limits.max_answer_bytes

    async def _list(self, read: Read) -> list[dict[str, Any]]:
        value = await self._ask(read)
        if value is not None and not reads.is_list(value):
            self._fail(Failure(read.operation, "the answer is no list"))
        return reads.records_in(value)

    async def _ask(self, read: Read, *, missing: int | None = None) -> Any:
        """Ask once; None (or `_MISSING`, for the status that means so) where there is no answer."""
        if self._closed:
            self._fail(Failure(read.operation, "the client is closed"))
            return None
        value, failure = await reads.ask(read, self._engine().exchange)
        if failure is not None and failure.status is not None and failure.status == missing:
            self.last_error = failure
            return _MISSING
        self._fail(failure)
        return value

    def _fail(self, failure: Failure | None) -> None:
        self.last_error = failure
        if failure is not None and self.strict:
            raise ReadFailedError(failure.error, operation=failure.operation, status=failure.status)


_MISSING = object()


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
