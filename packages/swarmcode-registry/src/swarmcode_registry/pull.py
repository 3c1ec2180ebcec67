"""Pulling: from a reference to a verified folder.

The manifest comes first and is verified before a byte of anything else travels. The files come
into a folder of their own beside the target, are verified there, and only then get the target's
name: a folder that `pull` made is verified, or it is not there.
"""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from .canonical import read_json
from .errors import (
    BadReferenceError,
    DowngradeError,
    ManifestError,
    RegistryError,
    StoreError,
    WrongAgentError,
)
from .files import explained, locked, sync, sync_tree, write_atomically
from .manifest import AgentManifest
from .names import LATEST, Reference, Version
from .progress import OnProgress, silent
from .stores import Entry, Store, open_store
from .trust import Trust
from .verify import Expected, Verified, check_reference, check_signer, trust_of, verify

SEEN_SCHEMA = "swarmcode-seen/1"


@explained()
def pull(
    reference: str | Reference,
    *,
    store: Store | str,
    into: str | Path,
    expect: Expected | None = None,
    allow_yanked: bool = False,
    seen: Path | None = None,
    chain_id: int = 1,
    on_progress: OnProgress = silent,
) -> Verified:
    """Bring an agent into a folder, verified, or raise and leave the folder as it was.

    With `seen`, a file that remembers the highest version verified here: a store that answers
    `latest` with an older one, or a tag with an older one than it did before, is refused, for that
    is how an attacker brings back a version with a known fault. Naming a version or a digest is
    always allowed.
    """
    reference = Reference.parse(reference) if isinstance(reference, str) else reference
    store = open_store(store) if isinstance(store, str) else store
    check = _Check(trust_of(expect), chain_id, on_progress)
    target = Path(into).absolute()
    entry = store.index(reference.name).resolve(reference, allow_yanked=allow_yanked)
    manifest = _manifest(store, reference, entry)
    check.early(manifest)
    if seen is not None and reference.floats:
        _refuse_older(seen, reference, manifest)
    if target.exists() or target.is_symlink():
        verified = _already_there(target, manifest, check)
    else:
        verified = _bring(store, entry, manifest, target, check)
    if seen is not None:
        _remember(seen, reference, manifest)
    return verified


@dataclass(frozen=True, slots=True)
class _Check:
    """Whom to trust, and how to verify by that."""

    trust: Trust
    chain_id: int
    on_progress: OnProgress

    def early(self, manifest: AgentManifest) -> None:
        """Refuse a wrong signature before anything large travels, where the manifest holds one.

        A detached signature covers the files, and can only be checked when they are here.
        """
        if not any(signer.public_key for signer in self.trust.for_agent(manifest.name)):
            check_signer(manifest, self.trust, chain_id=self.chain_id)

    def folder(self, folder: Path, manifest: AgentManifest) -> Verified:
        """Verify a folder, which must hold exactly this manifest."""
        return verify(
            folder,
            expect=self.trust,
            reference=Reference(manifest.name, digest=manifest.digest),
            chain_id=self.chain_id,
            on_progress=self.on_progress,
        )


def _manifest(store: Store, reference: Reference, entry: Entry) -> AgentManifest:
    """Fetch a manifest, which must be the one that the index promised and that was asked for."""
    manifest = AgentManifest.from_bytes(store.manifest(reference.name, entry))
    check_reference(manifest, reference)
    if (manifest.digest, manifest.version) != (entry.digest, entry.version):
        raise WrongAgentError(
            f"{store.address} promised {entry.version} ({entry.digest}) for {reference}, and sent "
            f"{manifest.version} ({manifest.digest})"
        )
    return manifest


def _already_there(target: Path, manifest: AgentManifest, check: _Check) -> Verified:
    try:
        return check.folder(target, manifest)
    except RegistryError as error:
        raise StoreError(
            f"{target} exists already, and is not a whole {manifest.name}:{manifest.version}: "
            f"choose another folder ({error})"
        ) from error


def _bring(
    store: Store, entry: Entry, manifest: AgentManifest, target: Path, check: _Check
) -> Verified:
    """Fetch into a folder of its own, verify it there, and only then give it its name."""
    staging = target.parent / ".swarmcode-pull" / entry.digest.removeprefix("sha256:")[:16]
    with locked(staging.with_name(f"{staging.name}.lock")):
        store.fetch(entry, manifest, staging, on_progress=check.on_progress)
        try:
            verified = _verified_and_durable(staging, manifest, check)
        except RegistryError:
            shutil.rmtree(staging)  # what came is wrong: the next pull must not build on it
            raise
        staging.rename(target)
        sync(target.parent)
    return replace(verified, folder=target)


def _verified_and_durable(staging: Path, manifest: AgentManifest, check: _Check) -> Verified:
    """Verify a folder while the disk takes it in."""
    with ThreadPoolExecutor(1) as disk:
        written = disk.submit(sync_tree, staging)
        verified = check.folder(staging, manifest)
        written.result()
    return verified


# ── what was seen before ──────────────────────────────────────────────────────────────────────


def _refuse_older(seen: Path, reference: Reference, manifest: AgentManifest) -> None:
    highest = _read_seen(seen).get(_remembered_as(reference))
    if highest and Version(manifest.version) < Version(highest):
        raise DowngradeError(
            f"the store offers {manifest.version} as {reference}, and {highest} was verified here "
            "before: name the version if that is what you want"
        )


def _remember(seen: Path, reference: Reference, manifest: AgentManifest) -> None:
    with locked(seen.with_name(f".{seen.name}.lock")):
        known = _read_seen(seen)
        higher = {
            key: max(manifest.version, known.get(key, manifest.version), key=Version)
            for key in {manifest.name, _remembered_as(reference)}
        }
        if not higher.items() <= known.items():
            document = {"schema": SEEN_SCHEMA, "highest": known | higher}
            write_atomically(seen, json.dumps(document, indent=1, sort_keys=True).encode())


def _remembered_as(reference: Reference) -> str:
    """Return the key of a reference: a tag has a history of its own, all else is the agent's."""
    is_tag = reference.floats and reference.label != LATEST
    return str(reference) if is_tag else reference.name


def _read_seen(seen: Path) -> dict[str, str]:
    try:
        document = read_json(seen.read_bytes())
        if document["schema"] != SEEN_SCHEMA:
            raise StoreError(f"{seen} is of an unknown version: {document['schema']!r}")
        return {str(name): Version(version).text for name, version in document["highest"].items()}
    except FileNotFoundError:
        return {}
    except (ManifestError, BadReferenceError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{seen} is damaged: move it away if you know why") from error
