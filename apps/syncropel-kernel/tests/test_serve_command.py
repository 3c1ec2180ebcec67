"""How `syncropel serve` starts, and how it refuses to."""

import socket
import subprocess
from pathlib import Path

import pytest

from .serving import COMMAND, record, serving


def refused(*arguments: object) -> str:
    """Return the one line of a server that does not start."""
    done = subprocess.run(
        [COMMAND, "serve", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_records_are_where_people_keep_data(tmp_path: Path) -> None:
    """Without --db the file is made among a person's data; a second life finds it."""
    for clock in (1, 2):
        with (
            serving(None, XDG_DATA_HOME=str(tmp_path), SYNCROPEL_DB="") as server,
            server.http() as http,
        ):
            assert http.post("/v1/records", json=record(clock)).status_code == 201
            assert http.get("/health").json()["records"] == clock
    assert (tmp_path / "syncropel" / "kernel.db").is_file()


def test_a_damaged_store_is_one_line(db: Path) -> None:
    """The file is named, left as it is, and the way out is said."""
    db.write_bytes(b"this is no database" * 1_000)
    before = db.read_bytes()
    line = refused("--db", db, "--port", 0)
    assert str(db) in line
    assert "backup" in line
    assert db.read_bytes() == before


def test_a_taken_address_is_one_line(db: Path) -> None:
    """The address is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in refused("--db", db, "--port", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_nobody_else_is_let_in_without_keys(db: Path, host: str) -> None:
    """An address that others can reach needs API keys, and says how to make one."""
    assert "syncropel keys create" in refused("--db", db, "--port", 0, "--host", host)


def test_pages_of_other_sites_stay_out(db: Path) -> None:
    """A browser that was lured here names a strange origin, or a strange host: 403 for both."""
    with serving(db) as server, server.http() as http:
        for headers, code in (
            ({"origin": "https://evil.example"}, "ORIGIN_FORBIDDEN"),
            ({"origin": "null"}, "ORIGIN_FORBIDDEN"),
            ({"host": "rebound.example"}, "HOST_FORBIDDEN"),
            ({"host": "rebound.example", "origin": "http://rebound.example"}, "HOST_FORBIDDEN"),
        ):
            answer = http.post("/v1/records", json=record(1), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, code)
        for path in ("/metrics", "/health", "/v1/records"):
            assert http.get(path, headers={"host": "rebound.example"}).status_code == 403
        assert http.get("/health", headers={"origin": server.url}).json()["records"] == 0
