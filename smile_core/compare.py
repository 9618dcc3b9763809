"""Set explanations side by side: several editors or seeds with one prompt, or two prompts.

How far two agree is said in three ways: Spearman's rank correlation of the influences of the words that
both have, the generalised Jaccard index of their sizes, and the words of which both are sure but which
point in different directions or act in one only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smile_core.explanation import ExplainedWord, Explanation
from smile_core.faithfulness import rank_correlation
from smile_core.quality import jaccard


@dataclass(frozen=True)
class Line:
    """One word of the comparison, and what each explanation says of it; None where it does not have it."""

    text: str
    words: tuple[ExplainedWord | None, ...]


@dataclass(frozen=True)
class Agreement:
    """Of the explanations at places `first` and `second`.

    `ranks` is Spearman's correlation over the words that both have, None for fewer than three or where
    they do not vary; `jaccard` is in [0, 1]; `differ` are the places in `Comparison.lines` of words that
    act clearly in one and clearly not, or the other way, in the other.
    """

    first: int
    second: int
    ranks: float | None
    jaccard: float
    differ: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Explanations with short names, their words in one order, and how far each two agree."""

    names: tuple[str, ...]
    explanations: tuple[Explanation, ...]
    lines: tuple[Line, ...]
    agreements: tuple[Agreement, ...]


def compare(explanations: Sequence[Explanation], names: Sequence[str]) -> Comparison:
    """Compare two explanations or more.

    Args:
        explanations: of one prompt by several editors or seeds, or of several prompts.
        names: one short name each.

    Raises:
        ValueError: fewer than two, or names that do not fit.
    """
    if len(explanations) < 2 or len(names) != len(explanations):
        raise ValueError("compare two explanations or more, each with a name")
    tables = [_by_key(explanation) for explanation in explanations]
    lines = tuple(
        Line(key[0], tuple(table.get(key) for table in tables)) for key in _in_order([list(table) for table in tables])
    )
    agreements = tuple(
        _agreement(lines, first, second) for first in range(len(tables)) for second in range(first + 1, len(tables))
    )
    return Comparison(tuple(names), tuple(explanations), lines, agreements)


Key = tuple[str, int]


def _by_key(explanation: Explanation) -> dict[Key, ExplainedWord]:
    """Words by their text in lower case and how often it stood before."""
    found: dict[Key, ExplainedWord] = {}
    for word in explanation.words:
        text = word.text.lower()
        times = sum(key[0] == text for key in found)
        found[text, times] = word
    return found


def _in_order(orders: Sequence[Sequence[Key]]) -> list[Key]:
    """All keys: the first order's, and each other one's new keys after the key that they follow there."""
    merged: list[Key] = list(orders[0])
    for order in orders[1:]:
        place = 0
        for key in order:
            if key in merged:
                place = merged.index(key) + 1
            else:
                merged.insert(place, key)
                place += 1
    return merged


def _agreement(lines: Sequence[Line], first: int, second: int) -> Agreement:
    both = [(line.words[first], line.words[second]) for line in lines]
    shared = [(a.influence, b.influence) for a, b in both if a is not None and b is not None]
    ranks = rank_correlation(*zip(*shared, strict=True)) if len(shared) >= 3 else None
    sizes = [
        {str(i): word.influence for i, pair in enumerate(both) if (word := pair[side]) is not None} for side in (0, 1)
    ]
    differ = tuple(i for i, (a, b) in enumerate(both) if a is not None and b is not None and _contradict(a, b))
    return Agreement(first, second, ranks, jaccard(sizes[0], sizes[1]), differ)


def _contradict(a: ExplainedWord, b: ExplainedWord) -> bool:
    clear = {a.state, b.state}
    if clear == {"effective"}:
        return a.influence * b.influence < 0
    return clear in ({"effective", "idle"}, {"effective", "partner"}) and (a.high < b.low or b.high < a.low)
