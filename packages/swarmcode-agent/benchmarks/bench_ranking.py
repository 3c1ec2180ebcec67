"""Are the files that a commit touches in the map for its message? Ours against aider's.

    python benchmarks/bench_ranking.py --peer-python PYTHON --repo GIT_DIR [--repo GIT_DIR …]

For each of the newest commits that change Python files and say what they do, both maps are made
of the parent's files, with the commit's subject and body as the task and the same token budget,
counted with the same tokenizer. Ours also knows what the history before the commit knows: which
files changed lately. `--no-recent` takes that away, `--ours` leaves the peer out.
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
        self.parser = get_parser()

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
    options.add_argument("--peer-python")
    options.add_argument("--repo", action="append", required=True)
    options.add_argument("--head", default="HEAD")
    options.add_argument("--commits", type=int, default=200)
    options.add_argument("--budget", type=int, default=1024)
    options.add_argument("--ours", action="store_true")
    options.add_argument("--no-recent", action="store_true")
    given = options.parse_args()
    peer = Peer(given.peer_python)
    os.environ["TIKTOKEN_CACHE_DIR"] = peer.tokenizer_cache()
    import tiktoken

    counter: TokenCounter = EncoderCounter(
        "cl100k", tiktoken.get_encoding("cl100k_base").encode_ordinary
    )
    each = -(-given.commits // len(given.repo))
    totals: dict[str, list[float]] = {"ours": [], "theirs": []}
    whole: dict[str, list[bool]] = {"ours": [], "theirs": []}
    for repo in given.repo:
        history, shares = History(repo), {"ours": [], "theirs": []}
        with tempfile.TemporaryDirectory() as folder:
            for commit in candidates(repo, given.head, each):
                files = history.move(commit.parent)
                lately = () if given.no_recent else recent(repo, commit.parent)
                focus = Focus(task=commit.task, recent=lately)
                shown = {
                    "ours": set(
                        history.map.render(focus, budget=given.budget, counter=counter).files
                    )
                }
                if not given.ours:
                    root = f"{folder}/tree"
                    Path(root).mkdir(exist_ok=True)
                    checkout(repo, commit.parent, root)
                    text = peer.ask(root=root, files=files, task=commit.task, budget=given.budget)[
                        "text"
                    ]
                    lines = {line.rstrip(":") for line in text.splitlines()}
                    shown["theirs"] = set(files) & lines
                for who, paths in shown.items():
                    share = len(set(commit.touched) & paths) / len(commit.touched)
                    shares[who].append(share)
                    totals[who].append(share)
                    whole[who].append(share == 1.0)
        told = "  ".join(
            f"{who} {statistics.mean(values):.1%}" for who, values in shares.items() if values
        )
        print(f"{Path(repo).parent.name:30} {len(shares['ours'])} commits  {told}", flush=True)
    for who, values in totals.items():
        if values:
            print(
                f"{who:7} touched files in the map: {statistics.mean(values):.1%}   "
                f"all of them: {statistics.mean(whole[who]):.1%}   ({len(values)} commits)"
            )
    peer.close()


if __name__ == "__main__":
    main()
