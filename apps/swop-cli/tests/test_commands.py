"""Each command as a person or a script meets it: what it prints, writes and answers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from .shop import shop

COMMAND = Path(sys.executable).with_name("swop")


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd
    )


def schema(name: str) -> object:
    text = files("swop_cli").joinpath("schemas", f"{name}.schema.json").read_text()
    return json.loads(text)


def test_from_nothing_to_manifests(tmp_path: Path) -> None:
    """init, scan, gen manifests: the first three commands of the guide."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/ops.py").write_text("import swop\n@swop.command('x')\nclass Make: ...\n")
    first = run("init", "--name", "demo", cwd=tmp_path)
    assert (first.returncode, first.stdout.splitlines()[0][:6]) == (0, "[INIT]")
    scanned = run("scan", cwd=tmp_path)
    assert scanned.returncode == 0
    assert scanned.stdout.startswith("swop scan — demo\n")
    assert run("gen", "manifests", cwd=tmp_path).returncode == 0
    manifest = yaml.safe_load((tmp_path / ".swop/manifests/x/commands.yml").read_text())
    assert manifest["commands"]["Make"]["module"] == "app.ops"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["scan", "--format", "json"], id="format"),
        pytest.param(["scan", "--json"], id="older-flag"),
        pytest.param(["--mode", "observe", "scan", "--json"], id="mode-before"),
        pytest.param(["scan", "--json", "--mode=OBSERVE"], id="mode-after"),
    ],
)
def test_scan_json_is_what_its_schema_says(tmp_path: Path, arguments: list[str]) -> None:
    """Standard output is one JSON document and nothing else."""
    shop(tmp_path, broken="def broken(:\n")
    done = run(*arguments, cwd=tmp_path)
    report = json.loads(done.stdout)
    jsonschema.validate(report, schema("scan"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("src/broken.py:1: not valid Python")
    assert report["summary"]["kinds"] == {"command": 1, "event": 1, "handler": 1, "query": 1}
    assert (tmp_path / ".swop").exists() is ("--mode" not in " ".join(arguments))


def test_scan_writes_reports_to_files(tmp_path: Path) -> None:
    """`--json-out` and `--html-out` beside the text."""
    shop(tmp_path)
    done = run("scan", "--json-out", "r.json", "--html-out", "r.html", cwd=tmp_path)
    assert done.returncode == 0
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), schema("scan"))
    assert "[SCAN] report (html) -> r.html" in done.stderr
    assert run("scan", "--format", "html", cwd=tmp_path).stdout.strip() == (
        (tmp_path / "r.html").read_text().strip()
    )


def test_strict_options(tmp_path: Path) -> None:
    """Guesses, and an empty scan, fail where that was asked for."""
    shop(tmp_path, guess="class PayCommand: ...\n")
    assert run("scan", cwd=tmp_path).returncode == 0
    strict = run("scan", "--strict-heuristics", cwd=tmp_path)
    assert strict.returncode == 1
    assert "1 detections via heuristic" in strict.stderr
    for path in (tmp_path / "src").glob("*.py"):
        path.unlink()
    assert run("scan", cwd=tmp_path).returncode == 0
    empty = run("scan", "--strict-errors", cwd=tmp_path)
    assert empty.returncode == 1
    assert "no file was scanned" in empty.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["scan"], "swop init", id="no-config"),
        pytest.param(
            ["scan", "--config", "none.yaml"], "none.yaml: no such file", id="named-config"
        ),
        pytest.param(["gen", "manifests", "--root", "none"], "swop init", id="no-root"),
        pytest.param(["watch", "--once"], "swop init", id="watch"),
        pytest.param(["init", "--root", "none"], "no such folder", id="init"),
        pytest.param(["scan", "--mode", "LOUD"], "LOUD", id="mode"),
        pytest.param(["scan", "--format", "pdf"], "pdf", id="format"),
        pytest.param(["scan", "--mode"], "mode", id="mode-without-value"),
    ],
)
def test_what_cannot_be_done_is_exit_code_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    """One clear error, nothing on standard output, no traceback."""
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_gen_manifests_and_modes(tmp_path: Path) -> None:
    """OBSERVE writes nothing; STRICT writes nothing while a file cannot be read."""
    shop(tmp_path)
    seen = run("gen", "manifests", "--json", "--mode", "OBSERVE", cwd=tmp_path)
    jsonschema.validate(json.loads(seen.stdout), schema("gen-manifests"))
    assert "nothing was written" in seen.stderr
    assert not (tmp_path / ".swop").exists()
    (tmp_path / "src/broken.py").write_text("def broken(:\n")
    assert run("--mode", "STRICT", "gen", "manifests", cwd=tmp_path).returncode == 1
    assert not (tmp_path / ".swop/manifests").exists()
    out = run("gen", "manifests", "--out", "elsewhere", "--skip-heuristics", cwd=tmp_path)
    assert out.returncode == 1
    assert (tmp_path / "elsewhere/billing/commands.yml").exists()
    assert not (tmp_path / ".swop/manifests").exists()


def test_watch_once(tmp_path: Path) -> None:
    """One rebuild for CI, as text and as JSON."""
    shop(tmp_path)
    done = run("watch", "--once", "--no-incremental", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("[WATCH] rebuilt in ")
    again = run("watch", "--once", "--json", cwd=tmp_path)
    line = json.loads(again.stdout)
    jsonschema.validate(line, schema("watch"))
    assert line["written"] == []


def test_watch_until_it_is_stopped(tmp_path: Path) -> None:
    """An edit is one more line; an interrupt ends it quietly with exit code 0."""
    import signal

    shop(tmp_path)
    with subprocess.Popen(
        [COMMAND, "watch", "--json", "--debounce", "0.05", "--interval", "0.05"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["detections"] == 4
            time.sleep(0.8)
            (tmp_path / "src/more.py").write_text("class PayCommand: ...\n")
            second = json.loads(process.stdout.readline())
            assert second["changed_files"] == [str(tmp_path / "src/more.py")]
            assert second["detections"] == 5
        finally:
            process.send_signal(signal.SIGINT)
            _, remarks = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in remarks


def test_output_survives_a_narrow_terminal_encoding(tmp_path: Path) -> None:
    """Names that the terminal cannot show are escaped, not a traceback."""
    shop(tmp_path, more="class ÜberweisungCommand: ...\n")
    done = subprocess.run(
        [COMMAND, "scan", "--json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )
    assert done.returncode == 0
    assert b"\\xdcberweisung" in done.stdout


def test_main_returns_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python entry gives what a shell would see."""
    from swop_cli.main import main

    assert main(["scan", "--root", str(shop(tmp_path))]) == 0
    assert main(["scan", "--config", str(tmp_path / "none.yaml")]) == 2
    assert "[ERROR]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["scan"], id="scan"),
        pytest.param(["scan", "--json", "--no-incremental"], id="scan-json"),
        pytest.param(["scan", "--config", "none.yaml"], id="no-config"),
        pytest.param(["gen", "manifests", "--root", "."], id="manifests"),
        pytest.param(["gen", "manifests", "--json"], id="manifests-json"),
        pytest.param(["scan", "--root"], id="mistake"),
        pytest.param(["resolve"], id="resolve"),
        pytest.param(["resolve", "--json", "--manifests", ".swop/manifests"], id="resolve-folder"),
        pytest.param(["resolve", "--strict", "--against", "HEAD"], id="resolve-ref"),
    ],
)
def test_the_short_way_says_what_the_full_one_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    """`--mode SOFT` is the default and takes the full way: the outcome must not differ."""
    from swop_cli.main import main

    monkeypatch.chdir(shop(tmp_path, broken="def broken(:\n"))
    main(["scan"])
    main(["gen", "manifests"])
    capsys.readouterr()
    short = (main(arguments), *capsys.readouterr())
    assert short == (main(["--mode", "SOFT", *arguments]), *capsys.readouterr())
