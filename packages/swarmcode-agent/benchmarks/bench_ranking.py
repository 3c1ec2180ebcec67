"""Are the files that a commit touches in the map for its message? Ours against aider's.

    python benchmarks/bench_ranking.py --peer-python PYTHON --repo GIT_DIR [--repo GIT_DIR …]

For each of the newest commits that change Python files and say what they do, both maps are made
of the parent's files, with the commit's subject and body as the task and the same token budget,
counted with the same tokenizer. Ours also knows what the history before the commit knows: which
files changed lately; a third figure is ours without that, which is what the peer is given.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from peer import Peer

from swarmcode_agent.code_map import CodeMap, EncoderCounter, Focus, TokenCounter
from swarmcode_agent.code_parser import get_parser

NOISE = re.compile(
    r"^(merge|bump|release|revert|\[pre-commit|pre-commit|update (requirements|"
    r"pre-commit|dependencies|changelog)|version)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Commit:
    sha: str
    parent: str
    task: str
    touched: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """How much of what a commit touches is in a map: which share, and whether all of it."""

    share: float
    whole: bool


def git(repo: str, *arguments: str) -> str:
    run = subprocess.run(
        ["git", "--git-dir", repo, *arguments],
        capture_output=True,
        text=True,
        check=True,
        errors="replace",
    )
    return run.stdout


def candidates(repo: str, head: str, most: int) -> list[Commit]:
    found: list[Commit] = []
    for line in git(repo, "rev-list", "--no-merges", "--parents", "-n", "4000", head).splitlines():
        sha, *parents = line.split()
        if len(parents) != 1:
            continue
        message = git(repo, "log", "-1", "--format=%B", sha).strip()
        if len(message) < 15 or NOISE.match(message):
            continue
        changes = git(
            repo, "diff-tree", "-r", "--no-commit-id", "--name-status", "--diff-filter=M", sha
        )
        touched = tuple(
            path
            for path in (row.split("\t")[-1] for row in changes.splitlines())
            if path.endswith(".py")
        )
        if 1 <= len(touched) <= 8:
            found.append(Commit(sha, parents[0], message, touched))
        if len(found) == most:
            break
    return found


class History:
    """The map at a commit, moved from commit to commit by what changed."""

    def __init__(self, repo: str) -> None:
        self.repo = repo
        self.map = CodeMap()
        self.at: dict[str, str] = {}
        self.parser = get_parser(guarded=False)  # well-known code

    def move(self, sha: str) -> list[str]:
        rows = git(self.repo, "ls-tree", "-r", sha).splitlines()
        now = {row.split("\t")[1]: row.split()[2] for row in rows if row.endswith(".py")}
        for path in set(self.at) - set(now):
            self.map.remove(path)
        for path, blob in now.items():
            if self.at.get(path) != blob:
                source = subprocess.run(
                    ["git", "--git-dir", self.repo, "cat-file", "blob", blob],
                    capture_output=True,
                    check=True,
                ).stdout
                self.map.update(self.parser.parse(source, path))
        self.at = now
        return sorted(now)

    def shown(
        self, commit: Commit, budget: int, counter: TokenCounter, lately: tuple[str, ...]
    ) -> set[str]:
        focus = Focus(task=commit.task, recent=lately)
        return set(self.map.render(focus, budget=budget, counter=counter).files)


def recent(repo: str, sha: str) -> tuple[str, ...]:
    rows = git(
        repo, "log", "-n", "100", "--no-merges", "--format=", "--name-only", sha
    ).splitlines()
    return tuple(row for row in rows if row.endswith(".py"))


def checkout(repo: str, sha: str, folder: str) -> None:
    subprocess.run(
        ["git", "--git-dir", repo, "--work-tree", folder, "checkout", "-f", "-q", sha, "--", "."],
        check=True,
        env={**os.environ, "GIT_INDEX_FILE": f"{folder}.index"},
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--peer-python", required=True)
    options.add_argument("--repo", action="append", required=True)
    options.add_argument("--head", default="HEAD")
    options.add_argument("--commits", type=int, default=200)
    options.add_argument("--budget", type=int, default=1024)
    given = options.parse_args()
    peer = Peer(given.peer_python)
    os.environ["TIKTOKEN_CACHE_DIR"] = peer.tokenizer_cache()
    import tiktoken

    counter: TokenCounter = EncoderCounter(
        "cl100k", tiktoken.get_encoding("cl100k_base").encode_ordinary
    )
    repos: list[str] = given.repo
    found: dict[str, list[Found]] = {}
    for number, repo in enumerate(repos):
        each = given.commits // len(repos) + (number < given.commits % len(repos))
        here = compare(repo, candidates(repo, given.head, each), given.budget, counter, peer)
        print(f"{Path(repo).parent.name}: {told(here)}", flush=True)
        for who, shares in here.items():
            found.setdefault(who, []).extend(shares)
    print(f"together: {told(found)}")
    peer.close()


def compare(
    repo: str, commits: list[Commit], budget: int, counter: TokenCounter, peer: Peer
) -> dict[str, list[Found]]:
    """Ask for the same commits: ours, ours without recent changes, and theirs."""
    found: dict[str, list[Found]] = {"ours": [], "ours, no history": [], "theirs": []}
    history = History(repo)
    with tempfile.TemporaryDirectory() as folder:
        root = f"{folder}/tree"
        Path(root).mkdir()
        for commit in commits:
            files = history.move(commit.parent)
            checkout(repo, commit.parent, root)
            answer = peer.ask(root=root, files=files, task=commit.task, budget=budget)
            shown = {
                "ours": history.shown(commit, budget, counter, recent(repo, commit.parent)),
                "ours, no history": history.shown(commit, budget, counter, ()),
                "theirs": set(files) & {line.rstrip(":") for line in answer["text"].splitlines()},
            }
            for who, paths in shown.items():
                met = len(set(commit.touched) & paths)
                found[who].append(Found(met / len(commit.touched), met == len(commit.touched)))
    return found


def told(found: dict[str, list[Found]]) -> str:
    parts = [f"{len(found['ours'])} commits"]
    for who, shares in found.items():
        share = statistics.mean(each.share for each in shares)
        whole = statistics.mean(each.whole for each in shares)
        parts.append(f"{who} {share:.1%} of the files (all of them {whole:.1%})")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
