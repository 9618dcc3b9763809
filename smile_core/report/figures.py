"""Where things stand in the figures: axes with round ticks, and the scatter of measured on predicted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from smile_core.explanation import Explanation, Row

_STEPS = (0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Axis:
    """A stretch of the number line that begins and ends on ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value stands, 0 at the low end and 1 at the high end."""
        return (value - self.low) / (self.high - self.low)

    def percent(self, value: float) -> str:
        """The same as a CSS length, kept inside the axis."""
        return f"{100 * min(1.0, max(0.0, self.share(value))):.2f}%"


def axis(values: Iterable[float], *, most_ticks: int = 7) -> Axis:
    """The shortest axis with round ticks that holds zero and all values."""
    kept = [0.0, *values]
    low, high = min(kept), max(kept)
    step = next(
        step * 10.0**power
        for power in range(12)
        for step in _STEPS
        if math.ceil(high / (step * 10.0**power) - 1e-9) - math.floor(low / (step * 10.0**power) + 1e-9) < most_ticks
    )
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = tuple(round(step * i, 6) for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def influence_axis(explanation: Explanation) -> Axis:
    """The common axis of all words' intervals."""
    read = [word for word in explanation.words if word.state != "unread"]
    return axis([end for word in read for end in (word.low, word.high, word.influence)])


def response_axis(rows: Sequence[Row]) -> Axis:
    """The common axis of measured and predicted responses, with a little room at both ends."""
    known = [value for row in rows for value in (row.response, row.predicted) if value is not None]
    low, high = min([0.0, *known]), max([1.0, *known])
    room = 0.06 * (high - low)
    return Axis(low - room, high + room, (0.0, 1.0))


@dataclass(frozen=True)
class Scatter:
    """Measured against predicted responses in a square of `side` pixels, y downwards."""

    points: tuple[tuple[float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    side: int = 184

    @property
    def count(self) -> int:
        """How many edits it shows."""
        return len(self.points)


def scatter(rows: Sequence[Row], side: int = 184) -> Scatter | None:
    """The scatter of rows that were predicted without being seen, None when there are none."""
    pairs = [(r.predicted, r.response) for r in rows if r.predicted is not None and r.response is not None]
    if not pairs:
        return None
    values = [value for pair in pairs for value in pair]
    low, high = min([0.0, *values]), max([1.0, *values])
    room = 0.05 * (high - low)
    span = Axis(low - room, high + room, ())
    step = (
        0.5 if high - low <= 2 else axis([low, high], most_ticks=5).ticks[1] - axis([low, high], most_ticks=5).ticks[0]
    )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Scatter(
        points=tuple((round(side * span.share(x), 1), round(side * (1 - span.share(y)), 1)) for x, y in pairs),
        ticks=tuple((round(side * span.share(step * i), 1), f"{step * i:g}") for i in range(first, last + 1)),
        side=side,
    )
