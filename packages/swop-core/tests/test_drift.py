"""`resolve`: baselines, acceptances, outputs, and failing closed."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from swop import (
    AcceptError,
    BaselineError,
    LockError,
    ManifestError,
    ResolutionReport,
    SwopConfig,
    SwopConfigError,
    apply_resolution,
    generate_manifests,
    generate_proto_from_manifests,
    load_config,
    read_manifests,
    resolve_schema_drift,
    scan_project,
)
from swop.resolve import apply_agreed
from swop.resolve.accept import add_accepted
from swop.resolve.outputs import to_github, to_junit, to_sarif

from .projects import project

TODAY = dt.date(2030, 1, 15)
OPS = """
    from swop import command, event
    @command("billing")
    class IssueInvoice:
        customer_id: int
        note: str
    @event("billing")
    class InvoiceIssued:
        number: int
"""
LESS = OPS.replace("        note: str\n", "")


def shop(root: Path, text: str = OPS) -> SwopConfig:
    return project(root, {"src/ops.py": text}, "version: 1\nsource_roots: [src]\n")


def committed(root: Path, text: str = OPS) -> SwopConfig:
    """A project whose manifests and lock are those of this code."""
    config = shop(root, text)
    generate_manifests(scan_project(config), config)
    generate_proto_from_manifests(
        config.manifests_path, config.generated_path / "proto", lock=config.lock_path
    )
    return config


def git(root: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", root, *settings, *arguments], check=True, capture_output=True)


def drift(config: SwopConfig, **options: object) -> ResolutionReport:
    return resolve_schema_drift(scan_project(config), config, today=TODAY, **options)  # type: ignore[arg-type]


def rules(report: ResolutionReport) -> list[str]:
    return [item.rule for item in report.changes]


def test_no_drift(tmp_path: Path) -> None:
    """Manifests that match say so, in the published words."""
    report = drift(committed(tmp_path))
    assert report.format() == "[RESOLVE] no drift — manifests match the current scan."
    assert report.counts["total"] == 0


def test_a_removed_field_is_told_in_full(tmp_path: Path) -> None:
    """Rule, place, what was; grouped as the kinds of drift."""
    committed(tmp_path)
    report = drift(shop(tmp_path, LESS))
    [change] = report.breaking
    assert (change.rule, change.where, change.old) == (
        "FIELD_REMOVED",
        "billing.IssueInvoice.note",
        "str",
    )
    assert (change.file, change.line) == ("src/ops.py", 4)
    assert report.format().splitlines()[1:] == [
        "  schema: what is on both sides and differs",
        "    error   FIELD_REMOVED billing.IssueInvoice.note: note is gone (src/ops.py:4)",
    ]


@pytest.mark.parametrize("depth", [pytest.param("", id="top"), pytest.param("app", id="below")])
def test_a_git_ref_is_a_baseline(tmp_path: Path, depth: str) -> None:
    """Also where the project is a folder of the repository, and manifests were written since."""
    root = tmp_path / depth
    root.mkdir(exist_ok=True)
    committed(root)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    config = committed_again(root, LESS)
    assert rules(drift(config)) == []
    against = drift(config, against="HEAD")
    assert rules(against) == ["FIELD_REMOVED"]
    assert against.baseline == "git HEAD"


def committed_again(root: Path, text: str) -> SwopConfig:
    config = shop(root, text)
    generate_manifests(scan_project(config), config)
    return config


def test_numbers_are_held_against_a_ref(tmp_path: Path) -> None:
    """A lock that was edited by hand, or lost, is found."""
    config = committed(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    lock = config.lock_path.read_text()
    config.lock_path.write_text(lock.replace("number: 2", "number: 9"))
    assert "NUMBER_CHANGED" in rules(drift(config, against="HEAD"))
    config.lock_path.unlink()
    assert rules(drift(config, against="HEAD")) == ["LOCK_REMOVED"]


def test_a_folder_is_a_baseline(tmp_path: Path) -> None:
    """Manifests of another checkout."""
    old = committed(tmp_path / "old")
    new = shop(tmp_path / "new", LESS)
    assert rules(drift(new, manifests_dir=old.manifests_path)) == ["LOCK_REMOVED", "FIELD_REMOVED"]


@pytest.mark.parametrize(
    "ref",
    [
        pytest.param("nowhere", id="unknown"),
        pytest.param("--help", id="an-option"),
        pytest.param("HEAD", id="without-manifests"),
        pytest.param("", id="empty"),
    ],
)
def test_a_ref_that_is_no_baseline_fails_closed(tmp_path: Path, ref: str) -> None:
    """It is never read as a project without artifacts."""
    config = shop(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "swop.yaml")
    git(tmp_path, "commit", "-qm", "one")
    with pytest.raises(BaselineError):
        drift(config, against=ref)


def test_outside_of_a_repository_a_ref_fails_closed(tmp_path: Path) -> None:
    """Git's own words come along."""
    with pytest.raises(BaselineError, match="git HEAD: "):
        drift(committed(tmp_path), against="HEAD")


def test_unsound_sides_fail_closed(tmp_path: Path) -> None:
    """No manifests, a damaged one, an empty scan, a file that cannot be read, a damaged lock."""
    config = shop(tmp_path)
    with pytest.raises(BaselineError, match="swop gen manifests"):
        drift(config)
    config.manifests_path.mkdir(parents=True)
    with pytest.raises(BaselineError, match="holds no manifest"):
        drift(config)
    committed(tmp_path)
    path = config.manifests_path / "billing/commands.yml"
    good = path.read_bytes()
    for damage in (b"", b"commands: [", good.replace(b"version: 1", b"version: 7")):
        path.write_bytes(damage)
        with pytest.raises(ManifestError):
            drift(config)
    path.write_bytes(good)
    shop(tmp_path, "def broken(:\n")
    with pytest.raises(BaselineError, match="is incomplete"):
        drift(config)
    shop(tmp_path, "nothing = 1\n")
    with pytest.raises(BaselineError, match="found no command"):
        drift(config)
    shop(tmp_path, LESS)
    config.lock_path.write_text("version: 1\ncontexts: [")
    with pytest.raises(LockError):
        drift(config)


def test_severities_of_the_configuration(tmp_path: Path) -> None:
    """A rule may be loud, quiet or silent; an unknown one is an error."""
    committed(tmp_path)
    shop(tmp_path, LESS)

    def configured(text: str) -> SwopConfig:
        (tmp_path / "swop.yaml").write_text(f"version: 1\nsource_roots: [src]\nresolve: {text}\n")
        return load_config(tmp_path / "swop.yaml")

    quiet = drift(configured("{severities: {FIELD_REMOVED: warning}}"))
    assert (rules(quiet), quiet.breaking) == (["FIELD_REMOVED"], [])
    assert rules(drift(configured("{severities: {FIELD_REMOVED: ignore}}"))) == []
    with pytest.raises(SwopConfigError, match="no rule 'FIELD_REMOVD'"):
        drift(configured("{severities: {FIELD_REMOVD: error}}"))
    with pytest.raises(SwopConfigError, match="must be one of error"):
        configured("{severities: {FIELD_REMOVED: loud}}")


ENTRY = "version: 1\naccepted:\n  - {rule: %s, where: %s, reason: %s, expires: %s}\n"


@pytest.mark.parametrize(
    ("entry", "breaks", "remark"),
    [
        pytest.param(
            ("FIELD_REMOVED", "billing.IssueInvoice.note", "agreed", "2030-01-15"), False, None,
            id="covers",
        ),
        pytest.param(("FIELD_REMOVED", "b*", "agreed", "2031-01-01"), False, None, id="glob"),
        pytest.param(
            ("FIELD_REMOVED", "billing.*", "agreed", "2030-01-14"), True, "expired", id="expired"
        ),
        pytest.param(
            ("FIELD_RENAMED", "billing.*", "agreed", "2031-01-01"), True, "covers nothing",
            id="other-rule",
        ),
        pytest.param(
            ("FIELD_REMOVED", "shop.*", "agreed", "2031-01-01"), True, "covers nothing",
            id="other-place",
        ),
    ],
)  # fmt: skip
def test_acceptances(
    tmp_path: Path, entry: tuple[str, ...], breaks: bool, remark: str | None
) -> None:
    """An entry covers one rule at one place, until its day has passed."""
    committed(tmp_path)
    (tmp_path / "swop.accept.yml").write_text(ENTRY % entry)
    report = drift(shop(tmp_path, LESS))
    assert bool(report.breaking) is breaks
    assert [change.accepted for change in report.changes] == [None if breaks else "agreed"]
    assert (remark in report.remarks[0]) if remark else (report.remarks == [])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("accepted: [", id="no-yaml"),
        pytest.param("version: 1\naccepted: {}\n".replace("{}", "{a: b}"), id="no-list"),
        pytest.param(ENTRY % ("NO_RULE", "x", "y", "2030-01-01"), id="unknown-rule"),
        pytest.param(ENTRY % ("FIELD_REMOVED", "x", "''", "2030-01-01"), id="no-reason"),
        pytest.param(ENTRY % ("FIELD_REMOVED", "x", "y", "someday"), id="no-day"),
        pytest.param("version: 1\naccepted: [{rule: FIELD_REMOVED}]\n", id="parts-missing"),
    ],
)
def test_a_damaged_accept_file_fails_closed(tmp_path: Path, text: str) -> None:
    """It neither accepts everything nor nothing."""
    config = committed(tmp_path)
    (tmp_path / "swop.accept.yml").write_text(text)
    with pytest.raises(AcceptError):
        drift(config)


def test_what_is_accepted_in_one_go_is_written_down(tmp_path: Path) -> None:
    """With a reason and an end; entries that are there stay."""
    committed(tmp_path)
    config = shop(tmp_path, LESS)
    path = tmp_path / "swop.accept.yml"
    path.write_text(ENTRY % ("QUERY_REMOVED", "x.y", "old", "2030-02-01"))
    add_accepted(path, drift(config).breaking, reason="told all", expires=dt.date(2030, 3, 1))
    report = drift(config)
    assert report.breaking == []
    assert [item.accepted for item in report.changes] == ["told all"]
    assert "QUERY_REMOVED" in path.read_text()


def test_apply_writes_what_is_agreed_and_holds_the_rest_back(tmp_path: Path) -> None:
    """Deletions included; an artifact with an error stays as it was."""
    committed(tmp_path)
    config = shop(
        tmp_path,
        LESS.replace("class InvoiceIssued:\n        number: int", "class Other:\n        x: str"),
    )
    report = scan_project(config)
    (tmp_path / "swop.accept.yml").write_text(
        ENTRY % ("EVENT_REMOVED", "billing.InvoiceIssued", "gone", "2031-01-01")
    )
    resolution = resolve_schema_drift(report, config, today=TODAY)
    applied = apply_agreed(report, config, resolution)
    assert applied.held_back == ["billing.IssueInvoice"]
    manifests = {item.kind: item for item in read_manifests(config.manifests_path)}
    assert [f.name for f in manifests["command"].entries["IssueInvoice"].fields] == [
        "customer_id",
        "note",
    ]
    assert list(manifests["event"].entries) == ["Other"]
    assert rules(drift(config)) == ["FIELD_REMOVED"]


def test_apply_removes_the_manifests_of_a_context_that_is_no_more(tmp_path: Path) -> None:
    """When that was agreed to."""
    committed(tmp_path, OPS + '    @command("old")\n    class Old:\n        x: int\n')
    config = shop(tmp_path)
    report = scan_project(config)
    for rule, where in (("COMMAND_REMOVED", "old.Old"), ("CONTEXT_REMOVED", "old.old")):
        held = resolve_schema_drift(report, config, today=TODAY)
        assert held.breaking
        changes = [item for item in held.breaking if (item.rule, item.where) == (rule, where)]
        add_accepted(
            tmp_path / "swop.accept.yml", changes, reason="gone", expires=dt.date(2031, 1, 1)
        )
    folder = apply_resolution(report, config, resolve_schema_drift(report, config, today=TODAY))
    assert not (folder / "old").exists()
    assert rules(drift(config)) == []


def test_json_has_the_published_form(tmp_path: Path) -> None:
    """Counts by kind, and changes with the published keys."""
    committed(tmp_path)
    shown = drift(shop(tmp_path, LESS)).to_json()
    assert (
        shown["counts"]["removed"] == shown["counts"]["breaking"] == shown["counts"]["total"] == 1
    )
    keys = {"kind", "context", "target", "name", "detail", "breaking", "field", "old", "new"}
    assert keys <= set(shown["changes"][0])


def test_outputs_for_other_programs(tmp_path: Path) -> None:
    """SARIF, JUnit and annotations say the same; what was accepted fails nowhere."""
    committed(tmp_path).lock_path.unlink()
    (tmp_path / "swop.accept.yml").write_text(
        ENTRY % ("FIELD_REMOVED", "'*'", '"it\'s <agreed> & done"', "2031-01-01")
    )
    text = LESS.replace("number: int", "number: str")
    report = drift(shop(tmp_path, text))
    sarif = json.loads(to_sarif(report))
    [run] = sarif["runs"]
    assert [(item["ruleId"], item["level"]) for item in run["results"]] == [
        ("FIELD_REMOVED", "error"),
        ("FIELD_TYPE_CHANGED", "error"),
    ]
    assert run["results"][0]["suppressions"][0]["justification"] == "it's <agreed> & done"
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("src/ops.py", 7)
    suite = ET.fromstring(to_junit(report))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "1")
    assert to_github(report) == (
        "::error file=src/ops.py,line=7,title=FIELD_TYPE_CHANGED::"
        "billing.InvoiceIssued.number: number was int, is str"
    )
    empty = ET.fromstring(to_junit(ResolutionReport()))[0]
    assert (empty.get("tests"), empty.get("failures")) == ("1", "0")


def test_the_list_form_of_older_manifests_is_a_baseline(tmp_path: Path) -> None:
    """What swop 0.2 wrote is compared, and what is held back is written in the form of today."""
    config = shop(tmp_path, LESS)
    folder = config.manifests_path / "billing"
    folder.mkdir(parents=True)
    (folder / "commands.yml").write_text(
        "version: 1\ncontext: billing\ncommands:\n- name: IssueInvoice\n"
        "  source: {file: src/ops.py, class: IssueInvoice}\n"
        "  fields:\n  - {name: customer_id, type: int, required: true}\n"
        "  - {name: note, type: str, required: true}\n  detected: {via: decorator, reason: x}\n"
    )
    report = scan_project(config)
    resolution = resolve_schema_drift(report, config, today=TODAY)
    assert "FIELD_REMOVED" in rules(resolution)
    apply_resolution(report, config, resolution)
    [commands] = [m for m in read_manifests(config.manifests_path) if m.kind == "command"]
    assert len(commands.entries["IssueInvoice"].fields) == 2
