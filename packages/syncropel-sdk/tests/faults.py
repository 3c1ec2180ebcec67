"""The faults a server or a network can show: each an answer that no kernel would give."""

import asyncio
import gzip
import json
from collections.abc import Callable

from syncropel.kernel import Kernel, Request, answer

Fault = Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], object]


def http(status: int, body: bytes = b"", headers: str = "", *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status} X\r\ncontent-length: {size}\r\n{headers}\r\n".encode() + body


def says(data: bytes) -> Fault:
    async def fault(request: Request, reader: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        await writer.drain()
        return True

    return fault


def answers(status: int, value: object = None, headers: str = "") -> Fault:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return says(http(status, body, headers))


def error(status: int, code: str, headers: str = "") -> Fault:
    value = {"object": "error", "type": "x", "code": code, "message": "no"}
    return answers(status, value, headers)


async def reset(request: Request, reader: object, writer: asyncio.StreamWriter) -> bool:
    writer.transport.abort()
    return True


async def half_closed(
    request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    writer.write_eof()
    await asyncio.sleep(5)
    return True


async def silent(request: Request, reader: object, writer: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(5)
    return True


def drips(data: bytes) -> Fault:
    async def fault(request: Request, reader: object, writer: asyncio.StreamWriter) -> bool:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)
        return True

    return fault


def floods(head: bytes, chunk: bytes) -> Fault:
    async def fault(request: Request, reader: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(head)
        for _ in range(4_000):
            writer.write(chunk)
            await writer.drain()
        return True

    return fault


def stores_and_then(kernel: Kernel, then: Fault) -> Fault:
    """The record arrives; the acknowledgement does not."""

    async def fault(request: Request, reader: object, writer: asyncio.StreamWriter) -> bool:
        answer(kernel, request)
        return await then(request, reader, writer)

    return fault


HTML = b"<!doctype html><title>Welcome to our WLAN</title>"
ID = b'{"id":"' + b"0" * 64 + b'"}'
CHUNKED = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n"
DUPLICATE = {"error": "INGEST_FAILED", "message": "DuplicateClock: thread=t actor=a clock=1"}

FAULTS: dict[str, Fault] = {
    "connection-reset": reset,
    "closed-without-answer": says(b""),
    "half-closed-socket": half_closed,
    "silence": silent,
    "cut-in-the-status-line": says(b"HTTP/1.1 20"),
    "cut-in-the-headers": says(b"HTTP/1.1 200 OK\r\ncontent-le"),
    "cut-in-the-body": says(http(200, ID[:20], length=500)),
    "cut-in-a-chunk": says(CHUNKED + b"ff\r\n{"),
    "slow-loris-headers": drips(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200),
    "slow-loris-body": drips(http(200, b"{" + b" " * 200)),
    "captive-portal-200": says(http(200, HTML, "content-type: text/html\r\n")),
    "captive-portal-302": answers(302, HTML, "location: http://127.0.0.1:9/login\r\n"),
    "captive-portal-511": answers(511, HTML),
    "redirect-307-elsewhere": answers(307, b"", "location: http://127.0.0.1:9/\r\n"),
    "redirect-301-to-itself": answers(301, b"", "location: /v1/records\r\n"),
    "redirect-without-location": answers(308, b""),
    "giant-body": floods(CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n"),
    "giant-announced-body": says(http(200, b"{", length=10**12)),
    "giant-header": floods(b"HTTP/1.1 200 OK\r\nx: ", b"y" * 65_536),
    "endless-headers": floods(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 10_000),
    "endless-1xx": floods(b"", b"HTTP/1.1 103 Early\r\n\r\n" * 100),
    "wrong-content-type": says(http(200, b"id=1", "content-type: image/png\r\n")),
    "json-array": answers(200, [1]),
    "json-text": answers(200, "ok"),
    "json-null": answers(200, None),
    "json-too-deep": says(http(200, b"[" * 100_000)),
    "json-huge-number": says(http(200, b'{"id":' + b"9" * 9_000 + b"}")),
    "json-half-surrogate": says(http(200, b'{"id":"\\ud800"}')),
    "invalid-utf8": says(http(200, b'{"id":"\xff\xfe"}')),
    "another-id": says(http(201, ID)),
    "no-id": answers(201, {}),
    "no-content-204": says(b"HTTP/1.1 204 X\r\n\r\n"),
    "accepted-202": answers(202, {"status": "queued"}),
    "unasked-gzip": says(http(200, gzip.compress(ID), "content-encoding: gzip\r\n")),
    "gzip-bomb": says(http(200, gzip.compress(b" " * 10_000_000), "content-encoding: gzip\r\n")),
    "no-http-at-all": says(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "binary-noise": says(bytes(range(256)) * 4),
    "wrong-chunk-sizes": says(CHUNKED + b"zz\r\n{}\r\n"),
    "negative-content-length": says(b"HTTP/1.1 200 X\r\ncontent-length: -5\r\n\r\n"),
    "cookie-bomb": answers(500, b"", "set-cookie: a=" + "b" * 4_000 + "\r\n"),
    "unauthorized-401": error(401, "AUTH_REQUIRED"),
    "forbidden-403": error(403, "SCOPE_FORBIDDEN"),
    "proxy-wants-login-407": answers(407, HTML),
    "not-found-404": answers(404, HTML),
    "method-not-allowed-405": answers(405, HTML),
    "request-timeout-408": answers(408, b""),
    "too-many-429": error(429, "SLOW_DOWN", "retry-after: 0\r\n"),
    "too-many-429-for-a-day": error(429, "SLOW_DOWN", "retry-after: 86400\r\n"),
    "too-many-429-nonsense": error(429, "SLOW_DOWN", "retry-after: soon\r\n"),
    "server-error-500": answers(500, HTML),
    "not-implemented-501": answers(501, HTML),
    "bad-gateway-502": answers(502, HTML),
    "unavailable-503": answers(503, HTML),
    "gateway-timeout-504": answers(504, HTML),
    "store-full-507": error(507, "STORE_CEILING_REACHED"),
    "status-999": answers(999, b""),
}
