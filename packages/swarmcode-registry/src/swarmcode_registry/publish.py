"""Publishing: from an adapter's folder to a signed manifest, and from there into a store.

    Publisher(PublishConfig(adapter_path="artifacts/swarmcode_adapter")).publish()

The key is found first and the folder is looked at before anything is written; a manifest is
written as a whole. Without a key there is no manifest: nothing is ever half-signed.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from .describe import Description, describe
from .errors import (
    AdapterMissingError,
    MissingExtraError,
    RegistryError,
    SigningKeyError,
)
from .files import explained, write_atomically
from .ipfs import IPFSClient, cid_text, folder_of, root_of
from .manifest import AgentManifest, Evaluation, ProvenanceLink, Training
from .names import MANIFEST_FILE, Version, agent_name, tag_name
from .progress import OnProgress, silent
from .signing import (
    EIP191Signer,
    SigningKey,
    key_from_environment,
    key_from_keystore,
    sign,
    sign_folder,
)
from .stores import Pushed, Release, Store, open_store
from .verify import read_manifest_bytes, verify_manifest

USUAL_GATEWAY = "http://localhost:5001"


class PublishConfig(BaseModel):
    """What to publish, under which name, signed with which key.

    Where no key is given, `keystore` is opened, or else the environment variable
    SWARMCODE_PRIVATE_KEY is read. `private_key` is for programs that hold a key in memory; it is
    neither shown nor written, and `from_settings` refuses it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    adapter_path: Path
    manifest_output: Path = Path("./artifacts/manifest.json")
    name: str = "swarmcode-agent"
    version: str = "0.1.0"
    description: str = ""
    author: str = ""
    private_key: SecretStr | None = None
    ipfs_gateway: str | None = USUAL_GATEWAY
    keystore: Path | None = None
    chain_id: int | None = None  # sign as EIP-712 for this chain, instead of EIP-191
    model_key: Path | None = None  # a PEM key: sign the folder for OpenSSF Model Signing too
    store: str | None = None
    tags: tuple[str, ...] = ()
    license: str | None = None
    base_model: str | None = None
    base_model_revision: str | None = None
    training: Training | None = None
    evaluation: Evaluation | None = None
    capabilities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    provenance: tuple[ProvenanceLink, ...] = ()
    extensions: Mapping[str, Any] = {}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "PublishConfig":
        """Read settings that came from flags or a file, where a key must not stand."""
        if settings.get("private_key"):
            raise SigningKeyError(
                "a private key must not stand in a configuration file or a flag: "
                "use an encrypted keystore file, or SWARMCODE_PRIVATE_KEY"
            )
        return _validated(settings)


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What was published. `ipfs_cid` is None where the extra `ipfs` is not installed."""

    manifest_path: Path
    signature: str
    ipfs_cid: str | None
    manifest: AgentManifest
    ipfs_uploaded: bool = False
    pushed: Pushed | None = None


class Publisher:
    """Publishes one agent."""

    def __init__(
        self,
        config: PublishConfig | Any,
        *,
        key: SigningKey | None = None,
        store: Store | None = None,
        now: Callable[[], datetime] | None = None,
        on_progress: OnProgress = silent,
    ) -> None:
        self._config = _config(config)
        self._key = key
        self._store = store
        self._now = now
        self._on_progress = on_progress

    @explained()
    def publish(self) -> PublishResult:
        """Sign the adapter's manifest, write it, and push the agent where a store is named."""
        config = self._config
        _check_names(config)
        folder = Path(config.adapter_path)
        if not folder.exists():
            raise AdapterMissingError(folder, "does not exist: train an adapter first, or name it")
        key = self._key or _find_key(config)
        store = self._store or (open_store(config.store) if config.store else None)
        manifest = self._signed(folder, key)
        write_atomically(Path(config.manifest_output), manifest.to_bytes())
        signature = self._sign_folder(folder, manifest)
        release = Release(manifest, folder, signature)
        cid, uploaded = self._to_ipfs(release)
        pushed = self._push(store, release)
        return PublishResult(
            Path(config.manifest_output), manifest.signature or "", cid, manifest, uploaded, pushed
        )

    def _signed(self, folder: Path, key: SigningKey) -> AgentManifest:
        """Sign the folder's manifest; where nothing changed, it is the one of the last time.

        Publishing that was interrupted can so be repeated: it is the same version, not another
        one that differs in its date alone.
        """
        manifest = self._describe(folder)
        with suppress(RegistryError):
            before = AgentManifest.from_bytes(read_manifest_bytes(self._config.manifest_output))
            dated = manifest.model_copy(update={"created_at": before.created_at})
            again = sign(dated, key, chain_id=self._config.chain_id)
            if again == before:
                return before
        return sign(manifest, key, chain_id=self._config.chain_id)

    def _describe(self, folder: Path) -> AgentManifest:
        config = self._config
        description = Description(
            **{name: getattr(config, name) for name in Description.__dataclass_fields__}
        )
        now = self._now() if self._now else None
        return describe(folder, description, now=now, on_progress=self._on_progress)

    def _sign_folder(self, folder: Path, manifest: AgentManifest) -> bytes | None:
        if self._config.model_key is None:
            return None
        write_atomically(folder / MANIFEST_FILE, manifest.to_bytes())
        password = os.environ.get("SWARMCODE_MODEL_KEY_PASSWORD")
        return sign_folder(folder, self._config.model_key, password=password).read_bytes()

    def _to_ipfs(self, release: Release) -> tuple[str | None, bool]:
        """Return the agent's content id, and whether a node took it in.

        A node that was named must be there; the usual address is only tried.
        """
        build = folder_of({blob.path: blob.source for blob in release.blobs()})
        gateway = self._config.ipfs_gateway
        if gateway and gateway != USUAL_GATEWAY:
            return IPFSClient(gateway).upload(build), True
        with suppress(MissingExtraError):
            if gateway and (node := IPFSClient(gateway)).is_up():
                return node.upload(build), True
            return cid_text(root_of(build)), False
        return None, False

    def _push(self, store: Store | None, release: Release) -> Pushed | None:
        if store is None:
            return None
        pushed = store.push(release, on_progress=self._on_progress)
        for tag in self._config.tags:
            store.tag(release.manifest.name, tag, release.manifest.version)
        return pushed


def _config(config: Any) -> PublishConfig:
    """Take a configuration of any class with the published fields."""
    if isinstance(config, PublishConfig):
        return config
    known = {
        name: getattr(config, name) for name in PublishConfig.model_fields if hasattr(config, name)
    }
    return _validated(known)


def _validated(settings: Mapping[str, Any]) -> PublishConfig:
    try:
        return PublishConfig.model_validate(dict(settings))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(map(str, found["loc"]))
        raise RegistryError(f"publish settings, {where}: {found['msg']}") from error


def _check_names(config: PublishConfig) -> None:
    """Refuse what no store could hold, before a file is read."""
    agent_name(config.name)
    Version(config.version)
    for tag in config.tags:
        tag_name(tag)


def _find_key(config: PublishConfig) -> SigningKey:
    if config.private_key is not None:
        return SigningKey(config.private_key.get_secret_value())
    if config.keystore is not None:
        return key_from_keystore(config.keystore)
    return key_from_environment()


__all__ = [
    "AgentManifest", "EIP191Signer", "IPFSClient", "PublishConfig", "PublishResult", "Publisher",
    "verify_manifest",
]  # fmt: skip
