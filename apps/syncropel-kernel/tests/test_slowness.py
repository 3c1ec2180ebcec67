"""Clients that are slow, greedy or silent on purpose, on raw sockets."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from .serving import Server, Stream, limited, record

POST = b"POST /v1/records HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"


def connected(server: Server, *, receive_buffer: int | None = None) -> socket.socket:
    url = urlsplit(server.url)
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(20)
    client.connect((url.hostname, url.port))
    return client


def test_a_body_that_does_not_arrive_is_408(db: Path) -> None:
    """The answer comes after the limit, and the connection ends."""
    with limited(db, body_s=0.3) as server, connected(server) as client:
        client.sendall(POST)
        answer = b""
        while piece := client.recv(65_536):
            answer += piece
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"BODY_TOO_SLOW"' in answer


def test_a_head_that_does_not_arrive_ends_the_connection(db: Path) -> None:
    """Neither silence, nor half a head, nor a head without end keeps a connection."""
    with limited(db, head_s=0.3) as server:
        for begun in (
            b"",
            b"GET /health HTTP/1.1\r\nx: ",
            b"GET /health HTTP/1.1\r\nx: " + b"y" * 200_000,
        ):
            with connected(server) as client:
                started = time.monotonic()
                try:
                    client.sendall(begun)
                    assert client.recv(100) == b""
                except ConnectionError:
                    pass
                assert time.monotonic() - started < 10
        with server.http() as http:
            assert http.get("/health").status_code == 200


def test_a_caller_that_goes_away_does_not_take_its_record(db: Path) -> None:
    """What was received whole is stored, whether or not somebody waits for the answer."""
    body = b'{"act":"PUT","actor":"did:a","body":{},"clock":1,"thread":"t"}'
    with limited(db) as server, server.http() as http:
        with connected(server) as client:
            head = f"POST /v1/records HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
        until = time.monotonic() + 10
        while http.get("/health").json()["records"] == 0 and time.monotonic() < until:
            time.sleep(0.02)
        assert http.get("/health").json()["records"] == 1


def test_a_watcher_that_takes_nothing_is_cut_off(db: Path) -> None:
    """It is counted and its connection ends; another watcher hears everything meanwhile."""
    with (
        limited(db, stall_s=0.5) as server,
        server.http() as http,
        connected(server, receive_buffer=4_096) as stuck,
        Stream(server, "t") as good,
    ):
        stuck.sendall(b"GET /v1/threads/t/watch?since_clock=0 HTTP/1.1\r\nhost: x\r\n\r\n")
        stuck.recv(10)
        for n in range(1, 40):
            batch = [record(n, body={"x": "y" * 200_000})]
            assert http.post("/v1/records/batch", json={"records": batch}).status_code == 200
        told = good.take(39, of="record.created")
        assert [each["data"]["record"]["clock"] for each in told] == list(range(1, 40))
        until = time.monotonic() + 20
        while "syncropel_stalled_total 0.0" in (text := http.get("/metrics").text):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert "syncropel_stalled_total 1.0" in text
        assert "syncropel_watchers 1.0" in text


def test_a_reader_that_takes_nothing_is_cut_off(db: Path) -> None:
    """An answer of many megabytes that nobody reads is not kept for ever."""
    with limited(db, stall_s=0.5) as server, server.http() as http:
        for n in range(20):
            http.post("/v1/records", json=record(n, body={"x": "y" * 900_000}))
        with connected(server, receive_buffer=4_096) as stuck:
            stuck.sendall(b"GET /v1/records HTTP/1.1\r\nhost: x\r\n\r\n")
            until = time.monotonic() + 20
            while "syncropel_stalled_total 1.0" not in http.get("/metrics").text:
                assert time.monotonic() < until
                time.sleep(0.05)
