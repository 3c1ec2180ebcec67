"""Whether a project is what its records say: its trail, its files, its published agent."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import TrailError
from .project import Kept, Project, newest
from .steps import publish, synth
from .steps.ingest import snapshot_digest
from .steps.train import adapter_digest
from .trail import TrailState, check_trail

if TYPE_CHECKING:
    from swarmcode_registry import AgentManifest
    from swarmcode_registry.verify import Expected


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    holds: bool
    detail: str


def check_project(project: Project, *, expect: "Expected") -> Iterator[Finding]:
    """Look at everything; what does not hold is a finding, and the next thing is looked at."""
    yield _trail(project)
    yield from _artifacts(project)
    yield from _publication(project, expect)


def _trail(project: Project) -> Finding:
    try:
        state = check_trail(project.trail, thread=project.project.thread)
    except TrailError as error:
        return Finding("trail", holds=False, detail=str(error))
    missing = _untold(project)
    if missing:
        return Finding("trail", holds=False, detail=f"it does not tell of run {missing[0]}")
    return Finding("trail", holds=True, detail=told(state))


def told(state: TrailState) -> str:
    """A trail in a sentence."""
    waiting = f", {len(state.unfulfilled)} without an outcome yet" if state.unfulfilled else ""
    return f"{state.records} records, {state.signed} of them signed{waiting}"


def _untold(project: Project) -> list[str]:
    """Runs whose records the trail does not hold."""
    ids = {kept.id for kept in project.trail}
    return [
        key
        for key, run in sorted(project.runs.items())
        if run.intent not in ids or (run.outcome is not None and run.outcome not in ids)
    ]


def _artifacts(project: Project) -> Iterator[Finding]:
    """Hold the newest artifact of every step against its digest."""
    if (snapshot := newest(project, "ingest")) is not None:
        holds = snapshot_digest(Path(snapshot.path)) == snapshot.digest
        yield _file("snapshot", snapshot.path, holds=holds)
    if (dataset := newest(project, "synth")) is not None:
        yield _file("rows", dataset.path, holds=synth.rows_are(dataset))
    if (adapter := newest(project, "train")) is not None:
        holds = adapter_digest(Path(adapter.path)) == adapter.digest
        yield _file("adapter", adapter.path, holds=holds)
    if (figures := newest(project, "eval")) is not None:
        yield _file("evaluation", figures.path, holds=Path(figures.path).is_file())


def _file(what: str, path: str, *, holds: bool) -> Finding:
    return Finding(what, holds, path if holds else f"{path} is missing, or was changed")


def _publication(project: Project, expect: "Expected") -> Iterator[Finding]:
    from swarmcode_registry import AgentManifest, RegistryError
    from swarmcode_registry.verify import check_files, check_signer, read_manifest_bytes, trust_of

    published = newest(project, "publish")
    if published is None:
        return
    path = Path(published.path)
    try:
        manifest = AgentManifest.from_bytes(read_manifest_bytes(path))
        signer = check_signer(manifest, trust_of(expect))
        yield Finding(
            "signature", holds=True, detail=f"{manifest.name} {manifest.version}, {signer}"
        )
        check_files(Path(published.folder), manifest)
        yield Finding("files", holds=True, detail=f"{len(manifest.files)} as they were signed")
        yield _paper_trail(manifest, list(project.trail), project.project.thread)
    except RegistryError as error:
        yield Finding("manifest", holds=False, detail=str(error))


def _paper_trail(manifest: "AgentManifest", records: list[Kept], thread: str) -> Finding:
    """Whether the manifest names the intent that it was published by, in this thread."""
    links = [link for link in manifest.provenance if link.kind == publish.TRAIL_KIND]
    ids = {f"sha256:{kept.id}" for kept in records}
    if len(links) == 1 and links[0].uri == f"thread:{thread}" and links[0].digest in ids:
        return Finding(
            "paper trail", holds=True, detail=f"the manifest names record {links[0].digest}"
        )
    return Finding("paper trail", holds=False, detail="the manifest names no record of this trail")


def check_agent(folder: Path, *, expect: "Expected") -> Iterator[Finding]:
    """Look at an agent's folder: the signature, its files, and the trail that came along.

    Raises:
        VerificationError: it is not what its signer published; nothing of it may be loaded.
    """
    from swarmcode_registry import verify

    verified = verify(folder, expect=expect)
    manifest = verified.manifest
    detail = f"{manifest.name} {manifest.version}, {verified.signer}"
    yield Finding("signature", holds=True, detail=detail)
    yield Finding("files", holds=True, detail=f"{len(manifest.files)} as they were signed")
    yield from _trail_of_agent(folder, manifest)


def _trail_of_agent(folder: Path, manifest: "AgentManifest") -> Iterator[Finding]:
    links = [link for link in manifest.provenance if link.kind == publish.TRAIL_KIND]
    if not links:
        return
    try:
        records = publish.read_trail(folder / publish.TRAIL_FILE)
        state = check_trail(records, thread=(links[0].uri or "").removeprefix("thread:"))
    except TrailError as error:
        yield Finding("trail", holds=False, detail=str(error))
        return
    holds = links[0].digest == f"sha256:{state.head}"
    detail = told(state) if holds else "it does not end with the record that the manifest names"
    yield Finding("trail", holds, detail)
