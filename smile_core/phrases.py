"""Long prompts: neighbouring words are taken together first, and phrases that act are opened after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Groups = tuple[tuple[int, ...], ...]

FIRST_PHRASES = 12


def split_evenly(n: int, parts: int) -> Groups:
    """Indices 0 to n-1 as `parts` runs of nearly equal length."""
    return tuple(tuple(int(i) for i in run) for run in np.array_split(np.arange(n), parts))


def open_strongest(groups: Groups, strength: Sequence[float], most: int) -> Groups:
    """Open phrases into words, strongest first, and join neighbouring closed ones, up to `most` units.

    Args:
        groups: the phrases, as word indices in order.
        strength: how far each one moves the picture, at least 0; 0 is never opened.
        most: most units in the result.
    """
    best = _units(groups, frozenset())
    opened: set[int] = set()
    for index in sorted(range(len(groups)), key=lambda i: -strength[i]):
        if strength[index] <= 0:
            break
        units = _units(groups, frozenset({*opened, index}))
        if len(units) <= most:
            opened.add(index)
            best = units
    return best


def _units(groups: Groups, opened: frozenset[int]) -> Groups:
    units: list[tuple[int, ...]] = []
    joins = False
    for index, group in enumerate(groups):
        if index in opened:
            units.extend((word,) for word in group)
        elif joins:
            units[-1] += group
        else:
            units.append(group)
        joins = index not in opened
    return tuple(units)
