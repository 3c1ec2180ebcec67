"""Small projects for tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

from swop import Detection, ScanReport, SwopConfig, load_config, scan_project


def project(root: Path, files: dict[str, str | bytes], config: str = "version: 1\n") -> SwopConfig:
    """Write a project and load its configuration."""
    for rel, text in {"swop.yaml": config, **files}.items():
        path = root / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
        path.write_bytes(data)
    return load_config(root / "swop.yaml")


def scan(root: Path, files: dict[str, str | bytes], config: str = "version: 1\n") -> ScanReport:
    """Write a project and scan it."""
    return scan_project(project(root, files, config))


def named(report: ScanReport, name: str) -> Detection:
    """The one detection of a name."""
    [found] = [item for item in report.detections if item.name == name]
    return found
