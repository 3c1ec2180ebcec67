"""An agent as an OCI artifact that other tools understand: the CNCF ModelPack format.

Each file is a layer of its own, neither archived nor compressed, with its path as an annotation:
a layer's digest is the file's SHA-256, so that a registry checks it and equal files travel once.
The signed manifest, and the detached signature where there is one, are layers too: a ModelPack
tool that unpacks the artifact gets a folder that `verify` accepts.
"""

import json
from collections.abc import Iterable
from typing import Any

from ..canonical import canonical
from ..manifest import AgentManifest
from ..names import MANIFEST_FILE, SIGNATURE_FILE
from .protocol import Blob

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
WEIGHT = "application/vnd.cncf.model.weight.v1.raw"
WEIGHT_CONFIG = "application/vnd.cncf.model.weight.config.v1.raw"
DOC = "application/vnd.cncf.model.doc.v1.raw"
FILEPATH = "org.cncf.model.filepath"
UNTESTED = "org.cncf.model.file.mediatype.untested"

DIGEST = "dev.swarmcode.manifest.digest"
SIGNATURE_DIGEST = "dev.swarmcode.signature.digest"
YANKED = "dev.swarmcode.yanked"
VERSION = "org.opencontainers.image.version"
TITLE = "org.opencontainers.image.title"
CREATED = "org.opencontainers.image.created"

_PRECISIONS = {
    "BF16": "bfloat16", "BOOL": "bool", "F16": "float16", "F32": "float32", "F64": "float64",
    "F8_E4M3": "float8_e4m3", "F8_E5M2": "float8_e5m2", "I16": "int16", "I32": "int32",
    "I64": "int64", "I8": "int8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "U8": "uint8",
}  # fmt: skip
_DOCUMENTS = (".md", ".rst", ".txt", ".pdf", ".html")
_DOCUMENT_NAMES = ("license", "notice", "copying", "readme", "authors")


def config_of(manifest: AgentManifest, layers: Iterable[Blob]) -> bytes:
    """Return the ModelPack configuration: what the agent is, for people and for schedulers."""
    descriptor = {
        "createdAt": manifest.created_at,
        "name": manifest.name,
        "version": manifest.version,
        **({"description": manifest.description} if manifest.description else {}),
        **({"authors": [manifest.author]} if manifest.author else {}),
        **({"licenses": [manifest.license]} if manifest.license else {}),
    }
    precision = ",".join(_PRECISIONS.get(d, d.lower()) for d in manifest.adapter.dtypes)
    technical = {
        "format": "safetensors",
        "paramSize": _param_size(manifest.adapter.parameters),
        "precision": precision,
        "capabilities": {
            "inputTypes": ["text"], "outputTypes": ["text"], "toolUsage": bool(manifest.tools),
        },
    }  # fmt: skip
    filesystem = {"type": "layers", "diffIds": [layer.digest for layer in layers]}
    return canonical({"descriptor": descriptor, "config": technical, "modelfs": filesystem})


def artifact_of(
    manifest: AgentManifest,
    config: Blob,
    layers: Iterable[Blob],
    *,
    yanked: str | None = None,
) -> bytes:
    """Return the OCI manifest; the same agent always gives the same bytes."""
    layers = list(layers)
    signature = next((blob.digest for blob in layers if blob.path == SIGNATURE_FILE), None)
    annotations = {
        CREATED: manifest.created_at,
        TITLE: manifest.name,
        VERSION: manifest.version,
        DIGEST: manifest.digest,
        **({SIGNATURE_DIGEST: signature} if signature else {}),
        **({YANKED: yanked} if yanked is not None else {}),
    }
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": ARTIFACT,
            "config": {"mediaType": CONFIG, "digest": config.digest, "size": config.size},
            "layers": [_layer(blob) for blob in layers],
            "annotations": annotations,
        }
    )


def _layer(blob: Blob) -> dict[str, Any]:
    return {
        "mediaType": _media_type(blob.path),
        "digest": blob.digest,
        "size": blob.size,
        "annotations": {FILEPATH: blob.path, UNTESTED: json.dumps(obj=False)},
    }


def _media_type(path: str) -> str:
    name = path.rsplit("/", 1)[-1].lower()
    if name.endswith(".safetensors"):
        return WEIGHT
    documents = name.endswith(_DOCUMENTS) or name.startswith(_DOCUMENT_NAMES)
    own = path in {MANIFEST_FILE, SIGNATURE_FILE}
    return DOC if own or (documents and name not in {"vocab.txt", "merges.txt"}) else WEIGHT_CONFIG


def _param_size(parameters: int) -> str:
    """Return a count as ModelPack writes it: one digit after the point, and a letter."""
    for letter, unit in (("T", 10**12), ("B", 10**9), ("M", 10**6)):
        if parameters >= unit:
            return f"{parameters / unit:.1f}{letter}"
    return f"{parameters / 1000:.1f}K"
