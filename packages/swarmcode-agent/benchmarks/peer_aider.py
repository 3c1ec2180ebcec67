"""Drives aider's repo map for the benchmarks, in the peer's own environment.

Runs under the peer's Python and answers JSON lines: {"root", "files", "task", "budget"} gives
{"text", "tokens", "seconds", "cpu"}. The repo map is asked as aider's own chat asks it: with the
words of the task as mentioned identifiers, and the files that it names. The multiplier for an
empty chat is 1, so that both maps have the same budget.
"""

import json
import re
import sys
import time
from pathlib import Path


def main() -> None:
    from aider.io import InputOutput
    from aider.models import Model
    from aider.repomap import RepoMap

    out, sys.stdout = sys.stdout, sys.stderr
    model = Model("gpt-4")
    maps: dict[str, RepoMap] = {}
    for line in sys.stdin:
        ask = json.loads(line)
        if "count" in ask:
            print(json.dumps({"tokens": model.token_count(ask["count"])}), file=out, flush=True)
            continue
        root = ask["root"]
        began, worked = time.perf_counter(), time.process_time()
        if root not in maps:
            maps[root] = RepoMap(
                root=root,
                main_model=model,
                io=InputOutput(yes=True, pretty=False),
                map_mul_no_files=1,
                refresh="always",
            )
        repo_map = maps[root]
        repo_map.max_map_tokens = ask["budget"]
        files = [str(Path(root) / name) for name in ask["files"]]
        words = set(re.split(r"\W+", ask["task"])) - {""}
        named = {name for name in ask["files"] if name in ask["task"] or Path(name).name in words}
        text = (
            repo_map.get_repo_map(
                set(), files, mentioned_fnames=named, mentioned_idents=words, force_refresh=True
            )
            or ""
        )
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        tokens = model.token_count(text) if text else 0
        answer = {"text": text, "tokens": tokens, "seconds": seconds, "cpu": cpu}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
