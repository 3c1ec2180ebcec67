"""`swop gen`: everything that is generated from what a scan finds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import exits
from .modes import Mode
from .output import remark, show, show_json
from .progress import scan_progress
from .settings import ConfigOption, IncrementalOption, JsonOption, RootOption, config_path, run_of

if TYPE_CHECKING:
    from swop import ManifestGenerationResult

gen = typer.Typer(no_args_is_help=True, help="Generate files from what a scan finds.")


@gen.command("manifests")
def manifests(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write.", show_default="<state_dir>/manifests"),
    ] = None,
    incremental: IncrementalOption = True,
    skip_heuristics: Annotated[
        bool, typer.Option("--skip-heuristics", help="Leave out what was only guessed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the manifests of every context; files whose bytes would not change stay untouched.

    With --mode OBSERVE nothing is written. With --mode STRICT nothing is written when a file
    could not be read.
    """
    from swop import generate_manifests, load_config, scan_project

    mode = run_of(context).mode
    settings = load_config(config_path(root, config))
    with scan_progress() as progress:
        report = scan_project(
            settings,
            incremental=incremental and mode.may_write,
            check_all=mode is Mode.STRICT,
            progress=progress,
        )
    held_back = not mode.may_write or (mode is Mode.STRICT and bool(report.errors))
    result = generate_manifests(
        report, settings, out_dir=out, skip_heuristics=skip_heuristics, dry_run=held_back
    )
    if as_json:
        show_json(_shape(result, report.errors, held_back=held_back))
    else:
        show(result.format())
    if held_back:
        remark(["[GEN] nothing was written"])
    remark([*report.warnings, *([] if not as_json else result.warnings)], prefix="warning: ")
    remark(report.errors)
    raise typer.Exit(exits.FINDINGS if report.errors else exits.OK)


def _shape(
    result: ManifestGenerationResult, errors: list[str], *, held_back: bool
) -> dict[str, Any]:
    return {
        "out_dir": str(result.out_dir),
        "written": not held_back,
        "files": [
            {
                "context": item.context,
                "kind": item.kind,
                "path": str(item.path),
                "entries": item.entries,
                "changed": item.written,
            }
            for item in result.files
        ],
        "removed": [str(path) for path in result.removed],
        "warnings": list(result.warnings),
        "errors": errors,
    }
