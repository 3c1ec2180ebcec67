"""`syncropel tail`: a thread as it grows."""

import asyncio
import json
from typing import Annotated, Any

import typer

from syncropel import Client, Identity, SubscribeError, SyncropelError

from .options import LOCAL, ApiKey, AsJson, Endpoint
from .render import fail, record_line, visible


def tail(
    thread: Annotated[str, typer.Argument(help="The thread.")],
    *,
    since: Annotated[
        int | None, typer.Option(min=0, help="Begin after this clock.", show_default="now")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="End after so many.", show_default="never")
    ] = None,
    endpoint: Endpoint = LOCAL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Print records as they arrive, across restarts of the server, until interrupted."""
    follower = _Follower(count, as_json=as_json)
    try:
        last = asyncio.run(follower.follow(thread, since, endpoint, api_key))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except SyncropelError as error:
        fail(visible(str(error)))
    if last is not None:
        fail(visible(str(last)))


class _Follower:
    """Prints what it is told, and knows when it has seen enough."""

    def __init__(self, count: int | None, *, as_json: bool) -> None:
        self._left = count
        self._as_json = as_json
        self._done = asyncio.Event()
        self._last: SubscribeError | None = None

    async def follow(
        self, thread: str, since: int | None, endpoint: str, api_key: str | None
    ) -> SubscribeError | None:
        """Follow until enough was seen; returns why it ended before that."""
        me = Identity.static("did:syncropel:cli")
        async with Client(endpoint=endpoint, identity=me, api_key=api_key) as client:
            subscription = client.subscribe(
                thread, self._show, since_clock=since, on_error=self._remark
            )
            closed = asyncio.create_task(subscription.wait_closed())
            enough = asyncio.create_task(self._done.wait())
            await asyncio.wait((closed, enough), return_when=asyncio.FIRST_COMPLETED)
            enough.cancel()
            subscription.close()
            await closed
        return self._last

    def _show(self, record: dict[str, Any]) -> None:
        if self._left == 0:
            return
        typer.echo(json.dumps(record, ensure_ascii=False) if self._as_json else record_line(record))
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self._done.set()

    def _remark(self, error: SubscribeError) -> None:
        if error.next_retry_s is None:
            self._last = error
        else:
            typer.echo(f"{visible(str(error))}; trying again", err=True)
