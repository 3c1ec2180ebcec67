"""The scripts of .ci: what they refuse."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / ".ci"

REPORT = """<testsuites><testsuite>
<testcase classname="a" name="b"><skipped message="{reason}"/></testcase>
<testcase classname="a" name="c"/>
</testsuite></testsuites>"""


def python(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, CI / script, *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("reason", "installed", "status"),
    [
        pytest.param(
            "needs the system package redis-server: apt-get install redis-server",
            ["system-packages"],
            1,
            id="installed-yet-skipped",
        ),
        pytest.param(
            "needs the system package redis-server: apt-get install redis-server",
            ["ml"],
            0,
            id="not-installed",
        ),
        pytest.param("needs the ml group: torch", ["ml", "system-packages"], 1, id="torch"),
        pytest.param("Windows only", ["ml", "system-packages"], 0, id="another-reason"),
        pytest.param("needs the ml group: torch", [], 0, id="nothing-installed"),
    ],
)
def test_a_skip_is_refused_when_its_cause_is_gone(
    tmp_path: Path, reason: str, installed: list[str], status: int
) -> None:
    """A test that silently never runs is worse than none."""
    report = tmp_path / "junit.xml"
    report.write_text(REPORT.format(reason=reason), encoding="utf-8")
    flags = [flag for name in installed for flag in ("--installed", name)]
    run = python("skips.py", report, *flags)
    assert run.returncode == status, run.stderr
    assert ("a::b" in run.stderr) is bool(status)


def test_members_are_read_from_their_own_files() -> None:
    """The shell script and the tests see the same ten members."""
    lines = python("members.py").stdout.splitlines()
    assert len(lines) == len(list(ROOT.glob("*/*/pyproject.toml")))
    assert "packages/swop-core swop-core swop" in lines


def test_needs_follows_the_siblings_all_the_way() -> None:
    """A wheel is installed with all that it needs from this build, and with nothing else."""
    assert python("members.py", "--needs", "worktree").stdout.split() == ["worktree"]
    assert "swarmcode-trainer" in python("members.py", "--needs", "swarmcode").stdout.split()


def test_an_unknown_member_is_one_clear_line() -> None:
    """The line lists what there is."""
    run = python("members.py", "--needs", "nothing")
    assert run.returncode == 2
    assert "'nothing' is no member" in run.stderr


def test_an_unknown_step_is_one_clear_line() -> None:
    """A misspelt step must not pass as an empty run."""
    run = subprocess.run(["bash", CI / "run", "lnit"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert "no step lnit" in run.stderr


def test_metadata_of_no_wheel_is_an_error(tmp_path: Path) -> None:
    """An empty folder is not a passed check."""
    run = python("metadata.py", tmp_path)
    assert run.returncode == 2
    assert "no wheel there" in run.stderr
