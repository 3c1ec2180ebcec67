"""From cases to files on disk and the labels of their classes.

A case is a text of files. `=== path` begins a file. At the end of a class line stands its
label: `#= kind context [handles]`, or `#= -` for what is no artifact. Labels are taken off
before the files are written: the scanner never sees them. `$name` stands for a value; a case
is repeated for every combination of its values, in folders of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LABEL = re.compile(r"^(\s*)class (\w+)(.*?)\s*#= (.+)$")


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    values: Mapping[str, Sequence[str]]


@dataclass(frozen=True, order=True)
class Label:
    file: str
    line: int
    name: str
    kind: str
    context: str
    handles: str


def write_cases(cases: Sequence[Case], root: Path) -> list[Label]:
    """Write every repetition of every case below `root`; return the labels of all classes."""
    labels: list[Label] = []
    for case in cases:
        for number, values in enumerate(_combinations(case.values)):
            folder = f"{case.name}_{number}"
            for path, text in _files(_fill(case.text, {**values, "pkg": folder, "n": str(number)})):
                labels += _write(root, f"{folder}/{path}", text)
    return labels


def _combinations(values: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def _fill(text: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return values[name] if name in values else values[name.lower()].title()

    for _ in range(2):  # a value may mention others
        text = re.sub(r"\$(?:\{(\w+)\}|([A-Za-z]+))", value, text)
    return text


def _files(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("=== ")[1:]:
        path, _, body = part.partition("\n")
        yield path.strip(), body


def _write(root: Path, path: str, text: str) -> list[Label]:
    labels: list[Label] = []
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = LABEL.match(line)
        assert match or not re.match(r"\s*class \w", line), f"a class without a label: {line}"
        if match:
            kind, context, handles, *_ = [*match[4].split(), "", "", ""]
            labels.append(Label(path, number, match[2], kind, context, handles))
        lines.append(f"{match[1]}class {match[2]}{match[3]}" if match else line)
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return labels
