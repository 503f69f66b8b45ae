"""Makes docs/performance.svg from docs/performance.csv: what things cost at each size, by what they cost at the least.

Usage: .venv/bin/python docs/chart.py

Both axes are logarithmic, so that what grows with the size goes up like the grey line, and what does not lies flat.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from html import escape
from math import ceil, log10
from pathlib import Path

HERE = Path(__file__).parent
Points = dict[str, list[tuple[float, float]]]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 1000, 540, 60, 420, 30, 50
_COLOURS = ("#0b5c8a", "#b3541e", "#3d7a36", "#7b3f98", "#a3233a", "#5f5f00", "#00707a", "#8a5a00")
_STYLE = "text{font:13px sans-serif;fill:#222}.grid{stroke:#ddd}.line{fill:none;stroke-width:2}"


def main() -> None:
    """Read the figures, write the picture."""
    points = read(HERE / "performance.csv")
    (HERE / "performance.svg").write_text(picture(points), "utf-8")


def read(path: Path) -> Points:
    """By what is measured: sizes, each with its cost by that of the least size."""
    found: dict[str, dict[float, float]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["what"]][float(row["size"])] = float(row["cost"])
    return {what: [(size, cost / costs[min(costs)]) for size, cost in sorted(costs.items())]
            for what, costs in found.items() if costs[min(costs)] > 0}  # fmt: skip


def picture(points: Points) -> str:
    """The chart as SVG."""
    sizes = [size for line in points.values() for size, _ in line]
    costs = [cost for line in points.values() for _, cost in line]
    canvas = _Canvas(min(sizes), max(sizes), min(*costs, 0.2), 10 ** ceil(log10(max(*costs, 10))))
    parts = [*canvas.grid(), *canvas.lines(points)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
    title = "<title>Cost against size, as multiples of the cost at the least size</title>"
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


class _Canvas:
    """Where sizes and costs lie on the picture."""

    def __init__(self, least: float, most: float, low: float, high: float) -> None:
        self._sizes, self._costs = (least, most), (low, high)

    def grid(self) -> list[str]:
        """A line for each power of ten, and the one along which cost grows with size."""
        (least, most), (low, high) = self._sizes, self._costs
        parts = [f'<rect x="0" y="0" width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>']
        for size in _powers(least, most):
            x = self._x(size)
            parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
            parts.append(f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{size:,.0f}</text>')
        for cost in _powers(low, high):
            y = self._y(cost)
            parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">×{cost:g}</text>')
        top = min(most, least * high)
        parts.append(f'<polyline class="line" stroke="#bbb" stroke-dasharray="4 4" points='
                     f'"{self._x(least)},{self._y(1)} {self._x(top)},{self._y(top / least)}"/>')  # fmt: skip
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts.append(f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">mails, or cases in the store</text>')
        return parts

    def lines(self, points: Points) -> list[str]:
        """A line for each thing, named at its end."""
        parts, taken = [], list[float]()
        for number, (what, line) in enumerate(sorted(points.items(), key=lambda one: -one[1][-1][1])):
            colour = _COLOURS[number % len(_COLOURS)]
            way = " ".join(f"{self._x(size)},{self._y(cost)}" for size, cost in line)
            y = self._y(line[-1][1]) + 4
            while any(abs(y - other) < 16 for other in taken):
                y += 4
            taken.append(y)
            parts.append(f'<polyline class="line" stroke="{colour}" points="{way}"/>')
            parts += [
                f'<circle cx="{self._x(size)}" cy="{self._y(cost)}" r="3" fill="{colour}"/>' for size, cost in line
            ]
            label = f"{what}: ×{line[-1][1]:.3g} at {line[-1][0]:,.0f}"
            parts.append(f'<text x="{_WIDTH - _RIGHT + 12}" y="{y}" style="fill:{colour}">{escape(label)}</text>')
        return parts

    def _x(self, size: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * _share(size, *self._sizes), 1)

    def _y(self, cost: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * _share(cost, *self._costs), 1)


def _share(value: float, low: float, high: float) -> float:
    return log10(value / low) / log10(high / low)


def _powers(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(ceil(log10(low) - 1e-9), int(log10(high) + 1e-9) + 1)]


if __name__ == "__main__":
    main()
