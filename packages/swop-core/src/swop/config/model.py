"""The typed form of `swop.yaml`.

Paths stay as they were written, so that the configuration can be shown again; what they mean
is asked through `project_root`, `state_path` and `iter_source_roots`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONFIG_NAME = "swop.yaml"
LOCK_NAME = "swop.lock.yml"
ACCEPT_NAME = "swop.accept.yml"
DEFAULT_STATE_DIR = ".swop"


@dataclass(frozen=True, slots=True)
class BoundedContextConfig:
    """A named part of the project; `external` ones are known but not scanned for artifacts."""

    name: str
    source: str
    external: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BusConfig:
    """The message bus that generated services use."""

    type: str = "rabbitmq"
    url: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadModelConfig:
    """The database that projections write to."""

    engine: str = "postgresql"
    url: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResolveConfig:
    """What `swop resolve` makes of its findings: severities by rule, and the accept file."""

    severities: dict[str, str] = field(default_factory=dict)
    accept: str = ACCEPT_NAME
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SwopConfig:
    """A project, as `swop.yaml` describes it. `warnings` are lines for people to read."""

    version: int = 1
    project: str = "unnamed"
    language: str = "python"
    source_roots: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    bounded_contexts: list[BoundedContextConfig] = field(default_factory=list)
    bus: BusConfig | None = None
    read_models: ReadModelConfig | None = None
    state_dir: str = DEFAULT_STATE_DIR
    extra: dict[str, Any] = field(default_factory=dict)
    config_path: Path | None = None
    warnings: list[str] = field(default_factory=list, compare=False)
    resolve: ResolveConfig = field(default_factory=ResolveConfig)

    @property
    def project_root(self) -> Path:
        """The folder that holds `swop.yaml`, absolute; without a file, the current folder."""
        base = self.config_path.parent if self.config_path else Path()
        return Path(os.path.abspath(base))  # noqa: PTH100 (symbolic links stay as named)

    @property
    def state_path(self) -> Path:
        """The state folder, absolute."""
        return Path(os.path.normpath(self.project_root / self.state_dir))

    @property
    def manifests_path(self) -> Path:
        """The folder of the committed manifests, absolute."""
        return self.state_path / "manifests"

    @property
    def lock_path(self) -> Path:
        """The committed numbers of protobuf fields, absolute."""
        return self.project_root / LOCK_NAME

    @property
    def generated_path(self) -> Path:
        """The folder of generated code, which is not committed, absolute."""
        return self.state_path / "generated"

    def context(self, name: str) -> BoundedContextConfig | None:
        """The declared context of this name, if there is one."""
        return next((item for item in self.bounded_contexts if item.name == name), None)

    def iter_source_roots(self) -> Iterator[Path]:
        """The folders to scan, absolute and each once; the project itself when none is named."""
        seen: set[Path] = set()
        for source in self.source_roots or ["."]:
            path = Path(os.path.normpath(self.project_root / source))
            if path not in seen:
                seen.add(path)
                yield path
