"""What the code says now, in the form of manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config import SwopConfig
from ..errors import BaselineError
from ..manifests.entries import BLOCKS, entry_keys
from ..manifests.unchanged import origin_of, recall_files
from ..manifests.write import ManifestWriter
from ..scan.report import Detection, ScanReport
from .found import Key


@dataclass(frozen=True, slots=True)
class Current:
    """The manifests that the code would have, and where each artifact stands."""

    contents: Mapping[tuple[str, str], Mapping[str, Any]]
    data: Mapping[tuple[str, str], bytes]
    places: Mapping[Key, Detection]
    events: frozenset[str]
    contexts: frozenset[str]


def current_of(report: ScanReport, config: SwopConfig) -> Current:
    """Lay out what a scan found."""
    writer = ManifestWriter(config)
    contents: dict[tuple[str, str], Mapping[str, Any]] = {}
    data: dict[tuple[str, str], bytes] = {}
    places: dict[Key, Detection] = {}
    for context, kind, detections, content, rendered in writer.laid_out(report):
        name = f"{BLOCKS[kind]}.yml"
        contents[context, name] = content
        data[context, name] = rendered
        keys = entry_keys(detections)
        places |= {(context, kind, key): item for key, item in zip(keys, detections, strict=True)}
    events = frozenset(item.name for (_, kind, _), item in places.items() if kind == "event")
    return Current(contents, data, places, events, frozenset(key[0] for key in places))


def as_written(report: ScanReport, config: SwopConfig) -> Mapping[tuple[str, str], bytes] | None:
    """The project's own manifests, where it is certain that they say what the scan found."""
    folder = config.manifests_path
    origin = origin_of(report, config, skip_heuristics=False)
    rows = recall_files(folder, config.state_path, origin)
    if rows is None:
        return None
    try:
        return {(row[0], row[2]): (folder / row[0] / row[2]).read_bytes() for row in rows}
    except OSError:
        return None


def check_scan(report: ScanReport) -> None:
    """Refuse a scan that shows nothing.

    Raises:
        BaselineError: it is empty or incomplete.
    """
    source = "scan"
    if report.errors:
        more = f" (and {len(report.errors) - 1} more)" if len(report.errors) > 1 else ""
        raise BaselineError(
            f"is incomplete, so that nothing can be compared: {report.errors[0]}{more}",
            source=source,
        )
    if not any(kind != "handler" for kind in report.kinds()):
        raise BaselineError(
            f"found no command, query or event in {report.files_total} file(s): "
            "check source_roots and exclude in swop.yaml",
            source=source,
        )
