"""Check written rows against the repository with git itself, and grade them again from nothing.

    python check_rows.py REPOSITORY training.jsonl [--grade N] [--cache FOLDER]

Every row's diff goes through `git apply` onto the parent's tree (after the planted bug, where
there is one) in a throw-away index, and the files it gives are compared with the commit's to the
byte. With --grade, N executed rows are laid out again from the row and the parent alone and run
with and without the diff: the solution must score 1 and the empty patch 0.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from swarmcode_agent.synth import Row, read_rows
from swarmcode_agent.synth.history import open_repository
from swarmcode_agent.synth.output import start_tree
from swarmcode_agent.synth.prove.environment import Environment, OwnEnvironment, default_cache
from swarmcode_agent.synth.prove.isolated import IsolatedExecutor
from swarmcode_agent.synth.prove.pytest_runner import run_pytest
from swarmcode_agent.synth.prove.tree import source_roots
from swarmcode_agent.synth.prove.verdict import Verdict, score


def git(repository: Path, index: Path, *arguments: str, stdin: str = "") -> str:
    environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        input=stdin.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace").strip())
    return done.stdout.decode().strip()


def applies(repository: Path, row: Row, index: Path) -> bool:
    """Whether git puts the diff on the parent's tree and gets the commit's bytes."""
    about = row.metadata
    index.unlink(missing_ok=True)
    git(repository, index, "read-tree", about.parent)
    try:
        for patch in (about.setup_patch, row.diff):
            if patch:
                git(repository, index, "apply", "--cached", "--whitespace=nowarn", "-", stdin=patch)
    except RuntimeError as error:
        print(row.id, error)
        return False
    staged = dict(
        reversed(line.split("\t", 1))
        for line in git(repository, index, "ls-files", "-s").splitlines()
    )
    right = about.commit if about.source == "git_diff" else about.parent
    paths = {name.partition("::")[0] for name in about.functions} or set()
    for path in paths & staged.keys():
        if staged[path].split()[1] != git(repository, index, "rev-parse", f"{right}:{path}"):
            return False
    return True


def graded(repository, row: Row, cache: Path) -> tuple[float, float]:
    """The score of the solution and of the empty patch, from fresh trees."""
    about = row.metadata
    if about.environment == "own":
        environment = OwnEnvironment().environment(None, None)
    else:
        folder = cache / about.environment
        environment = Environment(folder, about.environment, about.python, about.requirements)
    scores = []
    for patch in (row.diff, ""):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "tree")
            start_tree(repository, row, folder)
            for text in (about.test_patch, patch):
                if text:
                    raw = text.encode("utf-8", "surrogateescape")
                    ask = ["git", "apply", "--whitespace=nowarn", "-"]
                    subprocess.run(ask, cwd=folder, input=raw, check=True)
            files = sorted({name.partition("::")[0] for name in (*about.f2p, *about.p2p)})
            tests = files if about.source == "git_diff" else [*about.f2p, *about.p2p]
            roots = source_roots(repository.tree(about.parent))
            run = run_pytest(
                IsolatedExecutor(), environment, folder, tests, roots=roots, timeout=300
            )
            if run.problem == "the tests could not start":
                run = run_pytest(
                    IsolatedExecutor(),
                    environment,
                    folder,
                    tests,
                    roots=roots,
                    timeout=300,
                    options=("-o", "addopts="),
                )
            scores.append(score(Verdict(about.f2p, about.p2p, (), ()), run.outcomes))
    return scores[0], scores[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--grade", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=default_cache())
    chosen = parser.parse_args()
    rows = [row for path in chosen.rows for row in read_rows(path)]
    with tempfile.TemporaryDirectory() as scratch:
        index = Path(scratch, "index")
        good = sum(applies(chosen.repository, row, index) for row in rows)
    print(f"applies to the byte by git: {good} of {len(rows)}")
    executed = [row for row in rows if row.metadata.proof == "executed"]
    some = (
        executed[:: max(1, len(executed) // chosen.grade)][: chosen.grade] if chosen.grade else []
    )
    with open_repository(chosen.repository) as repository:
        scores = [graded(repository, row, chosen.cache) for row in some]
    for row, (oracle, empty) in zip(some, scores, strict=True):
        if (oracle, empty) != (1.0, 0.0):
            print(row.id, row.metadata.commit[:10], oracle, empty)
    print(
        f"graded again: solution 1.0 on {sum(a == 1.0 for a, _ in scores)} of {len(scores)}, ",
        end="",
    )
    print(f"empty patch 0.0 on {sum(b == 0.0 for _, b in scores)} of {len(scores)}")


if __name__ == "__main__":
    main()
