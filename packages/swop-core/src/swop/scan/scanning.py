"""`scan_project`: the front door of scanning."""

from __future__ import annotations

from pathlib import Path

from ..config import SwopConfig, load_config
from ..config.model import CONFIG_NAME
from ..config.remembered import is_remembered, remember
from ..errors import StateWriteError
from .cache import FingerprintCache
from .project import Progress, ProjectScan
from .report import ScanReport


def scan_project(
    config: SwopConfig | None = None,
    *,
    root: Path | None = None,
    incremental: bool = True,
    cache: FingerprintCache | None = None,
    check_all: bool = False,
    progress: Progress | None = None,
) -> ScanReport:
    """Find every command, query, event and handler of a project, without importing any of it.

    Args:
        config: the project; by default the `swop.yaml` of `root` or the current folder.
        root: where to look for the configuration when none is given.
        incremental: whether to use and update the cache of the project's state folder.
        cache: another cache to use; it is loaded and saved by its owner.
        check_all: check the syntax of every file, also of those that can hold no artifact.
        progress: called with the number of files done and to do.

    A file that cannot be read is one line in the report's `errors`; the others are scanned
    all the same. A cache that cannot be written is a line in `warnings`.

    Raises:
        SwopConfigError: the configuration is missing or malformed.
    """
    if config is None:
        config = load_config((root or Path()) / CONFIG_NAME)
    own = cache is None and incremental
    if own:
        cache = FingerprintCache.for_config(config)
        cache.load()
    scan = ProjectScan(config, cache=cache, check_all=check_all, progress=progress)
    report = scan.run()
    learned = scan.learned
    scan.remember()
    if own and cache is not None and (learned or not is_remembered(config)):
        try:
            cache.save()
            remember(config)
        except StateWriteError as error:
            report.warnings.append(str(error))
    return report
