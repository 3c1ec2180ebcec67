"""The `syncropel` command as a person meets it first."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

COMMAND = Path(sys.executable).with_name("syncropel")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=60)


def test_version_is_the_installed_one() -> None:
    """What the command says is what was installed."""
    answer = run("--version")
    assert (answer.returncode, answer.stdout) == (0, f"syncropel {version('syncropel-kernel')}\n")


def test_help_says_what_it_is_for() -> None:
    """The first screen is one a newcomer can start from."""
    answer = run("--help")
    assert answer.returncode == 0
    assert "Usage: syncropel" in answer.stdout


def test_an_unknown_command_is_one_clear_error() -> None:
    """No traceback reaches a user; the exit code is 2."""
    answer = run("no-such-thing")
    assert answer.returncode == 2
    assert "no-such-thing" in answer.stderr
    assert "Traceback" not in answer.stderr
