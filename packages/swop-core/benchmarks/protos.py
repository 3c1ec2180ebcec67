"""Random contracts: every one must compile, and old bytes must decode under every newer version.

    python benchmarks/protos.py compile --models 5000
    python benchmarks/protos.py evolve --sequences 10000

`compile` lays out random manifests, some of them nasty (names that clash, fields called like
keywords, unions of lists of maps), and compiles each with the real compiler. `evolve` edits a
contract step by step, writes messages with protobuf itself under every version, and reads all
that were ever written under each newer one; it also keeps its own book of numbers.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from swop.contract import EnumType, EnumValue, FieldDef, MessageType
from swop.errors import LockError
from swop.lock import Lock, Numbers, lock_bytes, parse_lock
from swop.manifests import Manifest
from swop.manifests.model import ManifestEntry
from swop.proto.compiling import run_protoc
from swop.proto.generate import ProtoPlan, check_texts, plan_protos

FIELD_NAMES = (
    *("customer_id", "customerId", "customerid", "amount", "message", "optional", "string"),
    *("Item", "google", "class_", "import_", "id", "ID", "straße", "größe", "名前", "x1", "x_1"),
    *("oneof", "reserved", "amount_int", "amount_str", "value", "items", "None_", "descriptor"),
)
CLASS_NAMES = (
    *("Item", "other.Item", "Straße", "PayRequest", "PayResponse", "ListOfInt64", "Any"),
    *("message", "Timestamp", "OneOfInt64OrString", "名", "Pay", "google", "Currency"),
)
ENUM_MEMBERS = (*("EUR", "eur", "UNSPECIFIED", "A_B", "AB", "é", "_x", "1st", "名", "B", "C"),)
SCALARS = (
    *("int", "str", "float", "bool", "bytes", "datetime", "timedelta", "Decimal", "UUID", "date"),
    *("Any", "time", "Path", "Unknown", "complex", "Callable[[int], str]", "", "T", "NoneType"),
)


def type_text(rng: random.Random, names: list[str], depth: int = 0) -> str:
    """A random annotation."""
    if depth > 3 or rng.random() < 0.45:
        return rng.choice([*SCALARS, *names, *names]) or "str"

    def more() -> str:
        return type_text(rng, names, depth + 1)

    return rng.choice(
        [
            lambda: f"list[{more()}]",
            lambda: f"dict[{more()}, {more()}]",
            lambda: f"{more()} | None",
            lambda: f"{more()} | {more()} | {more()}",
            lambda: f"Union[{more()}, {more()}]",
            lambda: f"tuple[{more()}, {more()}]",
            lambda: f"tuple[{more()}, ...]",
            lambda: f"set[{more()}]",
            lambda: f"Optional[{more()}]",
            lambda: f"Literal[{', '.join(map(repr, rng.sample(ENUM_MEMBERS, 3)))}]",
            lambda: f"Literal[1, -1, {rng.randint(2, 9)}]",
            lambda: "dict",
            lambda: "list",
        ]
    )()


def fields(rng: random.Random, names: list[str], most: int = 6) -> tuple[FieldDef, ...]:
    """Random fields with different names."""
    chosen = rng.sample(FIELD_NAMES, rng.randint(0, most))
    return tuple(
        FieldDef(
            name,
            rng.choice(["", type_text(rng, names)])
            if rng.random() < 0.1
            else type_text(rng, names),
            required=rng.random() < 0.6,
            nullable=rng.random() < 0.2,
            alias=rng.choice([None, None, None, "fullName", "customerId", "id"]),
        )
        for name in chosen
    )


def entry(rng: random.Random, name: str, kind: str) -> ManifestEntry:
    """A random artifact."""
    used = rng.sample(CLASS_NAMES, rng.randint(0, 4))
    names = [item for item in used if item != name]
    types: list[EnumType | MessageType] = []
    for item in names:
        if rng.random() < 0.4:
            members = rng.sample(ENUM_MEMBERS, rng.randint(0, 4))
            types.append(EnumType(item, tuple(EnumValue(member, member) for member in members)))
        else:
            types.append(MessageType(item, fields(rng, [*names, name], 4)))
    from swop.contract import Response

    response = Response(type_text(rng, names)) if kind == "query" and rng.random() < 0.8 else None
    return ManifestEntry(
        name, name, fields=fields(rng, [*names, name]), types=tuple(types), response=response
    )


def manifests(rng: random.Random) -> list[Manifest]:
    """A random project of one or two contexts."""
    found = []
    for context in rng.sample(["billing", "Straße", "a-b", "a_b", "google", "1st", "名"], 2):
        for kind in ("command", "query", "event"):
            names = rng.sample(["Pay", "Item", "pay", "List", "Straße", "Any"], rng.randint(0, 2))
            entries = {name: entry(rng, name, kind) for name in names}
            found.append(Manifest(Path(f"{context}.yml"), context, kind, entries))  # type: ignore[arg-type]
    return found


def compile_models(seed: int, count: int) -> Iterator[ProtoPlan]:
    """Lay out and compile random projects until `count` messages were compiled."""
    done, number = 0, 0
    while done < count:
        rng = random.Random(f"{seed}-{number}")
        number += 1
        plan = plan_protos(manifests(rng), Lock(), renames="new")
        again = plan_protos(manifests(random.Random(f"{seed}-{number - 1}")), Lock(), renames="new")
        if plan.texts() != again.texts():
            raise AssertionError(f"seed {seed}-{number - 1}: two runs differ")
        check_texts(plan.texts())
        done += sum(len(draft.messages) for draft in plan.drafts)
        yield plan


# ── evolution ────────────────────────────────────────────────────────────────────────────────

SIMPLE = (
    *("int", "str", "float", "bool", "bytes", "list[int]", "list[str]", "dict[str, int]"),
    *("int | str", "Item", "list[Item]", "Color", "datetime", "list[list[int]]", "str | None"),
)


class Contract:
    """A contract that changes by random edits."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.fields = {f"f{number}": rng.choice(SIMPLE) for number in range(rng.randint(1, 4))}
        self.item = {"a": "int", "b": "str"}
        self.colors = ["RED", "BLUE"]
        self.made = len(self.fields)

    def edit(self) -> None:
        """One change: add, remove, retype, reorder, bring back; also in what is nested."""
        rng, fields = self.rng, rng_target(self)
        kind = rng.choice(["add", "add", "remove", "retype", "reorder", "back", "color", "rename"])
        if kind == "add" or not fields:
            self.made += 1
            fields[f"f{self.made}"] = rng.choice(SIMPLE[:8])
        elif kind == "remove":
            del fields[rng.choice(sorted(fields))]
        elif kind == "retype":
            fields[rng.choice(sorted(fields))] = rng.choice(SIMPLE[:8])
        elif kind == "reorder":
            items = list(fields.items())
            rng.shuffle(items)
            fields.clear()
            fields.update(items)
        elif kind == "back":
            fields[f"f{rng.randint(0, self.made)}"] = rng.choice(SIMPLE[:8])
        elif kind == "rename":
            old = rng.choice(sorted(fields))
            self.made += 1
            fields[f"f{self.made}"] = fields.pop(old)
        elif rng.random() < 0.5 and self.colors:
            self.colors.remove(rng.choice(self.colors))
        else:
            self.made += 1
            self.colors.append(f"C{self.made}")

    def manifest(self) -> list[Manifest]:
        """The contract as manifests."""
        types = (
            EnumType("Color", tuple(EnumValue(name, name) for name in self.colors)),
            MessageType("Item", tuple(FieldDef(n, t) for n, t in self.item.items())),
        )
        defs = tuple(FieldDef(name, kind) for name, kind in self.fields.items())
        uses = (FieldDef("the_item", "Item"), FieldDef("the_color", "Color"))
        entries = {"Paid": ManifestEntry("Paid", "Paid", fields=(*defs, *uses), types=types)}
        return [Manifest(Path("x.yml"), "billing", "event", entries)]


def rng_target(contract: Contract) -> dict[str, str]:
    """Mostly the event itself, sometimes what is nested in it."""
    return contract.fields if contract.rng.random() < 0.75 else contract.item


def classes_of(plan: ProtoPlan) -> Any:
    """The message class of `Paid` under a plan, from the real compiler's descriptor."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    with tempfile.TemporaryDirectory() as folder:
        for name, text in plan.texts().items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        out = Path(folder) / "all.pb"
        options = [f"--descriptor_set_out={out}", "--include_imports"]
        run_protoc(Path(folder), options, sorted(plan.texts()))
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("billing.v1.Paid"))


def filled(rng: random.Random, kind: Any, depth: int = 0) -> Any:
    """A message with something in nearly every field."""
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        if rng.random() < 0.15 or depth > 2:
            continue
        where = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            where[f"k{rng.randint(0, 9)}"] = rng.randint(0, 99)
        elif field.message_type is not None:
            from google.protobuf import message_factory

            inner = filled(rng, message_factory.GetMessageClass(field.message_type), depth + 1)
            (where.add() if field.is_repeated else where).CopyFrom(inner)
        else:
            value = scalar(rng, field)
            where.extend([value, value]) if field.is_repeated else setattr(
                message, field.name, value
            )
    return message


def scalar(rng: random.Random, field: Any) -> Any:
    """A value for a field without parts."""
    if field.enum_type is not None:
        return rng.choice(field.enum_type.values).number
    if field.type == field.TYPE_BYTES:
        return b"\xff\x00"
    values = {
        field.CPPTYPE_BOOL: True,
        field.CPPTYPE_STRING: rng.choice(["é", "long " * 9]),
        field.CPPTYPE_DOUBLE: 0.5,
        field.CPPTYPE_INT32: rng.randint(1, 10**8),
    }
    return values.get(field.cpp_type, rng.randint(1, 2**40))


def same_where_kept(old: Any, new: Any, before: Numbers, after: Numbers) -> bool:
    """Whether what was written under a number that is still live is read under it unchanged."""
    names = {item.number: name for name, item in after.given.items()}
    for name, item in before.given.items():
        if item.number not in names:
            continue
        field = old.DESCRIPTOR.fields_by_name[name]
        if field.message_type is not None:
            continue
        written, read = getattr(old, name), getattr(new, names[item.number])
        if (list(written) != list(read)) if field.is_repeated else written != read:
            return False
    return True


def evolve(seed: int, sequences: int, edits: int = 5) -> Iterator[int]:
    """Edit contracts; raise AssertionError where a number or old bytes get a new meaning."""
    for number in range(sequences):
        rng = random.Random(f"{seed}-{number}")
        contract, lock = Contract(rng), Lock()
        book: dict[tuple[str, int], tuple[str, str]] = {}
        written: list[tuple[bytes, Any, Numbers]] = []
        for step in range(edits):
            plan = plan_protos(contract.manifest(), lock, renames=rng.choice(["take", "new"]))
            lock = parse_lock(lock_bytes(plan.lock), path=Path("swop.lock.yml"))
            if lock_bytes(lock) != lock_bytes(plan.lock):
                raise AssertionError(f"{seed}-{number}: the lock does not come back")
            taken = {(item.message, item.new): item.old for item in plan.renames}
            keep_book(book, lock, taken, f"{seed}-{number}-{step}")
            kind = classes_of(plan)
            numbers = lock.context("billing").messages["Paid"]
            for data, message, before in written:
                newer = kind.FromString(data)
                if not same_where_kept(message, newer, before, numbers):
                    raise AssertionError(f"{seed}-{number}-{step}: old bytes read differently")
            message = filled(rng, kind)
            written.append((message.SerializeToString(), message, numbers))
            for _ in range(rng.randint(1, 3)):
                contract.edit()
        yield number


def keep_book(
    book: dict[tuple[str, int], tuple[str, str]],
    lock: Lock,
    taken: dict[tuple[str, str], str],
    where: str,
) -> None:
    """Our own record of who ever had a number: a name and type for good, renames apart."""
    context = lock.context("billing")
    for block in (context.messages, context.enums):
        for owner, numbers in block.items():
            for name, item in numbers.given.items():
                assert item.number is not None
                holder = book.setdefault((owner, item.number), (name, item.type))
                if holder == (name, item.type):
                    continue
                if taken.get((owner, name)) == holder[0] and holder[1] == item.type:
                    book[owner, item.number] = (name, item.type)
                    continue
                raise AssertionError(f"{where}: {owner} gives {item.number} to {name} again")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=["compile", "evolve"])
    parser.add_argument("--models", type=int, default=5_000)
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    if options.what == "compile":
        plans = list(compile_models(options.seed, options.models))
        count = sum(len(draft.messages) for plan in plans for draft in plan.drafts)
        print(f"{count} messages in {len(plans)} projects: all compile, each the same twice")
    else:
        try:
            count = sum(1 for _ in evolve(options.seed, options.sequences))
        except LockError as error:
            print(f"failed: {error}", file=sys.stderr)
            return 1
        print(f"{count} sequences of 5 versions: no number given twice, all old bytes decode")
    print(f"{time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
