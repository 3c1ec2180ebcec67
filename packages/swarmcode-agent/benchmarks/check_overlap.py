"""Check that nothing of an eval file can be learned from a training file. Standard library only.

    python check_overlap.py training.jsonl eval.jsonl

It shares no code with the synthesis: it reads the rows as JSON, finds the functions that a diff
changes by its own line numbers, compares every pair of changes exactly, and looks for each
function that an eval row's solution leaves behind, word for word, in every training context.
Exit status 1 when anything overlaps.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

NEAR = 0.8
SMALL = 120  # characters of code below which a function says too little to be an answer


def read(path: str) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines() if line]


def patched(row: dict) -> dict[str, tuple[str, str, set[int]]]:
    """Each file of a diff: its text before and after, and the numbers of the new lines."""
    texts = {file["path"]: file["content"] for file in row["context_files"]}
    files: dict[str, tuple[str, str, set[int]]] = {}
    for block in re.split(r"(?m)^diff --git ", row["diff"])[1:]:
        target = re.search(r"(?m)^\+\+\+ b/(.*?)\t?$", block)
        source = re.search(r"(?m)^--- a/(.*?)\t?$", block)
        before = texts.get(source.group(1), "") if source else ""
        if target is None:
            continue
        old = before.split("\n")
        new: list[str] = []
        at, touched = 0, set()
        for hunk in re.finditer(r"(?m)^@@ -(\d+)(?:,(\d+))? .*?@@.*\n((?:[ +\-\\].*\n?)*)", block):
            start = int(hunk[1]) - (1 if hunk[2] != "0" else 0)
            new += old[at:start]
            at = start
            for line in hunk[3].split("\n"):
                if line.startswith("+"):
                    new.append(line[1:])
                    touched.add(len(new))
                elif line.startswith("-"):
                    at += 1
                    touched.add(len(new) + 1)
                elif line.startswith(" "):
                    new.append(line[1:])
                    at += 1
        files[target.group(1)] = (before, "\n".join(new + old[at:]), touched)
    return files


def functions(text: str) -> list[tuple[str, int, int, str]]:
    """Every function of a Python source: name, first and last line, and its code without layout."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    found = []

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                name = prefix + child.name
                found.append((name, child.lineno, child.end_lineno or 0, ast.unparse(child)))
            elif isinstance(child, ast.ClassDef):
                walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.If | ast.Try | ast.With):
                walk(child, prefix)

    walk(tree, "")
    return found


def changed(row: dict) -> tuple[set[str], set[str]]:
    """The functions that a row changes, by place, and those that its solution leaves behind."""
    places, answers = set(), set()
    for path, (before, after, touched) in patched(row).items():
        old = {name: code for name, _, _, code in functions(before)}
        for name, first, last, code in functions(after):
            if touched & set(range(first, last + 1)) and old.get(name) != code:
                places.add(f"{path}::{name}")
                if len(code) >= SMALL:
                    answers.add(code)
    return places, answers


def pieces(row: dict) -> set[tuple[str, ...]]:
    lines = [
        line
        for line in row["diff"].split("\n")
        if line[:1] in "+-" and line and not line.startswith(("+++ ", "--- "))
    ]
    tokens = re.findall(r"\w+|[^\w\s]", "\n".join(lines))
    return {tuple(tokens[at : at + 5]) for at in range(max(1, len(tokens) - 4))}


def main() -> int:
    train, evaluation = read(sys.argv[1]), read(sys.argv[2])
    ours = [(row["metadata"]["id"], changed(row)[0], pieces(row)) for row in train]
    theirs = [(row["metadata"]["id"], *changed(row), pieces(row)) for row in evaluation]
    same = len({row["metadata"]["id"] for row in train} & {name for name, *_ in theirs})
    shared = sum(bool(a & b) for _, a, _ in ours for _, b, _, _ in theirs)
    near = sum(len(p & q) / len(p | q) >= NEAR for _, _, p in ours for *_, q in theirs if p and q)
    answers = {code for _, _, codes, _ in theirs for code in codes}
    shown = 0
    for row in train:
        codes = {code for f in row["context_files"] for *_, code in functions(f["content"])}
        shown += bool(codes & answers)
    late = 0
    mined = [r["metadata"]["date"] for r in evaluation if r["metadata"]["source"] == "git_diff"]
    for row in train:
        about = row["metadata"]
        late += bool(mined) and about["source"] == "git_diff" and about["date"] > min(mined)
    print(f"train {len(train)} rows, eval {len(evaluation)} rows")
    print(f"same row {same} · same function {shared} · near-duplicate {near}")
    print(f"eval answer shown in a training context {shown} · trained on a later commit {late}")
    return 1 if same or shared or near or shown or late else 0


if __name__ == "__main__":
    sys.exit(main())
