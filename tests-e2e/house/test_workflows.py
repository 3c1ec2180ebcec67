"""The GitHub files name what the workspace has."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_gate_waits_for_every_other_job() -> None:
    """Branch protection asks for one job: one that it does not wait for would not count."""
    jobs = read(ROOT / ".github/workflows/ci.yml")["jobs"]
    assert set(jobs["gate"]["needs"]) == set(jobs) - {"gate"}
    assert jobs["gate"]["if"] == "always()"


def test_no_workflow_has_a_permission_by_default() -> None:
    """Each job asks for what it needs, and the publishing job for its identity alone."""
    assert WORKFLOWS
    for path in WORKFLOWS:
        assert read(path)["permissions"] == {}, path.name
    release = read(ROOT / ".github/workflows/release.yml")["jobs"]
    assert release["publish"]["permissions"] == {"id-token": "write"}
    assert release["build"]["permissions"] == {"contents": "read"}


def test_every_action_is_pinned_by_commit() -> None:
    """A tag can be moved; a commit cannot."""
    uses = [
        line.split("uses:")[1].strip()
        for path in WORKFLOWS
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\S+", line)] == []


def test_workflows_run_only_steps_that_there_are() -> None:
    """A renamed step must not be found out by a failing run."""
    steps = set(re.findall(r"^step_(\w+)\(\)", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE))
    text = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    named = {step for words in re.findall(r"\.ci/run((?: \w+)+)", text) for step in words.split()}
    assert named <= steps


def test_the_bug_form_lists_every_member() -> None:
    """A reporter finds the name of what they installed."""
    form = read(ROOT / ".github/ISSUE_TEMPLATE/bug.yml")
    options = {
        o
        for field in form["body"]
        for o in field["attributes"].get("options", ())
        if isinstance(o, str)
    }
    members = {
        re.search(r'^name = "(.+)"', path.read_text("utf-8"), re.MULTILINE)[1]
        for path in ROOT.glob("*/*/pyproject.toml")
    }
    assert members <= options
