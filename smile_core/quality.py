"""How good an explanation is: fidelity, agreement between two, and accuracy against labels.

The nine in-sample measures are those of the published notebooks (notes in docs/method.md); the
held-out one is ours, because measures on the fitted rows always flatter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Fidelity:
    """How well the influences predict responses. R2 has no unit and is at most 1; losses are in response units.

    `held_out_r2` judges rows that the fit had not seen, with the pairs that the surrogate keeps, and
    `held_out_r2_linear` without them; None where they cannot be had (too few rows, or responses that do
    not differ). All others are in sample. `adjusted_r2` is None when there are no
    more rows than parameters.
    """

    held_out_r2: float | None
    held_out_rows: int
    r2: float
    adjusted_r2: float | None
    mse: float
    mae: float
    mean_loss: float
    mean_l1: float
    mean_l2: float
    weighted_l1: float
    weighted_l2: float
    held_out_r2_linear: float | None = None


def fidelity(response: ArrayLike, predicted: ArrayLike, weights: ArrayLike, n_words: int) -> Fidelity:
    """The published in-sample measures of a surrogate.

    Args:
        response: measured responses (m,).
        predicted: the surrogate's values on the same rows (m,).
        weights: non-negative row weights (m,), not all zero.
        n_words: number of words k, for the adjusted R2.

    Returns:
        Weighted MSE, MAE and R2 (means over the weights); adjusted R2 1 - (1 - R2)(m - 1)/(m - k - 1);
        mean loss |mean(y) - mean(p)|; unweighted mean L1 and L2; weighted L1 and L2 over m, as published.

    Raises:
        ValueError: shapes differ or all weights are zero.
    """
    y, p, w = (np.asarray(a, dtype=float) for a in (response, predicted, weights))
    if not (y.shape == p.shape == w.shape and y.ndim == 1):
        raise ValueError("response, predicted and weights must be vectors of one length")
    if w.sum() <= 0:
        raise ValueError("at least one weight must be positive")
    m, error = len(y), y - p
    spread = float(np.average((y - np.average(y, weights=w)) ** 2, weights=w))
    mse = float(np.average(error**2, weights=w))
    r2 = 1 - mse / spread if spread > 0 else float(mse == 0)
    free = m - n_words - 1
    return Fidelity(
        held_out_r2=None,
        held_out_rows=0,
        r2=r2,
        adjusted_r2=1 - (1 - r2) * (m - 1) / free if free > 0 else None,
        mse=mse,
        mae=float(np.average(np.abs(error), weights=w)),
        mean_loss=float(abs(y.mean() - p.mean())),
        mean_l1=float(np.abs(error).mean()),
        mean_l2=float((error**2).mean()),
        weighted_l1=float((w * np.abs(error)).sum() / m),
        weighted_l2=float((w * error**2).sum() / m),
    )


def with_held_out(measures: Fidelity, response: ArrayLike, predicted: ArrayLike, weights: ArrayLike) -> Fidelity:
    """The measures with R2 over rows predicted without having been seen; NaN predictions are left out.

    The spread is taken about the mean of those rows, so a surrogate that always says the mean gets 0.
    """
    y, p, w = (np.asarray(a, dtype=float) for a in (response, predicted, weights))
    seen = np.isfinite(p)
    if seen.sum() < 3 or w[seen].sum() <= 0:
        return replace(measures, held_out_r2=None, held_out_rows=0)
    y, p, w = y[seen], p[seen], w[seen]
    spread = float((w * (y - np.average(y, weights=w)) ** 2).sum())
    r2 = 1 - float((w * (y - p) ** 2).sum()) / spread if spread > 1e-12 else None
    return replace(measures, held_out_r2=r2, held_out_rows=int(seen.sum()))


def jaccard(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Generalised (Ruzicka) Jaccard index of two explanations: sum of minima over sum of maxima of |influence|.

    A word that is missing on one side counts 0 there. Two explanations without any influence agree (1.0).
    """
    words = {**first, **second}
    pairs = [(abs(first.get(word, 0.0)), abs(second.get(word, 0.0))) for word in words]
    greatest = sum(max(pair) for pair in pairs)
    return sum(min(pair) for pair in pairs) / greatest if greatest > 0 else 1.0


def auroc(truth: Sequence[int] | np.ndarray, scores: Sequence[float] | np.ndarray) -> float:
    """Area under the ROC curve by the rank-sum formula; ties count half.

    Args:
        truth: labels (n,), 1 for words that matter.
        scores: (n,), larger means more important.

    Returns:
        In [0, 1]; 0.5 when only one class is present, as published.
    """
    from scipy.stats import rankdata  # Slow to import, and seldom needed.

    labels = np.asarray(truth).astype(bool)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if positives == 0 or negatives == 0:
        return 0.5
    ranks = rankdata(scores)
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))
