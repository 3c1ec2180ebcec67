"""`syncropel spool` against a real file and a real server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from syncropel import Client, Identity, Limits
from syncropel.kernel import Kernel
from syncropel.testing import LoopbackServer
from syncropel_kernel.app import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["spool", *map(str, arguments)])


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A spool with three records that a client without a server has accepted."""
    path = tmp_path / "spool.db"
    with Client(
        endpoint="http://127.0.0.1:1",
        identity=Identity.static("did:test:me"),
        spool=path,
        max_retries=0,
        limits=Limits(deadline_s=1),
    ) as client:
        for n in range(3):
            assert client.emit_sync(
                act="PUT", kind="test.case.record", body={"n": n}, thread="t", clock=n
            ).success
    return path


def test_looking(spool: Path) -> None:
    """Counts, a list and one record, for people and for programs."""
    assert run("status", spool).stdout.startswith("3 waiting, the oldest for ")
    assert json.loads(run("status", spool, "--json").stdout)["pending"] == 3
    listed = json.loads(run("list", spool, "--json").stdout)
    assert [record["thread"] for record in listed] == ["t"] * 3
    text = run("list", spool, "--state", "pending", "--limit", 2).stdout.splitlines()
    assert text[0].split() == ["id", "state", "age", "thread", "kind", "reason"]
    assert len(text) == 3
    assert run("list", spool, "--state", "parked").stdout == "nothing here\n"
    shown = run("show", spool, listed[1]["id"][:10])
    assert '"n": 1' in shown.stdout
    assert json.loads(run("show", spool, listed[1]["id"], "--json").stdout)["record"]["clock"] == 1


def test_flushing(spool: Path) -> None:
    """What waits is sent; what is refused is parked; what nobody takes is said and exits 1."""
    nobody = run("flush", spool, "--endpoint", "http://127.0.0.1:1", "--seconds", 1)
    assert nobody.exit_code == 1
    assert "3 could not be sent: ConnectError" in nobody.stderr
    kernel = Kernel()
    kernel.ingest({"act": "PUT", "actor": "did:test:me", "body": {}, "clock": 1, "thread": "t"})
    with LoopbackServer(kernel) as server:
        done = run("flush", spool, "--endpoint", server.url, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {"sent": 2, "left": 0, "parked": 1}
    assert kernel.store.count() == 3
    assert "DuplicateClock" in run("list", spool, "--state", "parked").stdout


def test_dropping(spool: Path) -> None:
    """Giving up takes a decision: what, and yes."""
    first = json.loads(run("list", spool, "--json").stdout)[0]["id"]
    assert run("drop", spool).exit_code == 2
    assert run("drop", spool, first[:12]).exit_code == 1
    assert run("drop", spool, first[:12], "--yes").stdout == "1 given up\n"
    assert json.loads(run("drop", spool, "--all", "--yes", "--json").stdout) == {"dropped": 2}
    assert "3 given up: asked" in run("status", spool).stdout


@pytest.mark.parametrize("command", ["status", "list", "flush", "drop", "show"])
def test_no_spool(command: str, tmp_path: Path) -> None:
    """A path without a spool is one clear line; nothing is created there."""
    (tmp_path / "text").write_text("this is no database, it only looks like a file")
    more = {"drop": ["--all", "--yes"], "show": ["00"]}.get(command, [])
    for path in (tmp_path / "nothing", tmp_path / "text"):
        answer = run(command, path, *more)
        assert answer.exit_code == 2
        assert answer.stderr.startswith("error: ")
        assert path.name in answer.stderr
        assert "Traceback" not in answer.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["text"]
