"""Curves as geometry for inline SVG: the template draws them, colours come from its style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 460.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 10.0, 12.0, 34.0


@dataclass(frozen=True)
class Line:
    """`points` as SVG wants them; `kind` is a CSS class, `name` stands in the legend."""

    name: str
    kind: str
    points: str
    band: str = ""  # a polygon behind the line: from the lowest to the highest repetition


@dataclass(frozen=True)
class Chart:
    """`ticks`: (place, text) along each axis; `mark`: (x, text) of the best epoch."""

    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    mark: tuple[float, str] | None = None
    words: str = ""  # what a reader without eyes hears


Points = Sequence[tuple[float, float]]


def curve_chart(
    title: str, series: Sequence[tuple[str, str, Sequence[Points]]], best: float | None = None, top: float | None = None
) -> Chart | None:
    """`series`: (name, CSS class, repetitions of (epoch, value)); None where there is nothing to draw.

    `best` is an epoch to mark, `top` the highest value of the axis where it is known (1 for Dice).
    """
    drawn = [(name, kind, [_finite(line) for line in lines]) for name, kind, lines in series]
    every = [point for _, _, lines in drawn for line in lines for point in line]
    if not every:
        return None
    last = max(2.0, *(x for x, _ in every))
    low, high = (0.0, top) if top is not None else _limits([y for _, y in every])

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - 1) / (last - 1) * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return across, down

    def text(points: Points) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))

    lines = tuple(
        Line(name, kind, text(_mean(repeats)), text(_hull(repeats)) if len(repeats) > 1 else "")
        for name, kind, repeats in drawn
        if any(repeats)
    )
    x_ticks = tuple((place(x, low)[0], f"{x:g}") for x in _steps(1, last, whole=True))
    y_ticks = tuple((place(1, y)[1], f"{y:g}") for y in _steps(low, high))
    mark = (place(best, low)[0], f"best epoch {best:g}") if best is not None and 1 <= best <= last else None
    told = "; ".join(f"{name}: {_mean(repeats)[-1][1]:.3f} at the end" for name, _, repeats in drawn if any(repeats))
    return Chart(title, lines, x_ticks, y_ticks, mark, f"{title} by epoch. {told}.")


def _finite(line: Points) -> list[tuple[float, float]]:
    return [(x, y) for x, y in line if math.isfinite(x) and math.isfinite(y)]


def _by_epoch(lines: Sequence[Points]) -> list[tuple[float, list[float]]]:
    epochs = sorted({x for line in lines for x, _ in line})
    known = [dict(line) for line in lines]
    return [(x, [one[x] for one in known if x in one]) for x in epochs]


def _mean(lines: Sequence[Points]) -> list[tuple[float, float]]:
    return [(x, sum(values) / len(values)) for x, values in _by_epoch(lines)]


def _hull(lines: Sequence[Points]) -> list[tuple[float, float]]:
    """Along the highest values, and back along the lowest."""
    found = _by_epoch(lines)
    return [(x, max(values)) for x, values in found] + [(x, min(values)) for x, values in reversed(found)]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return (0.0 if 0 <= low < 0.3 * high else low - room), high + room


def _steps(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers between the limits, four to eight of them."""
    raw = (high - low) / 5
    size = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= raw)
    if whole:
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9) * step
    count = int((high - first) / step + 1e-9) + 1
    return [round(first + at * step, 10) for at in range(max(count, 0))]
