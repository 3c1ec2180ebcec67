"""The sample repository: a history of 27 commits, shipped as text, made real by git."""

import os
import subprocess
from importlib.resources import as_file, files
from pathlib import Path

from ..errors import DemoError

HISTORY = "sample.mbox"
COMMITTER = {"GIT_COMMITTER_NAME": "Ada Sample", "GIT_COMMITTER_EMAIL": "ada@example.org"}
# Nothing of this machine's settings (signing, hooks, line endings) may shape the sample.
ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def make_sample(folder: Path) -> Path:
    """Make the repository in a new folder; the same commits, by id, wherever it is made."""
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    with as_file(files(__package__) / HISTORY) as history:
        _git(
            folder, "am", "--quiet", "--committer-date-is-author-date", "--no-gpg-sign",
            str(history),
        )  # fmt: skip
    return folder


def _git(folder: Path, *arguments: str) -> None:
    environment = {**os.environ, **COMMITTER, **ALONE}
    run = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DemoError(f"the sample repository could not be made: git {arguments[0]}: {reason}")
