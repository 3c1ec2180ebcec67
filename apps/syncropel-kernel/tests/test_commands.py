"""The commands against a running server, as a person and as a program use them."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from syncropel import Identity
from syncropel.kernel import Kernel, SqliteStore
from syncropel_kernel.app import app

from .serving import COMMAND, Server, Stream, record, serving


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)


def asked(server: Server, *arguments: object, stdin: str | None = None) -> Result:
    return run(*arguments, "--endpoint", server.url, stdin=stdin)


def filled(db: Path, *records: dict) -> None:
    store = SqliteStore(db)
    Kernel(store).ingest_many(list(records))
    store.close()


def test_emit_and_look(server: Server) -> None:
    """What is emitted is found by thread, by query and by words, for people and programs."""
    ref = "@music.track=isrc:USJI19810404"
    done = asked(server, "emit", "music.catalog.track", '{"title": "Glow"}', "--thread", "cli",
                 "--ref", ref, "--did", "did:example:my-app", "--clock", 0)  # fmt: skip
    assert done.exit_code == 0, done.output
    piped = asked(server, "emit", "music.catalog.track", "-", "--thread", "cli", "--json",
                  stdin='{"title": "Shine"}')  # fmt: skip
    assert json.loads(piped.stdout)["status"] == "delivered"
    assert len(json.loads(piped.stdout)["id"]) == 64

    shown = asked(server, "thread", "cli")
    assert shown.stdout.splitlines()[0].split() == [
        "id", "clock", "act", "actor", "thread", "kind", "body",
    ]  # fmt: skip
    assert shown.stderr == "2 records by 2 actors\n"
    both = json.loads(asked(server, "thread", "cli", "--json").stdout)
    assert [each["body"]["title"] for each in both["records"]] == ["Glow", "Shine"]
    assert "cli" in asked(server, "thread").stdout
    assert json.loads(asked(server, "thread", "--json").stdout)[0]["object"] == "thread"

    def titles(*arguments: object) -> list[str]:
        answer = asked(server, "query", "--thread", "cli", "--json", *arguments)
        assert answer.exit_code == 0, answer.output
        return [each["body"]["title"] for each in json.loads(answer.stdout)["records"]]

    assert titles("--kind", "music.catalog.track", "--sort", "-body.title") == ["Shine", "Glow"]
    assert titles("--actor", "did:example:my-app") == ["Glow"]
    assert titles("--search", "shine") == ["Shine"]
    assert titles("--filter", '{"body.title": {"$like": "G%"}}') == ["Glow"]
    capped = asked(server, "query", "--thread", "cli", "--limit", 1)
    assert capped.stderr == "1 of 2; --limit shows more\n"


def test_a_refused_record_is_exit_1(server: Server) -> None:
    """The server's own word is passed on."""
    for body in ('{"a": 1}', '{"a": 2}'):
        done = asked(server, "emit", "a.b.c", body, "--thread", "refused", "--clock", 5)
    assert done.exit_code == 1
    assert "DuplicateClock" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("emit", "a.b", "--thread", "t"), "a.b", id="kind"),
        pytest.param(("emit", "a.b.c", "[1]", "--thread", "t"), "JSON object", id="body"),
        pytest.param(("emit", "a.b.c", "{", "--thread", "t"), "no JSON", id="no-json"),
        pytest.param(("emit", "a.b.c", "--thread", "t", "--ref", "x"), "--ref", id="ref"),
        pytest.param(("emit", "a.b.c", "--thread", "t", "--act", "X"), "act", id="act"),
        pytest.param(("emit", "a.b.c", "--thread", "t", "--key", "/nowhere"), "/nowhere", id="key"),
        pytest.param(("query", "--filter", "{"), "no JSON", id="filter"),
        pytest.param(("query", "--filter", '{"a": {"$x": 1}}'), "INVALID_QUERY", id="operator"),
        pytest.param(("query", "--search", "a", "--sort", "b"), "--search", id="search-and-sort"),
        pytest.param(("import", "/nowhere/at-all"), "/nowhere/at-all", id="no-file"),
        pytest.param(("export", "/nowhere/at-all"), "/nowhere", id="no-folder"),
        pytest.param(("verify", "--db", "/nowhere.db"), "/nowhere.db", id="no-store"),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_line(server: Server, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, and one line that says what is wrong."""
    answer = asked(server, *arguments)
    assert answer.exit_code == 2, answer.output
    [line] = answer.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:1", "nonsense", "http://[", "ftp://127.0.0.1:1"]
)
@pytest.mark.parametrize("command", [("query",), ("thread",), ("verify",), ("export",)])
def test_no_server_is_one_line(command: tuple[str, ...], endpoint: str) -> None:
    """A server that is not there is named."""
    answer = run(*command, "--endpoint", endpoint)
    assert answer.exit_code == 2
    assert len(answer.stderr.splitlines()) == 1
    assert endpoint in answer.stderr


def test_tail_prints_what_comes(server: Server) -> None:
    """Records appear as they arrive; --count ends it, Ctrl-C too."""
    with server.http() as http:
        http.post("/v1/records", json=record(1, thread="tail"))
        tailing = subprocess.Popen(
            [COMMAND, "tail", "tail", "--since", "0", "--count", "3", "--json",
             "--endpoint", server.url],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert tailing.stdout is not None
        assert json.loads(tailing.stdout.readline())["clock"] == 1
        for clock in (2, 3):
            http.post("/v1/records", json=record(clock, thread="tail"))
        rest, _ = tailing.communicate(timeout=30)
    assert [json.loads(line)["clock"] for line in rest.splitlines()] == [2, 3]
    assert tailing.returncode == 0
    endless = subprocess.Popen(
        [COMMAND, "tail", "tail", "--since", "0", "--endpoint", server.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert endless.stdout is not None
    assert "did:a" in endless.stdout.readline()
    endless.send_signal(signal.SIGINT)
    _, errors = endless.communicate(timeout=30)
    assert endless.returncode in (0, 130)
    assert "Traceback" not in errors


def test_export_and_import_are_inverse(server: Server, tmp_path: Path) -> None:
    """What leaves one store and enters another has the same ids; a second time it is known."""
    with server.http() as http:
        for clock in range(7):
            http.post("/v1/records", json=record(clock, thread="move", body={"é": "\u2028"}))
    file, there = tmp_path / "records.jsonl", tmp_path / "other.db"
    done = asked(server, "export", file, "--thread", "move")
    assert (done.exit_code, done.stderr) == (0, "7 records written\n")
    first = run("import", file, "--db", there, "--json")
    assert json.loads(first.stdout) == {"created": 7, "known": 0, "refused": 0}
    second = run("import", file, "--db", there)
    assert second.stdout == "0 created, 7 known, 0 refused\n"
    again = run("export", "-", "--db", there)
    here = [json.loads(line)["id"] for line in again.stdout.strip().split("\n")]
    assert here == [json.loads(line)["id"] for line in file.read_bytes().strip().split(b"\n")]
    back = asked(server, "import", file)
    assert back.stdout == "0 created, 7 known, 0 refused\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other.db", "records.jsonl"]


def test_import_names_the_lines_it_refuses(db: Path, tmp_path: Path) -> None:
    """A forged id is refused and named; a line without JSON ends the import where it stands."""
    file = tmp_path / "in.jsonl"
    forged = json.dumps(record(2, id="0" * 64))
    file.write_text(f"{json.dumps(record(1))}\n\n{forged}\n{json.dumps(record(3))}\n")
    done = run("import", file, "--db", db)
    assert done.exit_code == 1
    assert done.stdout == "2 created, 0 known, 1 refused\n"
    assert done.stderr.startswith("line 3: ID_MISMATCH: ")
    file.write_text(f"{json.dumps(record(4))}\nthis is no record\n")
    broken = run("import", file, "--db", db)
    assert broken.exit_code == 2
    assert broken.stderr.startswith("error: line 2: ")
    assert SqliteStore(db).count() == 3


def test_an_import_is_heard_by_watchers(db: Path, tmp_path: Path) -> None:
    """An import into the file of a running server reaches those who follow it."""
    file = tmp_path / "in.jsonl"
    file.write_text(json.dumps(record(1)))
    with serving(db) as server, Stream(server, "t") as stream:
        assert run("import", file, "--db", db).exit_code == 0
        assert stream.take(1, of="record.created")[0]["data"]["record"]["clock"] == 1


def test_verify_finds_what_is_wrong(db: Path, tmp_path: Path, server: Server) -> None:
    """Good records pass; a missing parent, a forged body and a forged signature are found."""
    key = tmp_path / "key.pem"
    did = run("keys", "new", key).stdout.strip()
    with server.http() as http:
        for clock in range(3):
            http.post("/v1/records", json=record(clock, thread="verify"))
    good = asked(server, "verify", "--thread", "verify", "--json")
    assert json.loads(good.stdout) == {
        "records": 3, "signed": 0, "unresolved": 0, "findings": [],
    }  # fmt: skip
    signed = asked(server, "emit", "a.b.c", "--thread", "signed", "--key", key)
    assert signed.exit_code == 0, signed.output
    assert asked(server, "verify", "--thread", "signed").stderr.startswith("1 records, 1 signed, 0")

    unreachable = {"profile": "syncropel.sig/1", "alg": "Ed25519", "key": did, "sig": "AAAA"}
    filled(
        db, record(1, parents=["f" * 64]), record(2), record(3, actor=did, signature=unreachable)
    )
    store = SqliteStore(db)
    with store.writing():  # as a person with a database tool would
        store._rows("UPDATE records SET record = replace(record, '\"n\":2', '\"n\":7')")
    store.close()
    found = run("verify", "--db", db, "--json")
    assert found.exit_code == 1
    whats = [each["what"] for each in json.loads(found.stdout)["findings"]]
    assert whats == ["parent", "id", "signature"]
    assert run("verify", "--db", db).stdout.splitlines()[0].split() == ["id", "what", "why"]


def test_backups_of_a_served_store(db: Path, tmp_path: Path) -> None:
    """A copy is made while the server runs; it is not replaced by accident."""
    to = tmp_path / "copy.db"
    with serving(db) as server, server.http() as http:
        for clock in range(5):
            http.post("/v1/records", json=record(clock))
        done = run("backup", to, "--db", db, "--json")
        assert json.loads(done.stdout)["records"] == 5
        http.post("/v1/records", json=record(6))
    assert run("backup", to, "--db", db).exit_code == 2
    assert run("backup", to, "--db", db, "--force").stdout.startswith("6 records, ")
    assert run("verify", "--db", to).exit_code == 0
    assert run("backup", tmp_path / "x.db", "--db", tmp_path / "none.db").exit_code == 2
    assert not (tmp_path / "none.db").exists()


def test_untrusted_text_cannot_act_on_the_terminal(server: Server) -> None:
    """Control characters in records are shown, not obeyed."""
    with server.http() as http:
        body = {"kind": "a.b.c", "x": "\x1b[2J\u202e"}
        http.post("/v1/records", json=record(1, thread="evil\x1b]0;x\x07", body=body))
    shown = asked(server, "query", "--filter", '{"thread": {"$like": "evil%"}}')
    assert "\x1b" not in shown.stdout
    assert "\x07" not in shown.stdout
    assert "evil\\x1b]0;x\\x07" in shown.stdout


def test_signed_records_are_verified_on_entry(server: Server) -> None:
    """A signature that does not hold keeps a record out; one that holds is kept with it."""
    me = Identity.key(b"\x01" * 32)
    fields = record(1, thread="signatures", actor=me.actor_did, data_type="SCALAR", parents=[])
    from syncropel import canonical_bytes, verify_record

    signature = me.signature(canonical_bytes(fields))
    forged = {**signature, "sig": signature["sig"][:-4] + "AAAA"}
    with server.http() as http:
        for wrong in (forged, {"profile": "x"}, {**signature, "key": "did:key:z6Mk"}):
            answer = http.post("/v1/records", json={**fields, "signature": wrong})
            assert (answer.status_code, answer.json()["code"]) == (400, "SIGNATURE_INVALID")
        kept = http.post("/v1/records", json={**fields, "signature": signature})
        assert kept.status_code == 201
        assert verify_record(kept.json()).valid
