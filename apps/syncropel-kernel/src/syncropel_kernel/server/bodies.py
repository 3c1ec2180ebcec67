"""Reading a request's body, within a size and a time."""

import asyncio

from starlette.types import Receive, Scope

from syncropel.kernel import Refusal


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


async def read_body(
    scope: Scope, receive: Receive, *, most: int, seconds: float
) -> bytes | Refusal:
    """Return the whole body, or why it is not taken.

    Raises:
        ClientGoneError: nobody waits for an answer any more.
    """
    too_large = Refusal(413, "BODY_TOO_LARGE", f"at most {most} bytes")
    if _announced(scope) > most:
        return too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                body += message.get("body", b"")
                if len(body) > most:
                    return too_large
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        return Refusal(408, "BODY_TOO_SLOW", f"the body was not here after {seconds:g} s")


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
    return 0
