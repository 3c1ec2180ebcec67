"""`swop resolve` as a person, a build or a hook meets it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from .commands import run
from .shop import OPS, shop

LESS = OPS.replace("    amount: float\n", "")


def drifted(root: Path) -> Path:
    """A shop whose manifests still have a field that the code has not."""
    shop(root)
    run("gen", "manifests", cwd=root)
    (root / "src/ops.py").write_text(LESS)
    return root


def test_strict_fails_on_what_breaks_and_only_then(tmp_path: Path) -> None:
    """As published: without --strict a report is a report."""
    shop(tmp_path)
    run("gen", "manifests", cwd=tmp_path)
    clean = run("resolve", "--strict", cwd=tmp_path)
    assert (clean.returncode, clean.stdout) == (
        0,
        "[RESOLVE] no drift — manifests match the current scan.\n",
    )
    (tmp_path / "src/ops.py").write_text(LESS)
    soft = run("resolve", cwd=tmp_path)
    assert soft.returncode == 0
    assert "error   FIELD_REMOVED billing.IssueInvoice.amount: amount is gone" in soft.stdout
    assert run("resolve", "--strict", cwd=tmp_path).returncode == 1
    assert run("--mode", "STRICT", "resolve", cwd=tmp_path).returncode == 1


def test_json_is_what_its_schema_says(tmp_path: Path) -> None:
    """Standard output is one JSON document."""
    done = run("resolve", "--json", cwd=drifted(tmp_path))
    schema = json.loads(files("swop_cli").joinpath("schemas/resolve.schema.json").read_text())
    report = json.loads(done.stdout)
    jsonschema.validate(report, schema)
    assert report["counts"]["breaking"] == 1


def test_other_formats(tmp_path: Path) -> None:
    """SARIF, JUnit and annotations, also into a file."""
    drifted(tmp_path)
    sarif = json.loads(run("resolve", "--format", "sarif", cwd=tmp_path).stdout)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "FIELD_REMOVED"
    shown = run("resolve", "--format", "github", cwd=tmp_path).stdout
    assert shown.startswith("::error file=src/ops.py,line=")
    told = run("resolve", "--format", "junit", "--out", "r/j.xml", "--strict", cwd=tmp_path)
    assert (told.returncode, told.stdout) == (1, "")
    assert ET.parse(tmp_path / "r/j.xml").getroot()[0].get("failures") == "1"


def test_apply_holds_back_what_nobody_accepted(tmp_path: Path) -> None:
    """Accepting takes a reason, and is written down."""
    drifted(tmp_path)
    held = run("resolve", "--apply", cwd=tmp_path)
    assert held.returncode == 1
    assert "held back: billing.IssueInvoice" in held.stderr
    done = run("resolve", "--apply", "--accept-breaking", "told everybody", cwd=tmp_path)
    assert done.returncode == 0
    assert "reason: told everybody" in (tmp_path / "swop.accept.yml").read_text()
    assert "no drift" in run("resolve", "--strict", cwd=tmp_path).stdout


def test_observe_writes_nothing(tmp_path: Path) -> None:
    """Neither manifests nor acceptances."""
    drifted(tmp_path)
    before = (tmp_path / ".swop/manifests/billing/commands.yml").read_bytes()
    done = run("--mode", "OBSERVE", "resolve", "--apply", "--accept-breaking", "x", cwd=tmp_path)
    assert "nothing was written" in done.stderr
    assert (tmp_path / ".swop/manifests/billing/commands.yml").read_bytes() == before
    assert not (tmp_path / "swop.accept.yml").exists()


def test_the_rules_are_listed() -> None:
    """Each with its tier, severity and meaning."""
    lines = run("resolve", "--rules").stdout.splitlines()
    assert len(lines) >= 60
    [line] = [line for line in lines if line.startswith("FIELD_REMOVED ")]
    assert line.split()[1:3] == ["wire-json", "error"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["resolve", "--against", "nowhere"], "git nowhere: ", id="no-repository"),
        pytest.param(["resolve", "--manifests", "none"], "manifests folder not found", id="folder"),
        pytest.param(["resolve", "--format", "pdf"], "pdf", id="format"),
    ],
)
def test_what_cannot_be_compared_is_exit_code_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    """Never "no drift"."""
    done = run(*arguments, cwd=drifted(tmp_path))
    assert done.returncode == 2
    assert says in done.stderr
    assert "no drift" not in done.stdout
    assert "Traceback" not in done.stderr


def test_a_damaged_side_is_exit_code_2(tmp_path: Path) -> None:
    """A manifest that is cut short; a source file that cannot be read; nothing to scan."""
    drifted(tmp_path)
    path = tmp_path / ".swop/manifests/billing/commands.yml"
    good = path.read_text()
    path.write_text(good[:40])
    assert run("resolve", "--strict", cwd=tmp_path).returncode == 2
    path.write_text(good)
    (tmp_path / "src/more.py").write_text("from swop import command\ndef broken(:\n")
    assert run("resolve", "--strict", cwd=tmp_path).returncode == 2
    for source in (tmp_path / "src").glob("*.py"):
        source.unlink()
    empty = run("resolve", "--strict", cwd=tmp_path)
    assert (empty.returncode, "found no command" in empty.stderr) == (2, True)
