"""One HTTP exchange over httpx, bounded in time and size, that never raises.

Redirects are not followed: a record goes to the endpoint it was meant for or nowhere, and a
redirect is what captive portals answer with.
"""

import asyncio
import ssl
from typing import Any, Final
from urllib.request import getproxies

import httpx

from .answers import Answer, Broken
from .plan import Call
from .settings import Settings

_REMEMBERED_URLS: Final = 64
_NEVER_AGAIN = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Wire:
    """A connection pool of one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: httpx.AsyncClient | None = None
        self._transport: httpx.AsyncBaseTransport | None = None
        self._requests = Requests(settings)

    async def exchange(
        self, call: Call, *, seconds: float, headers: dict[str, str] | None = None
    ) -> Answer | Broken:
        """Make the call; whatever goes wrong comes back as a `Broken`."""
        if seconds <= 0:
            return Broken("TimeoutError: the deadline has passed", again=False, doubtful=False)
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(call, headers, seconds)
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

    async def _exchange(
        self, call: Call, headers: dict[str, str] | None, seconds: float
    ) -> Answer | Broken:
        response = await self._send(call, headers, seconds)
        try:
            refused = unasked_encoding(response)
            if refused is not None:
                return refused
            body = await _read(response, call.max_answer)
        finally:
            await response.aclose()
        if body is None:
            return Broken(f"AnswerTooLarge: more than {call.max_answer} bytes", again=False)
        return Answer(response.status_code, body, response.headers)

    async def _send(
        self, call: Call, headers: dict[str, str] | None, seconds: float
    ) -> httpx.Response:
        """Hand the request to the transport itself, past what a client would add to it.

        Cookies, redirects, authentication flows and logging have no part in these exchanges
        and take a third of their time. Proxies have, so with one set the client sends.
        """
        http = self._client()
        request = self._requests.build(call, seconds=seconds, headers=headers)
        if self._transport is not None:
            return await self._transport.handle_async_request(request)
        response = await http.send(request, stream=True, follow_redirects=False)
        http.cookies.clear()
        return response

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            settings = self._settings
            limits = connection_limits(settings)
            verify = verification(settings)
            self._transport = _adapted(settings.transport)
            if self._transport is None and not getproxies():
                self._transport = httpx.AsyncHTTPTransport(verify=verify, limits=limits)
            self._http = httpx.AsyncClient(
                transport=self._transport,
                headers=settings.headers,
                timeout=settings.policy.timeout_s,
                verify=verify,
                limits=limits,
            )
        return self._http


class Requests:
    """Builds requests, with what every request to one server has in common."""

    def __init__(self, settings: Settings) -> None:
        self._endpoint = settings.endpoint
        self._headers = httpx.Headers(settings.headers)
        self._urls: dict[str, httpx.URL] = {}

    def build(
        self, call: Call, *, seconds: float, headers: dict[str, str] | None = None
    ) -> httpx.Request:
        """Return the request of a call that may take so long."""
        return httpx.Request(
            call.method,
            self._url(call.path),
            headers=self._headers if headers is None else {**self._headers, **headers},
            content=call.content or None,
            extensions={"timeout": _patience(seconds)},
        )

    def _url(self, path: str) -> httpx.URL:
        """Parse an address; the few that are used all the time only once."""
        url = self._urls.get(path)
        if url is None:
            url = httpx.URL(f"{self._endpoint}{path}")
            if len(self._urls) < _REMEMBERED_URLS:
                self._urls[path] = url
        return url


def unasked_encoding(response: httpx.Response) -> Broken | None:
    """Refuse an answer that is compressed: it was not asked for, and may unpack to anything."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding == "identity":
        return None
    return Broken(f"DecodingError: nobody asked for {encoding[:40]!r}", again=False)


def connection_limits(settings: Settings) -> httpx.Limits:
    """Keep a few connections; reads and subscriptions come beside those that send."""
    return httpx.Limits(
        max_connections=None, max_keepalive_connections=settings.limits.max_connections + 2
    )


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


def _patience(seconds: float) -> dict[str, float]:
    """Let connecting and the TLS handshake give up by themselves before all is cancelled.

    A handshake that is cancelled, instead of timed out, leaves its socket open.
    """
    return {"connect": seconds * 0.4, "read": seconds, "write": seconds, "pool": seconds * 0.9}


def verification(settings: Settings) -> Any:
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
