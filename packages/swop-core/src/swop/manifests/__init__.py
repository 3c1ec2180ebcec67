"""Manifests: the committed description of a project's artifacts."""

from .model import Manifest, ManifestEntry
from .read import parse_manifest, read_manifest, read_manifests
from .write import ManifestFile, ManifestGenerationResult, ManifestWriter, generate_manifests

__all__ = [
    "Manifest",
    "ManifestEntry",
    "ManifestFile",
    "ManifestGenerationResult",
    "ManifestWriter",
    "generate_manifests",
    "parse_manifest",
    "read_manifest",
    "read_manifests",
]
