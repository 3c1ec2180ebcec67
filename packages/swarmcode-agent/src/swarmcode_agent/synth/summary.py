"""The page that says what a run made and why the rest was left out. One file, no scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

from .audit import Decision, reasons
from .candidates import changed_lines
from .context import tokens
from .rows import Row
from .split import Split

_SAMPLES = 6


def summary_page(repository: str, split: Split, decisions: Sequence[Decision]) -> str:
    """The page as HTML."""
    rows = [*split.train, *split.evaluation]
    proven = [row for row in rows if row.metadata.proof == "executed"]
    tested = [decision for decision in decisions if decision.tested]
    counts = {
        "rows to train on": len(split.train),
        "rows to evaluate on": len(split.evaluation),
        "proven by tests": len(proven),
        "planted bugs": sum(row.metadata.source == "synthetic" for row in rows),
        "looked at": len(decisions),
        "source and tests": len(tested),
    }
    planted = Counter(row.metadata.mutator for row in rows if row.metadata.mutator)
    values = {
        "repository": escape(repository),
        "cards": "".join(_card(name, count) for name, count in counts.items()),
        "reasons": _bars(reasons(decisions)),
        "families": _bars(planted.most_common()) if planted else "<p>None were planted.</p>",
        "diffs": _histogram([len(changed_lines(row.diff)) for row in rows], "changed lines"),
        "contexts": _histogram(
            [sum(tokens(file.content) for file in row.context_files) for row in rows],
            "tokens of context (four characters each)",
        ),
        "samples": "".join(_sample(row) for row in _spread(rows)),
    }
    page = files(__package__).joinpath("formats/summary.html").read_text("utf-8")
    return Template(page).substitute(values)


def _card(name: str, count: int) -> str:
    return f'<div class="card"><b>{count:,}</b><span>{escape(name)}</span></div>'


def _bars(counted: Sequence[tuple[str, int]]) -> str:
    most = max((count for _, count in counted), default=1)
    lines = (
        f"<tr><td>{escape(name)}</td><td class=n>{count:,}</td>"
        f'<td class=b><div style="width:{100 * count / most:.1f}%"></div></td></tr>'
        for name, count in counted
    )
    return f"<table>{''.join(lines)}</table>"


def _histogram(values: Sequence[int], unit: str) -> str:
    """Ten bars of a distribution, with its median."""
    if not values:
        return "<p>No rows.</p>"
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    step = max(1, -(-(high - low + 1) // 10))
    bins = Counter((value - low) // step for value in ordered)
    most = max(bins.values())
    bars = "".join(
        f'<rect x="{40 * at}" y="{110 - 100 * bins[at] / most:.1f}" width="36" '
        f'height="{100 * bins[at] / most:.1f}"><title>{low + at * step} to '
        f"{low + (at + 1) * step - 1}: {bins[at]}</title></rect>"
        for at in range(10)
    )
    median = ordered[len(ordered) // 2]
    label = f"{low:,} to {high:,} {escape(unit)}, median {median:,}"
    picture = f'<svg viewBox="0 0 400 112" role="img" aria-label="{label}">{bars}</svg>'
    return f"<figure>{picture}<figcaption>{label}</figcaption></figure>"


def _spread(rows: Sequence[Row]) -> Iterable[Row]:
    """A few rows from all over."""
    step = max(1, len(rows) // _SAMPLES)
    return rows[::step][:_SAMPLES]


def _sample(row: Row) -> str:
    about = row.metadata
    origin = f"planted: {about.mutator}" if about.mutator else f"commit {about.commit[:10]}"
    lines = row.diff.splitlines()
    shown = "\n".join(_coloured(line) for line in lines[:40])
    more = f"\n<i>{len(lines) - 40} more lines</i>" if len(lines) > 40 else ""
    tests = f"{len(about.f2p)} tests fail before, {len(about.p2p)} pass on both sides"
    return (
        f"<article><h3>{escape(row.task.splitlines()[0])}</h3>"
        f"<p class=about>{escape(origin)} · {escape(about.split)} · {tests} · "
        f"{len(row.context_files)} files shown</p><pre>{shown}{more}</pre></article>"
    )


def _coloured(line: str) -> str:
    kind = {"+": "ins", "-": "del"}.get(line[:1])
    return f"<{kind}>{escape(line)}</{kind}>" if kind else escape(line)
