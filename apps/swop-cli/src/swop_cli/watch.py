"""`swop watch`."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import exits
from .output import remark, show
from .settings import ConfigOption, IncrementalOption, JsonOption, RootOption, config_path, run_of

if TYPE_CHECKING:
    from swop import WatchRebuild


def watch(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    interval: Annotated[
        float, typer.Option("--interval", min=0.01, help="Seconds between looks, when polling.")
    ] = 0.5,
    debounce: Annotated[
        float, typer.Option("--debounce", min=0, help="Seconds to wait for further changes.")
    ] = 0.3,
    once: Annotated[bool, typer.Option("--once", help="Rebuild once and stop.")] = False,
    incremental: IncrementalOption = True,
    polling: Annotated[
        bool, typer.Option("--poll", help="Poll, even where watchfiles is installed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the manifests, then again whenever a source file changes.

    With --json every rebuild is one line of JSON.
    """
    from swop import WatchEngine, load_config

    def tell(outcome: WatchRebuild) -> None:
        show(json.dumps(_shape(outcome)) if as_json else outcome.format())
        remark(outcome.report.warnings, prefix="warning: ")

    engine = WatchEngine(
        load_config(config_path(root, config)),
        interval=interval,
        debounce=debounce,
        incremental=incremental,
        read_only=not run_of(context).mode.may_write,
        polling=polling,
    )
    first = engine.rebuild()
    tell(first)
    if once:
        raise typer.Exit(exits.FINDINGS if first.report.errors else exits.OK)
    gc.enable()
    try:
        engine.run(on_rebuild=tell)
    except KeyboardInterrupt:
        remark(["[WATCH] stopped"])


def _shape(outcome: WatchRebuild) -> dict[str, object]:
    return {
        "duration_ms": round(outcome.duration_ms, 3),
        "changed_files": [str(path) for path in outcome.changed_files],
        "detections": len(outcome.report.detections),
        "written": [str(item.path) for item in outcome.manifests.written],
        "removed": [str(path) for path in outcome.manifests.removed],
        "errors": outcome.report.errors,
        "warnings": outcome.report.warnings,
    }
