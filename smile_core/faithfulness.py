"""Do the influences say what the editor does? Measures that cost edits of their own.

Deletion and insertion curves: Petsiuk et al., "RISE", arXiv 1806.07421, on words instead of pixels.
Infidelity: Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", arXiv 1901.09392, with
"leave these words out" as the perturbation. Accuracy against labels at a stated threshold is the
published notebooks' (see quality.py for AUROC).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


def deletion_masks(influences: ArrayLike) -> np.ndarray:
    """The prompts of a deletion curve: whole, then without the strongest word, and so on to empty.

    Args:
        influences: (n,).

    Returns:
        int8 (n + 1, n). The insertion curve's prompts are `1 - masks` (empty first).
    """
    values = np.asarray(influences, dtype=float)
    masks = np.ones((len(values) + 1, len(values)), np.int8)
    for step, word in enumerate(np.argsort(-values, kind="stable"), start=1):
        masks[step:, word] = 0
    return masks


def random_orders(n_words: int, count: int, *, seed: int) -> np.ndarray:
    """Deletion curves in random orders, int8 (count, n + 1, n)."""
    random = np.random.default_rng(seed)
    return np.stack([deletion_masks(random.permutation(n_words)) for _ in range(count)])


def area_under(responses: ArrayLike) -> float:
    """Area under a curve of responses (k,) spread evenly over [0, 1], by trapezoids.

    Small is good for a deletion curve, large for an insertion curve.

    Raises:
        ValueError: fewer than two responses.
    """
    values = np.asarray(responses, dtype=float)
    if len(values) < 2:
        raise ValueError("a curve needs two points or more")
    return float(((values[1:] + values[:-1]) / 2).mean())


def infidelity(influences: ArrayLike, masks: ArrayLike, responses: ArrayLike, *, full: float = 1.0) -> float:
    """Mean squared difference between what leaving words out should cost and what it costs.

    Args:
        influences: (n,).
        masks: held-out masks (m, n) that took no part in the estimate.
        responses: their measured responses (m,).
        full: the response of the whole prompt.

    Returns:
        In squared response units; 0 for an editor that is exactly additive.
    """
    out = 1 - np.asarray(masks, dtype=float)
    lost = full - np.asarray(responses, dtype=float)
    return float(np.square(out @ np.asarray(influences, dtype=float) - lost).mean())


def rank_correlation(predicted: ArrayLike, responses: ArrayLike) -> float | None:
    """Spearman's rank correlation of predicted and measured responses; None where either does not vary."""
    from scipy.stats import spearmanr  # Slow to import, and seldom needed.

    first, second = np.asarray(predicted, dtype=float), np.asarray(responses, dtype=float)
    if np.ptp(first) < 1e-12 or np.ptp(second) < 1e-12:
        return None
    return float(spearmanr(first, second).statistic)


@dataclass(frozen=True)
class Accuracy:
    """Agreement of "influence above the threshold" with labels; each in [0, 1]."""

    threshold: float
    accuracy: float
    precision: float
    recall: float
    f1: float


def accuracy(truth: Sequence[int] | np.ndarray, influences: ArrayLike, *, threshold: float) -> Accuracy:
    """How well the words of |influence| above a threshold match the words that matter.

    Args:
        truth: labels (n,), 1 for words that matter.
        influences: (n,).
        threshold: in response units; say it wherever the result is shown.

    Returns:
        Precision and F1 are 0 where nothing lies above the threshold.
    """
    labels = np.asarray(truth).astype(bool)
    chosen = np.abs(np.asarray(influences, dtype=float)) > threshold
    hits = int((labels & chosen).sum())
    precision = hits / chosen.sum() if chosen.any() else 0.0
    recall = hits / labels.sum() if labels.any() else 1.0
    return Accuracy(
        threshold=threshold,
        accuracy=float((labels == chosen).mean()),
        precision=float(precision),
        recall=float(recall),
        f1=float(2 * precision * recall / (precision + recall)) if precision + recall > 0 else 0.0,
    )
