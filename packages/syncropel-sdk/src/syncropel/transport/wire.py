"""One HTTP exchange over httpx, bounded in time and size, that never raises.

Redirects are not followed: a record goes to the endpoint it was meant for or nowhere, and a
redirect is what captive portals answer with.
"""

import asyncio
import ssl
from typing import Any
from urllib.request import getproxies

import httpx

from .answers import Answer, Broken
from .plan import Call
from .settings import Settings

_NEVER_AGAIN = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Wire:
    """A connection pool of one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: httpx.AsyncClient | None = None

    async def exchange(
        self, call: Call, *, seconds: float, headers: dict[str, str] | None = None
    ) -> Answer | Broken:
        """Make the call; whatever goes wrong comes back as a `Broken`."""
        if seconds <= 0:
            return Broken("TimeoutError: the deadline has passed", again=False, doubtful=False)
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(call, headers)
        except TimeoutError:
            return Broken(f"TimeoutError: no whole answer within {seconds:.1f} s")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return Broken("CancelledError: the transport gave up")
        except Exception as error:  # noqa: BLE001 (a transport may raise anything; emit must not)
            return broken(error)

    def stream_client(self) -> httpx.AsyncClient:
        """Return the pool itself, for answers that do not end."""
        return self._client()

    async def close(self) -> None:
        """Close every connection."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _exchange(self, call: Call, headers: dict[str, str] | None) -> Answer | Broken:
        http = self._client()
        request = http.build_request(
            call.method,
            f"{self._settings.endpoint}{call.path}",
            content=call.content or None,
            headers=headers,
        )
        response = await http.send(request, stream=True, follow_redirects=False)
        try:
            encoding = response.headers.get("content-encoding", "identity")
            if encoding != "identity":
                return Broken(f"DecodingError: nobody asked for {encoding[:40]!r}", again=False)
            body = await _read(response, call.max_answer)
        finally:
            await response.aclose()
            if http.cookies:
                http.cookies.clear()
        if body is None:
            return Broken(f"AnswerTooLarge: more than {call.max_answer} bytes", again=False)
        return Answer(response.status_code, body, response.headers)

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            settings = self._settings
            connections = settings.limits.max_connections
            self._http = httpx.AsyncClient(
                transport=_adapted(settings.transport),
                headers=settings.headers,
                timeout=settings.policy.timeout_s,
                verify=_verification(settings),
                limits=httpx.Limits(
                    # Reads and subscriptions come beside the connections that send.
                    max_connections=None,
                    max_keepalive_connections=connections + 2,
                ),
            )
        return self._http


def broken(error: Exception) -> Broken:
    """Sort an exception by whether trying again could help and whether anything was sent."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, _NEVER_AGAIN) or _is_certificate_fault(error):
        return Broken(text, again=False, doubtful=False)
    if isinstance(error, httpx.TransportError):
        return Broken(text, doubtful=not isinstance(error, _NOT_SENT))
    return Broken(text, again=isinstance(error, OSError))


def _is_certificate_fault(error: BaseException | None) -> bool:
    for _ in range(8):
        if error is None:
            return False
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _read(response: httpx.Response, limit: int) -> bytes | None:
    """Read the answer's bytes; None where there are more than `limit`."""
    if response.is_stream_consumed or hasattr(response, "_content"):
        return response.content if len(response.content) <= limit else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _verification(settings: Settings) -> Any:
    """Return what httpx shall verify with.

    Loading the certificate authorities takes longer than many a program lives. Where neither
    the endpoint nor a proxy can ever ask for them, they are not loaded.
    """
    if settings.endpoint.startswith("http://") and not getproxies():
        return False
    return settings.verify


def _adapted(
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None,
) -> httpx.AsyncBaseTransport | None:
    if transport is None or isinstance(transport, httpx.AsyncBaseTransport):
        return transport
    return _InThread(transport)


class _InThread(httpx.AsyncBaseTransport):
    """Carries out a transport that only blocks, in a worker thread."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await asyncio.to_thread(self._handle, request)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        response = self._transport.handle_request(request)
        content = response.read()
        headers = [
            (name, value)
            for name, value in response.headers.raw
            if name.lower() not in {b"content-encoding", b"transfer-encoding", b"content-length"}
        ]
        return httpx.Response(response.status_code, headers=headers, content=content)
