"""From responses to influences: fit the surrogate, bound each coefficient, predict unseen rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from smile_core.surrogate import fit_linear


@dataclass(frozen=True, eq=False)
class Estimate:
    """Influences (n,) with half-widths (n,) of their intervals, and what the surrogate says of the rows.

    `exact` says that all 2^n rows were fitted alike, so that nothing was sampled. `fitted` (m,) are
    in-sample values; `unseen` (m,) predictions by fits that had not seen the row or its mirror image,
    NaN for full and empty.
    """

    intercept: float
    influences: np.ndarray
    half_widths: np.ndarray
    exact: bool
    fitted: np.ndarray
    unseen: np.ndarray


def estimate_rows(
    masks: np.ndarray,
    responses: np.ndarray,
    weights: np.ndarray,
    fitted: np.ndarray,
    *,
    confidence: float,
) -> Estimate:
    """Weighted least squares on the fitted rows.

    The target is the coefficient that fitting all 2^n rows would give, so with all of them known the
    half-widths are 0. Otherwise they come from the residuals of the mean response over seeds, which hold
    whatever is not linear; with several seeds the spread between seeds is added. A row counts only
    where it is known for every seed.

    Args:
        masks: (m, n), full and empty first.
        responses: (seeds, m), NaN where an edit failed.
        weights: (m,).
        fitted: bool (m,), the rows to fit.
        confidence: of the intervals, for instance 0.95.
    """
    n, seeds = masks.shape[1], len(responses)
    response = responses.mean(axis=0)
    rows = fitted & np.isfinite(response)
    fit = fit_linear(masks[rows], response[rows], weights[rows])
    even = bool((weights[rows] == weights[rows][0]).all())
    exact = even and len(np.unique(masks[rows], axis=0)) == 1 << n == rows.sum()
    # What is not linear is alike in every seed, so more seeds do not narrow this part.
    variance = np.zeros(n) if exact else fit.half_widths(confidence) ** 2
    if seeds > 1:
        each = [fit_linear(masks[rows], one[rows], weights[rows]).coefficients for one in responses]
        spread = np.std(each, axis=0, ddof=1) / np.sqrt(seeds)
        variance = variance + (stdtrit(seeds - 1, (1 + confidence) / 2) * spread) ** 2
    return Estimate(
        intercept=fit.intercept,
        influences=fit.coefficients,
        half_widths=np.sqrt(variance),
        exact=bool(exact),
        fitted=fit.predict(masks),
        unseen=_unseen(masks, response, weights, fitted),
    )


def _unseen(masks: np.ndarray, response: np.ndarray, weights: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    unseen = np.full(len(masks), np.nan)
    known = fitted & np.isfinite(response)
    for i, mask in enumerate(masks):
        if i < 2:
            continue
        rows = known & (masks != mask).any(1) & (masks != 1 - mask).any(1)
        if rows.sum() > masks.shape[1] or (rows.sum() > 2 and masks.shape[1] <= 2):
            unseen[i] = fit_linear(masks[rows], response[rows], weights[rows]).predict(mask[None])[0]
    return unseen
