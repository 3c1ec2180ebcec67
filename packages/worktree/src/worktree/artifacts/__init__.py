"""The kinds of artifact: pydantic models in JSON, YAML or TOML, text, bytes, logs."""

from .blob import Bytes, FileArtifact, Text
from .codec import Codec
from .log import Log
from .model import Json, PydanticArtifact, Toml, Yaml

__all__ = [
    "Bytes",
    "Codec",
    "FileArtifact",
    "Json",
    "Log",
    "PydanticArtifact",
    "Text",
    "Toml",
    "Yaml",
]
