"""Mutated sources, configurations, caches and manifests: never a traceback.

    python benchmarks/fuzz_inputs.py --count 100000 --seed 1

A mutation is bytes of a good file with pieces deleted, doubled, swapped, replaced by noise or
by words that mean something. Whatever comes out must be scanned, or refused with one line.
Every tenth cache gets a valid digest again, so that its content is believed. `tests/test_fuzz.py`
runs a slice of this.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swop import ManifestError, SwopConfig, SwopConfigError, generate_manifests, scan_project
from swop.config.load import read_config
from swop.manifests.read import parse_manifest
from swop.scan.cache import fingerprint_of

SOURCE = """\
from __future__ import annotations
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Annotated, ClassVar, Generic, Literal, NewType, Optional, TypeVar
import swop as s
from swop import command as c, handler, event, query
from pydantic import BaseModel, Field
from .other import *
BILLING = "bil" + f"ling{1}"
T = TypeVar("T")
Id = NewType("Id", int)
class Color(Enum):
    RED = "r"
    BLUE = auto()
class Base(Handler[T], Generic[T]): ...
@c(BILLING, emits=["Done", Done])
@dataclass(frozen=True)
class Issue:
    LIMIT: ClassVar[int] = 3
    number: Annotated[Optional[Id], Field(default=3, alias="n")]
    color: Color = Color.RED
    tags: dict[str, list["Issue"]] = field(default_factory=dict)
@event(context="sales")
class Done(BaseModel):
    kind: Literal["a", "b"] | None = Field(None)
@s.query("sales")
class Find(Query): x: int
@handler("Find")
class Finder(Base[Find]):
    async def handle(self, q: "Find") -> list[Issue]:
        try:
            return self.bus.publish(Done(kind="a"))
        except* ValueError: pass
if True:
    def make():
        class InnerCommand: y = 3
"""
CONFIG = """\
version: 1
project: shop
source_roots: [., "src"]
exclude: ["**/tests/**", "*_pb2.py"]
bounded_contexts:
  - name: billing
    source: src/billing
    external: false
  - {name: sales, source: ./sales, team: "${TEAM}"}
bus: &bus {type: rabbitmq, url: "amqp://${HOST}"}
read_models: {engine: postgresql, url: null}
state_dir: .swop
extra: [1, 2.5, true, ~, 2020-01-01, *bus]
"""
WORDS = (
    b"class",
    b"import",
    b"from",
    b"*",
    b"..",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b":",
    b"@",
    b"\n",
    b"\r",
    b"    ",
    b"\t",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b"'",
    b'"""',
    b"\\",
    b"None",
    b"lambda:",
    b"Command",
    b"swop",
    b"handler",
    b"-",
    b"#",
    b"# coding: utf-7\n",
    b"&a",
    b"*a",
    b"!!",
    b"- ",
    b"? ",
    b"|",
    b">",
    b"~",
    b"0x",
    b"1e999",
    b"9" * 5000,
    b"a." * 300,
    b"(" * 120,
    b"-" * 600,
    b"\xed\xa0\x80",
    "\uff43".encode(),
    "é".encode(),
    b"<<: ",
    b"null",
    b"true",
    b"type X = int\n",
    b"global x",
    b"yield",
    b"await",
    b"f'{",
    b"version: ",
    b"[]",
    b"..\\..",
)


def mutated(data: bytes, choose: random.Random) -> bytes:
    """A damaged copy."""
    parts = bytearray(data)
    for _ in range(choose.choice((1, 1, 2, 3, 6))):
        start = choose.randrange(len(parts) + 1)
        end = min(len(parts), start + choose.choice((0, 1, 2, 8, 40, 300)))
        piece = bytes(parts[start:end])
        action = choose.randrange(6)
        if action == 0:
            parts[start:end] = b""
        elif action == 1:
            parts[start:end] = piece * choose.choice((2, 3, 30))
        elif action == 2:
            parts[start:end] = choose.choice(WORDS)
        elif action == 3:
            parts[start:start] = choose.choice(WORDS)
        elif action == 4:
            parts[start:end] = choose.randbytes(choose.randrange(1, 6))
        else:
            other = choose.randrange(len(parts) + 1)
            parts[other:other] = piece
    return bytes(parts)


@contextmanager
def one_line(expected: type[Exception]) -> Iterator[None]:
    """Allow one kind of error, and only with a message of one line."""
    try:
        yield
    except expected as error:
        if "\n" in str(error):
            raise AssertionError(f"more than one line: {error}") from error


class Fuzzer:
    """Runs mutations in a folder of its own; `run` raises what should never be raised."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.choose = random.Random(seed)
        self.folder = folder
        self.config = SwopConfig(config_path=folder / "swop.yaml")
        (folder / "pkg").mkdir(parents=True)
        (folder / "pkg/other.py").write_text("from swop import event\n@event('x')\nclass O: ...\n")
        (folder / "pkg/ops.py").write_text(SOURCE)
        report = scan_project(self.config)
        generate_manifests(report, self.config)
        self.manifests = [path.read_bytes() for path in sorted(folder.rglob("*.yml"))]
        cache = folder / ".swop/cache"
        self.caches = {path: path.read_bytes() for path in sorted(cache.glob("*.json"))}
        self.good = [item.to_dict() for item in report.detections]

    def run(self, kind: str) -> None:
        """One mutation of a kind."""
        getattr(self, f"_{kind}")()

    def _source(self) -> None:
        (self.folder / "pkg/ops.py").write_bytes(mutated(SOURCE.encode(), self.choose))
        report = scan_project(self.config, incremental=False)
        generate_manifests(report, self.config, dry_run=True)
        for line in report.errors:
            assert line.startswith("pkg/ops.py:"), line
            assert line.isprintable(), line

    def _config(self) -> None:
        data = mutated(CONFIG.encode(), self.choose)
        with one_line(SwopConfigError):
            read_config(data, where=self.folder / "none" / "swop.yaml", environ={"TEAM": "red"})

    def _manifest(self) -> None:
        data = mutated(self.choose.choice(self.manifests), self.choose)
        with one_line(ManifestError):
            parse_manifest(data, path=Path("m.yml"))

    def _cache(self) -> None:
        (self.folder / "pkg/ops.py").write_text(SOURCE)
        for path, data in self.caches.items():
            header, _, body = data.partition(b"\n")
            changed = mutated(data, self.choose)
            believed = self.choose.random() < 0.1
            if believed:  # an ordinary scan cannot tell this from its own
                changed = mutated(body, self.choose)
                salt = header.split(b" ")[0].decode()
                changed = f"{salt} {fingerprint_of(changed)}\n".encode() + changed
            path.write_bytes(changed)
        report = scan_project(self.config)
        found = [item.to_dict() for item in report.detections]
        assert all(set(item) == set(self.good[0]) for item in found)


KINDS = ("source", "source", "config", "manifest", "cache")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    done: Counter[str] = Counter()
    failures = 0
    started = time.monotonic()
    try:
        fuzzer = Fuzzer(folder / "project", options.seed)
        for number in range(options.count):
            kind = KINDS[number % len(KINDS)]
            try:
                fuzzer.run(kind)
            except Exception:  # noqa: BLE001 (finding these is what this is for)
                failures += 1
                print(f"seed {options.seed}, number {number}, {kind}:")
                traceback.print_exc()
            done[kind] += 1
            if number % 5000 == 4999:
                print(f"{number + 1} done, {failures} failures", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    spent = time.monotonic() - started
    print(f"{sum(done.values())} mutations {dict(done)}, {failures} tracebacks, {spent:.0f} s")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()
