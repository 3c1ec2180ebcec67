"""How an agent came to be, in the form that supply-chain tools read: in-toto and SLSA.

The statement is a file in the agent's folder that names every other file by its digest. Being one
of the files of the manifest, it is covered by the manifest's signature; it needs none of its own.
It says what the trainer said about itself: it is evidence of nothing else.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .canonical import canonical, read_json
from .digest import hash_tree, open_regular
from .errors import AdapterError, ManifestError, VerificationError
from .files import write_atomically
from .folder import agent_files
from .manifest import AgentFile, AgentManifest, ProvenanceLink

PROVENANCE_FILE = "provenance.intoto.json"
KIND = "slsa-provenance"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = (
    "https://github.com/swarmcode-dev/swarmcode/blob/main/docs/guides/registry.md#provenance"
)
LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Material:
    """Something that a run used: the base model, the training data, the code."""

    uri: str
    digest: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """What is known about the run that made an adapter."""

    builder: str  # who ran it: a URI
    materials: tuple[Material, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    invocation: str | None = None
    started: datetime | None = None
    finished: datetime | None = None


def statement_of(run: TrainingRun, files: tuple[AgentFile, ...]) -> dict[str, Any]:
    """Return the in-toto statement of a run that made these files."""
    metadata = {
        "invocationId": run.invocation,
        "startedOn": _moment(run.started),
        "finishedOn": _moment(run.finished),
    }
    return {
        "_type": STATEMENT,
        "subject": [{"name": f.path, "digest": {"sha256": f.sha256}} for f in files],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": dict(run.parameters),
                "resolvedDependencies": [
                    {"uri": m.uri, **({"digest": dict(m.digest)} if m.digest else {})}
                    for m in run.materials
                ],
            },
            "runDetails": {
                "builder": {"id": run.builder},
                "metadata": {key: value for key, value in metadata.items() if value},
            },
        },
    }


def write_provenance(folder: Path, run: TrainingRun) -> ProvenanceLink:
    """Write a run's statement into an adapter's folder; return the link for its manifest."""
    paths = [path for path in agent_files(folder) if path != PROVENANCE_FILE]
    data = canonical(statement_of(run, hash_tree(folder, paths)))
    write_atomically(folder / PROVENANCE_FILE, data)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return ProvenanceLink(kind=KIND, uri=PROVENANCE_FILE, digest=digest)


def check_provenance(folder: Path, manifest: AgentManifest) -> dict[str, Any] | None:
    """Return the statement that a manifest links to, or None where it links to none.

    Raises `VerificationError` where the statement is about other files than the manifest's.
    """
    links = [link for link in manifest.provenance if link.kind == KIND]
    if not links:
        return None
    file = manifest.file(links[0].uri)
    if len(links) > 1 or file is None or links[0].digest != f"sha256:{file.sha256}":
        raise VerificationError("the manifest links to a provenance that is not one of its files")
    try:
        with open_regular(folder / file.path) as opened:
            statement = read_json(opened.read(LARGEST))
        named = {item["name"]: item["digest"]["sha256"] for item in statement["subject"]}
        kinds = (statement["_type"], statement["predicateType"])
    except (ManifestError, AdapterError, KeyError, TypeError) as error:
        raise VerificationError(f"{file.path} is not an in-toto statement") from error
    others = {other.path: other.sha256 for other in manifest.files if other != file}
    if kinds != (STATEMENT, PREDICATE) or named != others:
        raise VerificationError(f"{file.path} is about other files than those of this agent")
    return dict(statement)


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
