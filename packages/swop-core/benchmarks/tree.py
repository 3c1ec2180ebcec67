"""The tree that the benchmarks scan: Django, sympy and 500 annotated files.

Django and sympy are taken from wheels that `pip download --no-deps django sympy` leaves in a
folder; the annotated files are generated here.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

CONTEXTS = 10
PER_CONTEXT = 50

FILE = """\
from dataclasses import dataclass

from swop import command, event, handler, query


@command("ctx{c}")
@dataclass
class Issue{i}:
    customer_id: int
    amount: float
    note: str = ""


@query("ctx{c}")
@dataclass
class Find{i}:
    number: int


@event("ctx{c}")
@dataclass
class Done{i}:
    number: int


@handler(Issue{i})
class Issue{i}Handler:
    def handle(self, cmd: Issue{i}) -> int:
        return Done{i}(number=1).number
"""


def make_tree(root: Path, wheels: Path) -> Path:
    """Build the tree anew and return the path of its configuration."""
    shutil.rmtree(root, ignore_errors=True)
    source = root / "src"
    source.mkdir(parents=True)
    for name in ("django", "sympy"):
        [wheel] = sorted(wheels.glob(f"{name}-*.whl"))[-1:]
        with zipfile.ZipFile(wheel) as archive:
            wanted = [item for item in archive.namelist() if item.startswith(f"{name}/")]
            archive.extractall(source, wanted)
    for c in range(CONTEXTS):
        folder = source / f"ctx{c}"
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        for i in range(PER_CONTEXT):
            (folder / f"ops{i}.py").write_text(FILE.format(c=c, i=i))
    config = root / "swop.yaml"
    config.write_text("version: 1\nproject: bench\nsource_roots: [src]\nbounded_contexts: []\n")
    return config
