"""A scan's report as one page that needs nothing else: no network, no other file."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swop import Detection, ScanReport


def render_report(report: ScanReport) -> str:
    """The page, as text."""
    folder = files(__package__)
    page = folder.joinpath("report.html").read_text(encoding="utf-8")
    parts = {
        "{{title}}": escape(report.project),
        "{{style}}": folder.joinpath("report.css").read_text(encoding="utf-8"),
        "{{script}}": folder.joinpath("report.js").read_text(encoding="utf-8"),
        "{{data}}": _embedded(_data(report)),
    }
    pieces = re.split(r"(\{\{\w+\}\})", page)
    return "".join(parts.get(piece, piece) for piece in pieces)


def _embedded(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data(report: ScanReport) -> dict[str, Any]:
    return {
        "project": report.project,
        "kinds": report.kinds(),
        "via": report.via(),
        "files": report.files_total,
        "contexts": [{"name": item.name, "total": item.total} for item in report.contexts.values()],
        "artifacts": [_artifact(item) for item in report.detections],
        "errors": report.errors,
        "warnings": report.warnings,
    }


def _artifact(item: Detection) -> dict[str, Any]:
    return {
        "id": item.qualname,
        "kind": item.kind,
        "name": item.name,
        "context": item.context,
        "module": item.module,
        "file": f"{item.source_file}:{item.source_line}",
        "via": item.via,
        "confidence": item.confidence,
        "reason": item.reason,
        "target": item.target,
        "handles": item.handles,
        "emits": item.emits,
        "fields": [field.to_dict() for field in item.fields],
        "response": item.response.type if item.response else None,
        "types": [nested.name for nested in item.types],
    }
