"""A store in an OCI registry: any registry that keeps container images keeps agents.

An agent is a repository; a version is a tag on its artifact (see `modelpack`). A tag that people
set is a tag, and so is `latest`. A version that was yanked has a second tag, `yanked.VERSION`:
registries rarely let a tag be deleted, and anyone can see this one.

A registry has no transactions and no locks. The artifact is put last, so that a version appears
whole, after a last look whether somebody else published it while the files travelled. Two who put
the same new version within the same few milliseconds may still both believe that they were first.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..canonical import canonical, read_json
from ..errors import BadReferenceError, ManifestError, NotFoundError, StoreError
from ..files import explained
from ..manifest import LARGEST_MANIFEST, AgentManifest
from ..names import DIGEST, LATEST, VERSION, Version, agent_name, tag_name
from ..progress import OnProgress, silent
from . import modelpack
from .index import Entry, Index
from .oci_http import Registry
from .oci_upload import Uploads
from .protocol import Blob, Pushed, Release
from .transfer import WORKERS, receive, send

USER_VARIABLE, PASSWORD_VARIABLE = "SWARMCODE_OCI_USER", "SWARMCODE_OCI_PASSWORD"
_YANKED = "yanked."


class OciStore:
    """Agents in a registry, below a namespace: `oci://HOST[:PORT][/NAMESPACE]`."""

    def __init__(
        self,
        address: str,
        *,
        environment: Mapping[str, str] = os.environ,
        sessions: Path | None = None,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme != "oci" or not parts.netloc or "@" in parts.netloc or parts.query:
            raise BadReferenceError(address, "is not like oci://host:5000/namespace")
        self._prefix = f"{agent_name(name)}/" if (name := parts.path.strip("/")) else ""
        user, password = environment.get(USER_VARIABLE), environment.get(PASSWORD_VARIABLE)
        credentials = (user, password) if user and password else None
        self._registry = Registry(parts.netloc, credentials=credentials)
        self._uploads = Uploads(self._registry, sessions=sessions)

    @property
    def address(self) -> str:
        """The registry and the namespace."""
        return f"oci://{self._registry.host}/{self._prefix}".rstrip("/")

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted, where the registry tells them."""
        names = [
            name.removeprefix(self._prefix)
            for name in self._registry.repositories()
            if name.startswith(self._prefix)
        ]
        return sorted(filter(self._is_agent, names))

    def index(self, name: str) -> Index:
        """Return an agent's versions and tags, or raise `NotFoundError`."""
        repository = self._repository(name)
        tags = self._registry.tags(repository) or []
        versions = [tag for tag in tags if re.fullmatch(VERSION, tag)]
        yanked = {tag.removeprefix(_YANKED) for tag in tags if tag.startswith(_YANKED)}
        others = [t for t in tags if t not in versions and t != LATEST and t[:7] != _YANKED]
        with ThreadPoolExecutor(WORKERS) as pool:
            entries = {
                entry.version: entry
                for entry in pool.map(lambda v: self._entry(name, v, v in yanked), versions)
            }
            tagged = list(pool.map(lambda tag: self._version_of(repository, tag), others))
        if not entries:
            raise NotFoundError(f"there is no agent {name} at {self.address}")
        return Index(
            name,
            tuple(sorted(entries.values(), key=lambda entry: Version(entry.version))),
            {tag: v for tag, v in zip(others, tagged, strict=True) if v in entries},
        )

    def manifest(self, name: str, entry: Entry) -> bytes:
        """Return the bytes of a version's manifest."""
        data = b""
        for block in self._registry.get_blob(self._repository(name), entry.digest, 0):
            data += block
            if len(data) > LARGEST_MANIFEST:
                raise StoreError(f"the manifest of {name}:{entry.version} is too large")
        return data

    @explained()
    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: blobs first, then the artifact under its version's tag."""
        manifest = release.manifest
        repository = self._repository(manifest.name)
        config, artifact = _packed(release)
        known = self._known(manifest.name)
        index = known.with_release(release.entry())
        sent, skipped = send(
            [*release.blobs(), config],
            has=lambda blob: self._uploads.has(repository, blob),
            put=lambda blob: self._uploads.put(repository, blob, on_progress),
            on_progress=on_progress,
        )
        if index is not known:
            self._publish(repository, release, artifact)
            if index.latest is not None and index.latest.version == manifest.version:
                self._registry.put_manifest(repository, LATEST, artifact)
        inner = {config.path}
        return Pushed(
            f"{manifest.name}:{manifest.version}",
            manifest.digest,
            tuple(path for path in sent if path not in inner),
            tuple(path for path in skipped if path not in inner),
            f"{self.address}/{manifest.name}:{manifest.version}",
        )

    def _publish(self, repository: str, release: Release, artifact: bytes) -> None:
        """Make a version visible, unless somebody else did while its files travelled."""
        manifest = release.manifest
        if self._registry.get_manifest(repository, manifest.version) is not None:
            self.index(manifest.name).with_release(release.entry())
        self._registry.put_manifest(repository, manifest.version, artifact)

    def fetch(
        self,
        entry: Entry,
        manifest: AgentManifest,
        folder: Path,
        *,
        on_progress: OnProgress = silent,
    ) -> None:
        """Bring a version's files into a folder."""
        repository = self._repository(manifest.name)
        receive(
            manifest,
            entry,
            folder,
            read=lambda digest, start: self._registry.get_blob(repository, digest, start),
            on_progress=on_progress,
        )

    @explained()
    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        repository = self._repository(name)
        self._registry.put_manifest(repository, tag_name(tag), self._artifact(name, version))

    @explained()
    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back, by a second tag that says so and why."""
        repository = self._repository(name)
        artifact, what = self._artifact(name, version), f"{name}:{version}"
        annotations = _annotations(artifact, what) | {modelpack.YANKED: reason}
        data = canonical(_object(artifact, what) | {"annotations": annotations})
        self._registry.put_manifest(repository, f"{_YANKED}{version}", data)
        self._point_latest(repository, self.index(name))

    # ── what lies in a repository ─────────────────────────────────────────────────────────────

    def _repository(self, name: str) -> str:
        return self._prefix + agent_name(name)

    def _is_agent(self, name: str) -> bool:
        with suppress(NotFoundError, BadReferenceError, StoreError):
            return bool(self.index(name).versions)
        return False

    def _known(self, name: str) -> Index:
        try:
            return self.index(name)
        except NotFoundError:
            return Index(name)

    def _artifact(self, name: str, version: str) -> bytes:
        data = self._registry.get_manifest(self._repository(name), Version(version).text)
        if data is None:
            raise NotFoundError(f"there is no {name}:{version} at {self.address}")
        return data

    def _entry(self, name: str, version: str, yanked: bool) -> Entry:  # noqa: FBT001 - in a map
        said = _annotations(self._artifact(name, version), f"{name}:{version}")
        reason = None
        if yanked:
            data = self._registry.get_manifest(self._repository(name), f"{_YANKED}{version}")
            reason = _annotations(data or b"{}", f"{name}:{version}").get(modelpack.YANKED, "")
        digest, signature = said.get(modelpack.DIGEST, ""), said.get(modelpack.SIGNATURE_DIGEST)
        if not all(re.fullmatch(DIGEST, d) for d in (digest, signature) if d is not None):
            raise StoreError(f"{self.address}/{name}:{version} is not an agent of this registry")
        return Entry(version, digest, yanked=reason, signature=signature)

    def _version_of(self, repository: str, tag: str) -> str:
        data = self._registry.get_manifest(repository, tag)
        return _annotations(data, tag).get(modelpack.VERSION, "") if data else ""

    def _point_latest(self, repository: str, index: Index) -> None:
        """Keep the tag `latest` for other tools; this store computes it instead."""
        if index.latest is not None:
            data = self._registry.get_manifest(repository, index.latest.version)
            if data is not None:
                self._registry.put_manifest(repository, LATEST, data)


def _packed(release: Release) -> tuple[Blob, bytes]:
    """Return the configuration's blob and the artifact."""
    layers = list(release.blobs())
    data = modelpack.config_of(release.manifest, layers)
    config = Blob("(config)", hashlib.sha256(data).hexdigest(), len(data), data)
    return config, modelpack.artifact_of(release.manifest, config, layers)


def _annotations(artifact: bytes, what: str) -> dict[str, str]:
    found = _object(artifact, what).get("annotations")
    pairs = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in pairs if isinstance(value, str)}


def _object(artifact: bytes, what: str) -> dict[str, Any]:
    try:
        document: Any = read_json(artifact)
    except ManifestError as error:
        raise StoreError(f"the registry's entry for {what} is not JSON") from error
    if not isinstance(document, dict):
        raise StoreError(f"the registry's entry for {what} is not a JSON object")
    return document
