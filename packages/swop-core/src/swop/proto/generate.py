"""`swop gen proto`: manifests and the lock become `.proto` files and the next lock."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..contract.described import Artifact, Remark, describe
from ..errors import ProtoError
from ..files import differs, write_if_changed
from ..lock import LOCK_NAME, ContextLock, Lock, Rename, Wanted, assign, likely_renames
from ..lock.read import read_lock
from ..lock.write import lock_bytes
from ..manifests import Manifest, read_manifests
from .compiling import check_protos
from .draft import draft_context
from .model import ProtoDraft, ProtoField
from .names import Scope, package_name
from .write import NOTE, proto_text


@dataclass(frozen=True, slots=True)
class ProtoFile:
    """One file; `written` says whether its bytes changed."""

    context: str
    path: Path
    commands: int = 0
    queries: int = 0
    events: int = 0
    written: bool = False

    @property
    def total_rpcs(self) -> int:
        """The methods of its services."""
        return self.commands + self.queries


@dataclass(slots=True)
class ProtoGenerationResult:
    """What a generation made. `undecided` are renames to be confirmed: nothing was written then."""

    files: list[ProtoFile] = field(default_factory=list)
    out_dir: Path | None = None
    warnings: list[str] = field(default_factory=list)
    lock_path: Path | None = None
    lock_written: bool = False
    removed: list[Path] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    undecided: list[Rename] = field(default_factory=list)

    def format(self) -> str:
        """The outcome as lines for a terminal."""
        if self.undecided:
            return "\n".join(
                [
                    "[PROTO] nothing was written: these look like renames",
                    *(f"  ?? {item}" for item in self.undecided),
                    "  --take-renames keeps their numbers, --no-renames gives new ones",
                ]
            )
        written = sum(item.written for item in self.files)
        lines = [f"[PROTO] {len(self.files)} file(s), {written} written"]
        lines += [
            f"  {'->' if item.written else '=='} {item.path} "
            f"({item.total_rpcs} rpc(s), {item.events} event(s))"
            for item in self.files
        ]
        lines += [f"  -- {path}" for path in self.removed]
        lines += [f"  renamed: {item}" for item in self.renames]
        if self.lock_path is not None:
            lines.append(f"  {'->' if self.lock_written else '=='} {self.lock_path}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class ProtoPlan:
    """Everything that a generation would write, worked out without writing."""

    drafts: tuple[ProtoDraft, ...]
    lock: Lock
    renames: tuple[Rename, ...] = ()
    undecided: tuple[Rename, ...] = ()

    def texts(self) -> dict[str, str]:
        """The text of every file, by its path below the output folder."""
        return {
            draft.path: proto_text(draft, self.lock.context(draft.context)) for draft in self.drafts
        }

    @property
    def remarks(self) -> list[Remark]:
        """What the contracts do not express."""
        return [remark for draft in self.drafts for remark in draft.remarks]


def plan_protos(manifests: Iterable[Manifest], lock: Lock, *, renames: str = "ask") -> ProtoPlan:
    """Lay out every context and give its numbers.

    `renames` says what to do with fields that look renamed: "take" their numbers along, give
    "new" ones, or "ask", which leaves them in `undecided`.

    Raises:
        LockError: the lock asks for something impossible.
    """
    drafts = draft_manifests(manifests)
    contexts: dict[str, ContextLock] = dict(lock.contexts)
    likely: list[Rename] = []
    for draft in drafts:
        wanted = wanted_of(draft)
        before = lock.context(draft.context)
        found = [] if renames == "new" else likely_renames(before, wanted)
        likely += found
        contexts[draft.context] = assign(before, wanted, renames=found)
    current = {draft.context for draft in drafts}
    for name in contexts.keys() - current:  # a context that is no more keeps its numbers reserved
        gone = contexts[name]
        contexts[name] = ContextLock(
            {key: item.retired() for key, item in gone.messages.items()},
            {key: item.retired() for key, item in gone.enums.items()},
        )
    asked = tuple(likely) if renames == "ask" else ()
    return ProtoPlan(drafts, Lock(contexts), () if asked else tuple(likely), asked)


def draft_manifests(manifests: Iterable[Manifest]) -> tuple[ProtoDraft, ...]:
    """The files of all contexts, in order of their names."""
    artifacts: dict[str, list[Artifact]] = {}
    emits: dict[str, dict[str, tuple[str, ...]]] = {}
    for manifest in sorted(manifests, key=lambda item: (item.context, item.kind)):
        found = artifacts.setdefault(manifest.context, [])
        for key, entry in manifest.entries.items():
            found.append(describe(entry, context=manifest.context, kind=manifest.kind, key=key))
            if manifest.kind == "command":
                emits.setdefault(manifest.context, {})[key] = entry.emits
    idents = Scope()
    return tuple(
        draft_context(context, idents.take(package_name(context)), found, emits.get(context, {}))
        for context, found in artifacts.items()
    )


def wanted_of(draft: ProtoDraft) -> Wanted:
    """What a draft needs numbers for.

    A message that becomes an enum of the same name is another type on the wire: the lock
    says `enum Color`.
    """
    enums = {enum.name for enum in draft.enums}

    def wire_type(item: ProtoField) -> str:
        return re.sub(
            r"\w+", lambda word: f"enum {word[0]}" if word[0] in enums else word[0], item.wire_type
        )

    return Wanted(
        draft.context,
        {
            message.name: tuple((item.name, wire_type(item)) for item in message.fields)
            for message in draft.messages
        },
        {enum.name: enum.values for enum in draft.enums},
    )


def generate_proto_from_manifests(
    manifests_dir: Path,
    out_dir: Path,
    *,
    lock: Path | None = None,
    renames: str = "ask",
    check: bool = True,
    dry_run: bool = False,
) -> ProtoGenerationResult:
    """Write a `.proto` file for every context, and the lock.

    The files are compiled before anything is written: what does not compile is never left
    behind. `lock` is where the numbers are kept; by default `swop.lock.yml` beside the
    `swop.yaml` above the manifests, or beside the manifests where there is none. With `dry_run`
    nothing is written, and the result says what would be.

    Raises:
        ManifestError, LockError: something that was committed is damaged.
        ProtoError: the result does not compile.
        MissingToolError: it cannot be compiled, since the extra `proto` is not installed.
        StateWriteError: a file cannot be written.
    """
    lock_path = lock or default_lock_path(Path(manifests_dir))
    plan = plan_protos(read_manifests(Path(manifests_dir)), read_lock(lock_path), renames=renames)
    out_dir = Path(out_dir)
    result = ProtoGenerationResult(out_dir=out_dir, lock_path=lock_path)
    result.warnings = [str(remark) for remark in plan.remarks]
    result.undecided = list(plan.undecided)
    if plan.undecided:
        return result
    result.renames = list(plan.renames)
    texts = plan.texts()
    if check:
        check_texts(texts)
    write = differs if dry_run else write_if_changed
    result.lock_written = write(lock_path, lock_bytes(plan.lock))
    for draft in plan.drafts:
        path = out_dir / draft.path
        written = write(path, texts[draft.path].encode())
        result.files.append(_counted(draft, path, written=written))
    result.removed = _remove_stale(out_dir, {item.path for item in result.files}, dry_run=dry_run)
    return result


def check_texts(texts: Mapping[str, str]) -> None:
    """Compile texts that are not on disk.

    Raises:
        ProtoError: one does not compile.
        MissingToolError: the extra `proto` is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="swop-proto-") as scratch:
        for name, text in texts.items():
            path = Path(scratch) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        try:
            check_protos(Path(scratch), texts)
        except ProtoError as error:
            hint = "this is a fault of swop; please report it with the manifest"
            raise ProtoError(f"{error} ({hint})", problems=error.problems) from None


def default_lock_path(manifests_dir: Path) -> Path:
    """Where the lock of these manifests is."""
    folder = manifests_dir.absolute()
    for parent in folder.parents:
        if (parent / "swop.yaml").is_file():
            return parent / LOCK_NAME
    return folder / LOCK_NAME


def _counted(draft: ProtoDraft, path: Path, *, written: bool) -> ProtoFile:
    rpcs = {service.kind: len(service.rpcs) for service in draft.services}
    return ProtoFile(
        draft.context,
        path,
        rpcs.get("command", 0),
        rpcs.get("query", 0),
        len(draft.events),
        written,
    )


def _remove_stale(out_dir: Path, current: set[Path], *, dry_run: bool) -> list[Path]:
    """Remove what an earlier generation wrote for contexts that are no more."""
    stale = [
        path
        for path in sorted(out_dir.glob("*/v1/*.proto"))
        if path not in current and path.read_bytes().startswith(NOTE.encode())
    ]
    for path in stale if not dry_run else ():
        path.unlink()
    return stale
