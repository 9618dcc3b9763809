"""A small line chart as SVG: logarithmic axes, one panel a table, every line named where it ends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, NAMES = 430, 316, 52, 50, 40, 190
COLOURS = ("#0b5394", "#c24f00", "#2a7d3f", "#8a3fa0", "#8c6d00", "#b3123d", "#4d4d4d", "#007b7f", "#6b4226")
"""Okabe and Ito's order, darkened until thin lines have a contrast of 4.5 on white."""
APART = 12

Line = Sequence[tuple[float, float]]


def chart(panels: Mapping[str, Mapping[str, Line]], *, across: str, up: str, floor: float) -> str:
    """SVG of panels side by side, each with named lines of points (x, y); both axes are logarithmic.

    Args:
        panels: lines by name, by the panel's title; the first line is drawn strongest.
        across, up: what the axes show.
        floor: y below this is drawn there.
    """
    points = [point for lines in panels.values() for line in lines.values() for point in line]
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    top = 10 ** math.ceil(math.log10(max(y for _, y in points)))
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    step = WIDTH + NAMES
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {step * len(panels)} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="11" role="img" '
        f'aria-label="{escape(up)} against {escape(across)}">',
        f'<rect width="{step * len(panels)}" height="{HEIGHT}" fill="#fff"/>',
    ]

    def place(x: float, y: float) -> tuple[float, float]:
        right = LEFT + (WIDTH - LEFT) * math.log(x / low) / math.log(high / low)
        part = math.log10(max(y, floor) / floor) / math.log10(top / floor)
        return right, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * part

    for number, (title, lines) in enumerate(panels.items()):
        parts.append(f'<g transform="translate({number * step} 0)" fill="#222">')
        parts.append(f'<text x="{LEFT}" y="18" font-size="13" font-weight="600">{escape(title)}</text>')
        for power in range(round(math.log10(floor)), round(math.log10(top)) + 1):
            _, y = place(low, 10**power)
            parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10**power:g}</text>')
        for label in sorted({round(x) for line in lines.values() for x, _ in line}):
            at, _ = place(label, top)
            parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{label}</text>')
        parts.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>')
        if not number:
            parts.append(f'<text x="0" y="{TOP - 14}" font-size="10">{escape(up)}</text>')
        ends = _spread({name: place(*line[-1])[1] for name, line in lines.items()})
        for i, (name, line) in enumerate(lines.items()):
            where = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
            thick = 3 if i == 0 else 1.5
            parts.append(f'<polyline points="{where}" fill="none" stroke="{colours[name]}" stroke-width="{thick}"/>')
            x, y = place(*line[-1])
            parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{WIDTH + 8}" y2="{ends[name]:.1f}" stroke="#bbb"/>')
            bold = ' font-weight="700"' if i == 0 else ""
            parts.append(
                f'<text x="{WIDTH + 11}" y="{ends[name] + 4:.1f}" fill="{colours[name]}"{bold}>{escape(name)}</text>'
            )
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _spread(places: dict[str, float]) -> dict[str, float]:
    """Heights at least a line of text apart, as near as can be to where lines end, none below the panel."""
    order = sorted(places, key=lambda name: places[name])
    found: dict[str, float] = {}
    lowest = -math.inf
    for name in order:
        lowest = found[name] = max(places[name], lowest + APART)
    over = max(0.0, lowest - (HEIGHT - BOTTOM))
    for name in reversed(order):
        found[name] = min(found[name], HEIGHT - BOTTOM) if over else found[name]
    highest = math.inf
    for name in reversed(order):
        highest = found[name] = min(found[name], highest - APART)
    return found
