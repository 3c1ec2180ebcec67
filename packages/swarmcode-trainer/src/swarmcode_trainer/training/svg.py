"""A line chart as SVG text: axes, ticks, one polyline a series. Nothing else is needed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 40


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one line, by rising x."""

    name: str
    css: str
    points: tuple[tuple[float, float], ...]


def line_chart(title: str, series: Sequence[Series], *, x_name: str, y_name: str) -> str:
    """Draw the series; a chart without points says so."""
    points = [point for line in series for point in line.points]
    if not points:
        return f"<p>{escape(title)}: no points yet.</p>"
    xs, ys = _range([x for x, _ in points]), _range([y for _, y in points])
    body = [_grid(xs, ys, x_name, y_name)]
    body += [_line(line, xs, ys) for line in series if line.points]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg>"
    )


def ticks(low: float, high: float, *, count: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`."""
    span = high - low
    raw = span / count
    unit = 10 ** math.floor(math.log10(raw))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return (low - margin, high + margin) if low else (low, high + margin)


def _x(value: float, xs: tuple[float, float]) -> float:
    return LEFT + (value - xs[0]) / (xs[1] - xs[0]) * (WIDTH - LEFT - RIGHT)


def _y(value: float, ys: tuple[float, float]) -> float:
    return HEIGHT - BOTTOM - (value - ys[0]) / (ys[1] - ys[0]) * (HEIGHT - TOP - BOTTOM)


def _line(line: Series, xs: tuple[float, float], ys: tuple[float, float]) -> str:
    places = [(_x(x, xs), _y(y, ys)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle class="{line.css}" cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in places
    )
    return f'<polyline class="{line.css}" points="{path}"/>{dots}'


def _grid(xs: tuple[float, float], ys: tuple[float, float], x_name: str, y_name: str) -> str:
    parts = []
    for value in ticks(*ys):
        y = _y(value, ys)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text class="y" x="{LEFT - 8}" y="{y + 4:.1f}">{value:g}</text>')
    for value in ticks(*xs):
        x = _x(value, xs)
        parts.append(f'<text class="x" x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}">{value:g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="x" x="{middle}" y="{HEIGHT - 4}">{escape(x_name)}</text>')
    parts.append(f'<text class="x" x="{LEFT}" y="12">{escape(y_name)}</text>')
    return "".join(parts)
