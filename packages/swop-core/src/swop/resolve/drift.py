"""The front door of `swop resolve`: what a scan found, held against a baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..config import SwopConfig
from ..errors import SwopConfigError
from ..lock.model import Lock
from ..manifests import Manifest, parse_manifest
from ..manifests.read import manifest_of
from ..scan.report import Detection, ScanReport
from .baseline import Baseline, folder_baseline, git_baseline
from .current import Current, as_written, check_scan, current_of
from .found import Found, Key
from .report import Change, ResolutionReport


def resolve_schema_drift(
    report: ScanReport,
    config: SwopConfig,
    *,
    manifests_dir: Path | None = None,
    against: str | None = None,
    today: dt.date | None = None,
) -> ResolutionReport:
    """Compare what a scan found with a baseline.

    The baseline is `manifests_dir`, or the commit that `against` names, or the project's own
    manifests. `today` decides which acceptances have expired.

    Raises:
        BaselineError: a side is missing, empty or incomplete: that is never "no drift".
        ManifestError, LockError, AcceptError: a file of a side is damaged.
        SwopConfigError: the configuration gives a severity to a rule that does not exist.
    """
    if against is not None:
        baseline = git_baseline(config, against)
    else:
        baseline = folder_baseline(config, manifests_dir)
    return resolve_against(report, config, baseline, today=today)


def resolve_against(
    report: ScanReport, config: SwopConfig, baseline: Baseline, *, today: dt.date | None = None
) -> ResolutionReport:
    """Compare what a scan found with a baseline that is at hand.

    Raises:
        BaselineError, ManifestError, LockError, AcceptError, SwopConfigError: as above.
    """
    severities = _severities(config)
    check_scan(report)
    own_lock = _read(config.lock_path)
    changes: list[Change] = []
    if baseline.lock not in {None, own_lock} or as_written(report, config) != baseline.files:
        current = current_of(report, config)
        found = _compared(config, baseline, current, own_lock)
        changes = [change for item in found if (change := _change(item, current, severities))]
    outcome = ResolutionReport(changes, config.manifests_path, baseline.source)
    return _with_accepted(outcome, config, today or dt.datetime.now(tz=dt.UTC).date())


@dataclass(frozen=True, slots=True)
class _Sides:
    """The manifests of both sides, without those whose bytes are the same."""

    old: list[Manifest]
    new: list[Manifest]
    same: frozenset[str]


def _compared(
    config: SwopConfig, baseline: Baseline, current: Current, own_lock: bytes | None
) -> list[Found]:
    if baseline.files == current.data and baseline.lock in {None, own_lock}:
        return []
    from ..lock.read import parse_lock
    from ..lock.remembered import recall_lock
    from .compare import Side, compare, side_of
    from .stale import find_stale

    sides = _changed(baseline, current)
    new_lock = Lock() if own_lock is None else recall_lock(own_lock, config)
    old_lock = None
    if baseline.lock is not None and baseline.lock == own_lock:
        old_lock = new_lock
    elif baseline.lock is not None:
        old_lock = parse_lock(baseline.lock, path=baseline.lock_path)
    before, after = side_of(sides.old, old_lock), side_of(sides.new, new_lock)
    old = Side(before.entries, before.contexts | sides.same, before.events, before.lock)
    new = Side(after.entries, current.contexts, current.events, after.lock)
    return [*compare(old, new), *find_stale(sides.new, new_lock)]


def _changed(baseline: Baseline, current: Current) -> _Sides:
    old: list[Manifest] = []
    new: list[Manifest] = []
    same: set[str] = set()
    for key, data in baseline.files.items():
        if current.data.get(key) == data:
            if any(place[0] == key[0] for place in current.places):
                same.add(key[0])
            continue
        path = baseline.paths.get(key, Path(*key))
        old.append(parse_manifest(data, path=path))
    for key, content in current.contents.items():
        if baseline.files.get(key) != current.data[key]:
            new.append(manifest_of(content, path=Path(*key)))
    return _Sides(old, new, frozenset(same))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _severities(config: SwopConfig) -> Mapping[str, str]:
    given = config.resolve.severities
    if given:
        from .catalogue import RULES

        for rule in given:
            if rule not in RULES:
                raise SwopConfigError(
                    f"resolve: there is no rule {rule!r}: `swop resolve --rules` lists them",
                    path=config.config_path,
                )
    return given


def _change(found: Found, current: Current, severities: Mapping[str, str]) -> Change | None:
    """A finding with its rule's severity; None where that is to be ignored."""
    from .catalogue import RULES
    from .rules import Severity

    rule = RULES[found.rule]
    severity = Severity(severities.get(rule.id, rule.severity))
    if severity is Severity.IGNORE:
        return None
    about = found.about
    file, line = _place(about.new, about.old, current)
    return Change(
        kind=rule.kind,
        context=about.context,
        target=about.target,
        name=about.name,
        detail=found.detail,
        breaking=severity is Severity.ERROR,
        field=found.field,
        old=found.was,
        new=found.now,
        rule=rule.id,
        tier=rule.tier,
        severity=severity,
        category=rule.category,
        file=file,
        line=line,
        old_key=about.old,
        new_key=about.new,
    )


def _place(new: Key | None, old: Key | None, current: Current) -> tuple[str | None, int | None]:
    """Where to look: the class, or the file where the context's other artifacts are."""
    detection: Detection | None = current.places.get(new) if new else None
    if detection is not None:
        return detection.source_file, detection.source_line
    if old is not None:
        near = (item for key, item in current.places.items() if key[0] == old[0])
        detection = next(near, None)
        return (detection.source_file, 1) if detection else (None, None)
    return None, None


def _with_accepted(
    report: ResolutionReport, config: SwopConfig, today: dt.date
) -> ResolutionReport:
    path = accept_path(config)
    if not path.exists():
        return report
    from .accept import accepting, read_accepted, remarks_on

    entries = read_accepted(path)
    for number, change in enumerate(report.changes):
        entry = accepting(entries, change, today=today)
        if entry is not None:
            accepted = replace(change, breaking=False, accepted=entry.reason)
            report.changes[number] = accepted
    report.remarks = remarks_on(entries, report.changes, path=path, today=today)
    return report


def accept_path(config: SwopConfig) -> Path:
    """Where the accept file is."""
    return config.project_root / config.resolve.accept
