"""When an explanation may stop before its budget is spent: DESIGN's two rules, as functions of intervals.

Both are asked only at the looks of `plan.py`, over which the five per cent are shared, so intervals hold their
level whichever rule stops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

TOP = 3
"""The words whose order counts."""


def narrow(half_widths: ArrayLike, wanted: float) -> bool:
    """Whether every half-width (n,) is at most the wanted one."""
    return bool(np.max(np.asarray(half_widths, dtype=float), initial=0.0) <= wanted)


def order_settled(influences: ArrayLike, half_widths: ArrayLike, *, top: int = TOP) -> bool:
    """Whether the strongest words are told from each other and from all others.

    The strongest are the `top` first by |influence|, or fewer where fewer have an interval that excludes zero;
    each one's interval of |influence| must lie above those of all weaker words.

    Args:
        influences: (n,).
        half_widths: (n,), of intervals around them.
        top: how many words at most.

    Returns:
        False where no interval excludes zero.
    """
    size, half = np.abs(np.asarray(influences, dtype=float)), np.asarray(half_widths, dtype=float)
    order = np.argsort(-size, kind="stable")
    low, high = (size - half)[order], (size + half)[order]
    count = min(top, int((low > 0).sum()))
    return count > 0 and all(low[i] > high[i + 1 :].max(initial=0.0) for i in range(count))
