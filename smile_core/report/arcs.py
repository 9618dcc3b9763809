"""Arcs that join the words of a pair, beside the rows of the bars: where they stand and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from smile_core.explanation import Explanation
from smile_core.report import wording

MOST, LANES = 5, 3
"""Arcs at the most, and how many may lie side by side; the margin note has all pairs in words."""
LONGEST = 28
"""Longer words may take two lines, so rows are not equally high and arcs would miss them."""
START, FIRST_LANE, LANE = 3.0, 16.0, 44.0
"""Pixels from the left: of an arc's ends, of the first lane's turning point, and from lane to lane."""
STEADY = 12
"""Longer words may take two lines on a narrow screen."""


@dataclass(frozen=True)
class Arc:
    """One pair: `path` in SVG, where it ends, where its value stands, all in pixels, and how it is drawn."""

    path: str
    ends: tuple[float, float]
    at: tuple[float, float]
    value: str
    sign: str
    stroke: float


@dataclass(frozen=True)
class Arcs:
    """The figure, in pixels; `label` says it in words; `steady` where it fits a narrow screen."""

    arcs: tuple[Arc, ...]
    width: int
    height: int
    label: str
    steady: bool


def arcs(explanation: Explanation, row: int) -> Arcs | None:
    """The arcs of the strongest pairs, shorter ones inside longer ones; None where there is no pair.

    Args:
        explanation: what is drawn.
        row: height of a word's row in pixels.
    """
    longest = max((len(wording.printable(word.text)) for word in explanation.words), default=1)
    if explanation.effectless or longest > LONGEST:
        return None
    taken: list[list[tuple[int, int]]] = [[] for _ in range(LANES)]
    drawn, said = [], []
    strongest = explanation.pairs[:MOST]
    for pair in sorted(strongest, key=lambda pair: abs(pair.second - pair.first)):
        top, bottom = sorted((pair.first, pair.second))
        lane = next((k for k, there in enumerate(taken) if all(b < top or a > bottom for a, b in there)), None)
        if lane is None:
            continue
        taken[lane].append((top, bottom))
        words = " and ".join(wording.printable(explanation.words[i].text) for i in (top, bottom))
        said.append(f"{words} {wording.pair_text(pair)}")
        drawn.append(_arc(row * (top + 0.5), row * (bottom + 0.5), lane, pair.value))
    if not drawn:
        return None
    lanes = sum(bool(there) for there in taken)
    return Arcs(
        arcs=tuple(drawn),
        width=int(FIRST_LANE + LANE * lanes),
        height=row * len(explanation.words),
        label="Pairs of words that act together: " + "; ".join(said),
        steady=longest <= STEADY and lanes < LANES,
    )


def _arc(top: float, bottom: float, lane: int, value: float) -> Arc:
    turn = FIRST_LANE + LANE * lane
    control = START + (turn - START) / 0.75  # A cubic whose controls are level turns at three quarters of the way.
    return Arc(
        path=f"M{START:g},{top:g} C{control:.1f},{top:g} {control:.1f},{bottom:g} {START:g},{bottom:g}",
        ends=(top, bottom),
        at=(turn + 4, (top + bottom) / 2 + 4),
        value=wording.signed(value),
        sign="pos" if value > 0 else "neg",
        stroke=round(min(4.0, 1.4 + 6 * abs(value)), 1),
    )
