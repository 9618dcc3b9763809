"""What would do as well, and what would change most: answers from edits that were made, never from predictions.

The shortest sub-prompt that keeps the effect is the prompt's "sufficient reason", the word whose loss changes most
its strongest single counterfactual (Wachter, Mittelstadt and Russell, "Counterfactual explanations without opening
the black box", 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ENOUGH = 0.95
"""A sub-prompt that reaches this response keeps the effect."""


@dataclass(frozen=True)
class Counterfactuals:
    """What the tried sub-prompts show.

    Attributes:
        shortest: the row of the shortest sub-prompt that keeps the effect; the whole prompt's where no other does.
        can_go: the words (columns of the masks) that it lacks.
        exhaustive: every sub-prompt was tried, so that there is no shorter one.
        strongest: the word whose loss alone moves the response most, either way; None unless each
            word was left out alone, since one that was not might move it more.
        without: the response without it.
    """

    shortest: int
    can_go: tuple[int, ...]
    exhaustive: bool
    strongest: int | None
    without: float | None


def counterfactuals(masks: np.ndarray, responses: np.ndarray, *, enough: float = ENOUGH) -> Counterfactuals:
    """Read them from rows.

    Args:
        masks: (m, n), the full mask first.
        responses: (m,), 1 for the full mask; NaN where an edit failed.
        enough: the response that counts as keeping the effect.

    Returns:
        Of equally short sub-prompts the one that reaches furthest, and then the first.
    """
    n = masks.shape[1]
    kept = masks.sum(axis=1)
    keeps = np.isfinite(responses) & (responses >= enough)
    keeps[0] = True
    candidates = np.flatnonzero(keeps)
    order = np.lexsort((candidates, -responses[candidates], kept[candidates]))
    shortest = int(candidates[order[0]])
    known = len(np.unique(masks[np.isfinite(responses)], axis=0))
    alone = [i for i in np.flatnonzero(kept == n - 1) if np.isfinite(responses[i])]
    strongest = max(alone, key=lambda i: abs(1 - responses[i])) if len(alone) == n else None
    return Counterfactuals(
        shortest=shortest,
        can_go=tuple(np.flatnonzero(masks[shortest] == 0).tolist()),
        exhaustive=known == 1 << n,
        strongest=None if strongest is None else int(np.argmin(masks[strongest])),
        without=None if strongest is None else float(responses[strongest]),
    )


def shorten(
    influences: np.ndarray,
    masks: np.ndarray,
    responses: np.ndarray,
    respond: Callable[[np.ndarray], np.ndarray],
    *,
    most: int = 24,
    enough: float = ENOUGH,
) -> np.ndarray:
    """Find a short sub-prompt that keeps the effect by trying more: words go one by one, the weakest first.

    Args:
        influences: (n,), which say in what order to try.
        masks, responses: rows tried already, as in `counterfactuals`.
        respond: makes the edits of masks (k, n) and gives their responses (k,).
        most: edits at most.
        enough: the response that counts as keeping the effect.

    Returns:
        A mask (n,) whose edit was made and keeps the effect. With edits to spare none of its words can go alone.
    """
    best = np.array(masks[counterfactuals(masks, responses, enough=enough).shortest])
    known = {mask.tobytes(): float(value) for mask, value in zip(masks, responses, strict=True)}

    def keeps(mask: np.ndarray) -> bool:
        nonlocal most
        if mask.tobytes() not in known and most > 0:
            known[mask.tobytes()] = float(respond(mask[None])[0])
            most -= 1
        return known.get(mask.tobytes(), 0.0) >= enough

    weak_first = np.argsort(np.abs(influences), kind="stable")
    # All but the strong words at once first: most prompts shrink to them.
    for strength in (0.05, 0.02):
        together = best * (np.abs(influences) > strength).astype(best.dtype)
        if 0 < together.sum() < best.sum() and keeps(together):
            best = np.asarray(together)
            break
    shrunk = True
    while shrunk:
        shrunk = False
        for word in weak_first[best[weak_first] == 1]:
            shorter = best.copy()
            shorter[word] = 0
            if keeps(shorter):
                best, shrunk = shorter, True
    return best
