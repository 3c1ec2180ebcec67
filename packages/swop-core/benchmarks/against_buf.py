"""Single changes, judged by `swop resolve` and by `buf breaking`: where they disagree, and why.

    npm install @bufbuild/buf
    python benchmarks/against_buf.py --buf node_modules/.bin/buf [--write ../../docs/guides/buf.md]

Each change is a small project before and after. Its protobuf is generated on both sides, with
the lock carried along as a project would, and buf compares the two at FILE and at WIRE. Ours
break at FILE when there is an error of the tier source, wire-json or wire, and at WIRE when
there is one of the tier wire. A disagreement that no reason below explains fails the run.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from swop import generate_manifests, load_config, read_manifests, resolve_schema_drift, scan_project
from swop.lock import Lock, lock_bytes, parse_lock
from swop.proto.generate import plan_protos
from swop.resolve.catalogue import RULES
from swop.resolve.catalogue.examples import HEAD, fields
from swop.resolve.rules import Severity, Tier

LEVELS = {"FILE": {"source", "wire-json", "wire"}, "WIRE": {"wire"}}
TYPES = (
    *("int", "str", "float", "bool", "bytes", "datetime", "timedelta", "Decimal", "UUID"),
    *("list[int]", "list[str]", "dict[str, int]", "int | None", "int | str", "Color", "Item"),
)
KINDS = "class Color(Enum):\n    RED = 1\n    BLUE = 2\nclass Item:\n    x: int\n    color: Color\n"

# Why we break where buf does not, by our rule; and why buf does where we do not, by buf's.
OURS = {
    "BUS_ROUTE": "a route of the message bus, of which a .proto file says nothing",
    "FIELD_ADDED_REQUIRED": "proto3 has no required fields; the class that the code makes has",
    "FIELD_BECAME_REQUIRED": "proto3 has no required fields; the class that the code makes has",
    "FIELD_BECAME_NON_NULLABLE": "a field with a default stays `optional` in proto3 without None",
    "EVENT_FIELD_BECAME_NULLABLE": "None is a value of Python, not of proto3",
    "RESPONSE_BECAME_NULLABLE": "None is a value of Python, not of proto3",
    "FIELD_FORMAT_TIGHTENED": "both are `string` in protobuf; not every text is taken any more",
    "FIELD_TYPE_NARROWED": "both are the same in protobuf; Python takes less",
    "FIELD_TYPE_WIDENED": "both are the same in protobuf; Python gives more",
    "FIELD_TYPE_CHANGED": "both are `string` in protobuf, and mean other things",
    "ENUM_VALUE_CHANGED": "protobuf carries the name; JSON of Python carries the value",
    "UNHANDLED": "whether a message is handled is not in a .proto file",
    "HANDLED_TWICE": "who handles a message is not in a .proto file",
    "FIELD_ALIAS": "an alias that protobuf's JSON has anyhow, or cannot have",
    "FIELD_ENUM_BECAME_TEXT": "the enum stays in use elsewhere",
    "NUMBER_": "the entry does not fit the code, so that `gen proto` gives a new number: the edit "
    "shows in the lock alone",
    "FORGOTTEN": "the lock lost an entry; the numbers that `gen proto` gives anew are, by chance, "
    "the old ones",
    "LOCK_REMOVED": "the lock is lost; the numbers that `gen proto` gives anew are, by chance, "
    "the old ones",
}
BUFS = {
    "FIELD_SAME_CARDINALITY": "`optional` came or went: read back in Python, nothing is lost",
    "FIELD_NO_DELETE": "the field of another type has another number; Python takes both types",
    "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED": "the whole message is gone",
    "ENUM_VALUE_NO_DELETE": "a value of a Literal went with its message",
    "ENUM_NO_DELETE": "an enum made for a Literal went with its field",
    "FIELD_SAME_ONEOF": "a union has one member more: what was sent before is still read",
    "MESSAGE_NO_DELETE": "a message that swop made for a list in a list is not needed any more",
    "FIELD_WIRE_COMPATIBLE_TYPE": "buf compares the entries of two maps by the field's name; "
    "the map itself has another number",
    "FIELD_SAME_JSON_NAME": "protobuf's JSON name differs; see the tier wire-json",
}


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What each side says at one level: the rules behind a break."""

    ours: tuple[str, ...]
    bufs: tuple[str, ...]

    @property
    def agree(self) -> bool:
        return bool(self.ours) is bool(self.bufs)

    def reason(self) -> str | None:
        if self.ours:
            rules, known = self.ours, OURS
        else:
            rules, known = self.bufs, BUFS
        for rule in rules:
            for part, why in known.items():
                if part in rule:
                    return why
        return None


def changes() -> Iterator[Change]:
    """The examples of the rules, and every type of a field turned into every other."""
    for rule in RULES.values():
        yield Change(rule.id.lower(), rule.before, rule.after)
        if rule.tier is not Tier.WIRE and "swop.lock.yml" not in rule.before:
            yield Change(f"{rule.id.lower()}, backwards", rule.after, rule.before)
    for old in TYPES:
        for new in TYPES:
            if old != new:
                kept = fields("c: Color", "i: Item", name="Keep")
                before, after = (f"{KINDS}{kept}\n{fields(f'a: {t}')}" for t in (old, new))
                yield Change(f"{old} → {new}", before, after)


def write(root: Path, text: str) -> None:
    parts = re.split(r"^# file: (\S+)\n", f"# file: main.py\n{text}\n", flags=re.MULTILINE)[1:]
    files = {"swop.yaml": "version: 1\n"}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        files[name] = (HEAD if name.endswith(".py") else "") + body
    for name, body in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(body)


def generate(root: Path, lock: Lock) -> Lock:
    """Manifests and protos of a project, with the numbers of a lock; the next lock."""
    config = load_config(root / "swop.yaml")
    generate_manifests(scan_project(config), config)
    plan = plan_protos(read_manifests(config.manifests_path), lock, renames="take")
    for name, text in plan.texts().items():
        path = root / "proto" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return plan.lock


def judge(change: Change, folder: Path, number: int, protos: tuple[Path, Path]) -> list[str]:
    """Our errors on a change, as `TIER RULE`; its protobuf goes below two common folders."""
    before, after = folder / "before", folder / "after"
    write(before, change.before)
    write(after, change.after)
    by_hand = [(side / "swop.lock.yml") for side in (before, after)]
    locks = [parse_lock(p.read_bytes(), path=p) if p.exists() else None for p in by_hand]
    first = generate(before, locks[0] or Lock())
    second = generate(after, locks[1] or (Lock() if locks[0] else first))
    if not locks[0]:
        by_hand[0].write_bytes(lock_bytes(first))
        by_hand[1].write_bytes(lock_bytes(second))
    for side, common in zip((before, after), protos, strict=True):
        set_apart(side / "proto", common / f"c{number}", f"c{number}")
    config = load_config(after / "swop.yaml")
    old = load_config(before / "swop.yaml").manifests_path
    found = resolve_schema_drift(scan_project(config), config, manifests_dir=old).changes
    return sorted({f"{i.tier} {i.rule}" for i in found if i.severity is Severity.ERROR})


def set_apart(source: Path, target: Path, package: str) -> None:
    """Move protos into a package of their own, so that one run of buf judges all changes."""
    for path in source.rglob("*.proto"):
        text = path.read_text()
        text = re.sub(r"^package ", f"package {package}.", text, flags=re.MULTILINE)
        text = re.sub(r"(?<= )\.(?!google)", f".{package}.", text)
        moved = target / path.relative_to(source)
        moved.parent.mkdir(parents=True, exist_ok=True)
        moved.write_text(text)


def ask_buf(buf: str, protos: tuple[Path, Path], level: str) -> dict[int, set[str]]:
    """The rules of buf that each change breaks, by its number."""
    for side in protos:
        (side / "buf.yaml").write_text(f"version: v2\nbreaking:\n  use: [{level}]\n")
    command = [buf, "breaking", str(protos[1]), "--against", str(protos[0])]
    done = subprocess.run(
        [*command, "--error-format", "json"],
        check=False,
        capture_output=True,
        text=True,
        timeout=170,
    )
    if done.returncode not in {0, 100}:
        raise SystemExit(f"buf: {done.stderr}")
    found: dict[int, set[str]] = {}
    for line in done.stdout.splitlines():
        told = json.loads(line)
        number = re.search(r"\bc(\d+)[/.]", f"{told.get('path', '')} {told['message']}")
        if number is None:
            raise SystemExit(f"buf says nothing of where: {line}")
        found.setdefault(int(number[1]), set()).add(told["type"])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--buf", default="buf")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    rows: list[tuple[str, str, Verdict]] = []
    counted: Counter[tuple[str, bool]] = Counter()
    with tempfile.TemporaryDirectory(prefix="swop-buf-") as scratch:
        protos = (Path(scratch) / "old", Path(scratch) / "new")
        judged = []
        for number, change in enumerate(changes()):
            folder = Path(scratch) / str(number)
            judged.append((change, judge(change, folder, number, protos)))
        for level, tiers in LEVELS.items():
            bufs = ask_buf(options.buf, protos, level)
            for number, (change, errors) in enumerate(judged):
                ours = tuple(e.split()[1] for e in errors if e.split()[0] in tiers)
                verdict = Verdict(ours, tuple(sorted(bufs.get(number, ()))))
                counted[level, verdict.agree] += 1
                if not verdict.agree:
                    rows.append((level, change.name, verdict))
    version = subprocess.check_output([options.buf, "--version"], text=True).strip()
    text = page(rows, counted, version)
    if options.write:
        options.write.write_text(text)
    print(text)
    unexplained = [row for row in rows if row[2].reason() is None]
    for level, name, verdict in unexplained:
        print(f"no reason: {level} {name}: {verdict.ours} / {verdict.bufs}", file=sys.stderr)
    return 1 if unexplained else 0


def page(
    rows: list[tuple[str, str, Verdict]], counted: Counter[tuple[str, bool]], version: str
) -> str:
    lines = [
        "# Beside buf breaking",
        "",
        f"Written by `packages/swop-core/benchmarks/against_buf.py` with buf {version}. Every",
        "change is one edit of a small project; its protobuf is generated before and after, with",
        "the lock carried along. `swop resolve` breaks at FILE where it has an error of the tier",
        "source, wire-json or wire, and at WIRE where it has one of the tier wire.",
        "",
        "| level | changes | agree | disagree |",
        "|---|---|---|---|",
    ]
    for level in ("FILE", "WIRE"):
        yes, no = counted[level, True], counted[level, False]
        lines.append(f"| {level} | {yes + no} | {yes} ({yes / (yes + no):.0%}) | {no} |")
    lines += ["", "## Every disagreement", ""]
    lines += ["| level | change | swop resolve | buf breaking | why |", "|---|---|---|---|---|"]
    for level, name, verdict in rows:
        shown = name.replace("|", "\\|")
        ours = ", ".join(verdict.ours) or "no break"
        bufs = ", ".join(verdict.bufs) or "no break"
        lines.append(f"| {level} | {shown} | {ours} | {bufs} | {verdict.reason()} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
