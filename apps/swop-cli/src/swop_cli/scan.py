"""`swop scan`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import exits
from .modes import Mode
from .output import remark, show, show_json
from .progress import scan_progress
from .settings import ConfigOption, IncrementalOption, RootOption, config_path, run_of


class Format(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


def scan(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    incremental: IncrementalOption = True,
    shape: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    json_out: Annotated[
        Path | None, typer.Option("--json-out", help="Also write the JSON report to a file.")
    ] = None,
    html_out: Annotated[
        Path | None, typer.Option("--html-out", help="Also write the HTML report to a file.")
    ] = None,
    strict_heuristics: Annotated[
        bool, typer.Option("--strict-heuristics", help="Exit 1 if anything was only guessed.")
    ] = False,
    strict_errors: Annotated[
        bool,
        typer.Option("--strict-errors", help="Check every file; exit 1 if none was scanned."),
    ] = False,
) -> None:
    """Find the commands, queries, events and handlers of a project.

    Exit code 1 says that a file could not be read or that a strict option was not met.
    """
    from swop import load_config, scan_project

    mode = run_of(context).mode
    strict = strict_errors or mode is Mode.STRICT
    with scan_progress() as progress:
        report = scan_project(
            load_config(config_path(root, config)),
            incremental=incremental and mode.may_write,
            check_all=strict,
            progress=progress,
        )
    chosen = Format.JSON if as_json else shape
    if json_out is not None:
        _write(json_out, json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n", "json")
    if html_out is not None:
        from .render.html import render_report

        _write(html_out, render_report(report), "html")
    if chosen is Format.JSON:
        show_json(report.to_dict())
    elif chosen is Format.HTML:
        from .render.html import render_report

        show(render_report(report))
    else:
        show(report.format_text(details=False))
    remark(report.warnings, prefix="warning: ")
    remark(report.errors)
    guessed = report.via().get("heuristic", 0)
    failed = bool(report.errors)
    if strict_heuristics and guessed:
        remark([f"[SCAN] {guessed} detections via heuristic (strict mode: failing)"])
        failed = True
    if strict and not report.files_total:
        remark(["[SCAN] no file was scanned: check source_roots and exclude in swop.yaml"])
        failed = True
    raise typer.Exit(exits.FINDINGS if failed else exits.OK)


def _write(path: Path, text: str, kind: str) -> None:
    from swop.files import write_atomically

    write_atomically(path, text.encode("utf-8", "backslashreplace"))
    remark([f"[SCAN] report ({kind}) -> {path}"])
