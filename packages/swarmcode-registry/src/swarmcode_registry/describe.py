"""From a folder with an adapter to an unsigned manifest of it.

Whatever makes the folder unfit is found here, before a key is touched: links, pickles, weights
whose header is wrong, a configuration that names another base model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .canonical import read_json
from .digest import hash_tree, open_regular
from .errors import AdapterError, ManifestError
from .folder import agent_files, read_weights, refuse_pickles
from .manifest import Adapter, AgentManifest, Evaluation, ProvenanceLink, Training, tree_hash
from .progress import OnProgress, silent

ADAPTER_CONFIG = "adapter_config.json"
LARGEST_CONFIG = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What people say about an agent; the rest is read from its files."""

    name: str
    version: str
    description: str = ""
    author: str = ""
    license: str | None = None
    base_model: str | None = None
    base_model_revision: str | None = None
    training: Training | None = None
    evaluation: Evaluation | None = None
    capabilities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    provenance: tuple[ProvenanceLink, ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)


def describe(
    folder: Path,
    description: Description,
    *,
    now: datetime | None = None,
    on_progress: OnProgress = silent,
) -> AgentManifest:
    """Return the unsigned manifest of an adapter's folder, or raise `AdapterError`."""
    paths = agent_files(folder)
    refuse_pickles(folder, paths)
    weights = read_weights(folder, paths)
    base_model = _base_model(folder, paths, description.base_model)
    files = hash_tree(folder, paths, on_progress=on_progress)
    adapter = Adapter(
        hash=tree_hash(files),
        size=sum(file.size for file in files),
        tensors=weights.tensors,
        parameters=weights.parameters,
        dtypes=tuple(sorted(weights.dtypes)),
    )
    return AgentManifest.build(
        name=description.name,
        version=description.version,
        description=description.description,
        author=description.author,
        license=description.license,
        created_at=(now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        base_model=base_model,
        base_model_revision=description.base_model_revision,
        adapter=adapter,
        files=files,
        training=description.training,
        evaluation=description.evaluation,
        capabilities=description.capabilities,
        tools=description.tools,
        provenance=description.provenance,
        extensions=dict(description.extensions),
    )


def _base_model(folder: Path, paths: tuple[str, ...], said: str | None) -> str:
    """Return the base model: what was said, or what the adapter's own configuration says."""
    configured = _configured_base(folder) if ADAPTER_CONFIG in paths else None
    if said and configured and configured != said and not configured.startswith((".", "/", "~")):
        raise AdapterError(
            ADAPTER_CONFIG,
            f"says that the base model is {configured!r}, and {said!r} was named: correct one",
        )
    if not (said or configured):
        raise AdapterError(folder, "does not say its base model: name it")
    return said or configured or ""


def _configured_base(folder: Path) -> str | None:
    with open_regular(folder / ADAPTER_CONFIG) as file:
        data = file.read(LARGEST_CONFIG)
    try:
        config = read_json(data)
    except ManifestError as error:
        raise AdapterError(ADAPTER_CONFIG, f"cannot be read: {error}") from error
    base = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    return base if isinstance(base, str) and base else None
