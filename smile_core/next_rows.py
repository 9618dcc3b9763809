"""Which rows to try next: those that leave the least variance in the influences, one after the other.

Greedy Bayesian A-optimality (Chaloner and Verdinelli, "Bayesian experimental design: a review", 1995): a row's value
is the part of the influences' total variance that it would remove. While few rows are known, most of the variance is
between explanations that fit them all, and rows on which these differ are worth most; later, it is within the most
probable one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from smile_core import covariance
from smile_core.covariance import Prior
from smile_core.design import enumerate_masks
from smile_core.posterior import Posterior
from smile_core.relevance import JITTER, row_covariances

MOST_CANDIDATES = 4096


def candidates(n: int, *, seed: int = 0) -> np.ndarray:
    """All masks up to 12 words, else a seeded sample of 4096, (k, n)."""
    if 1 << n <= MOST_CANDIDATES:
        return enumerate_masks(n)
    sample = np.random.default_rng(seed).integers(0, 2, (MOST_CANDIDATES, n), dtype=np.uint8)
    return np.asarray(np.unique(sample, axis=0))


def next_rows(
    known: Posterior, masks: np.ndarray, count: int, *, fits: Callable[[list[int]], np.ndarray] | None = None
) -> np.ndarray:
    """Choose rows given those known.

    Args:
        known: the posterior of the rows known so far.
        masks: candidates (k, n).
        count: how many to choose.
        fits: given the indices chosen so far, which masks may come next, bool (k,); none at all ends the choice.

    Returns:
        Indices (at most count,) into `masks`, best first, none of a known row.
    """
    # Without the tilt: rows that it calls quiet are where it may be wrong.
    first = replace(known.settings.prior.of(slice(1)), tilt=np.zeros(1))
    noise = float(known.settings.noise[0]) + JITTER
    factor = np.linalg.inv(np.linalg.cholesky(row_covariances(known.rows, first, known.settings.noise[:1])[0]))
    seen = factor @ first.between(known.rows.masks, masks)[0]
    effects = covariance.influences(first, masks).cross[0]
    effects = effects - (factor @ covariance.influences(first, known.rows.masks).cross[0].T).T @ seen
    level = first.along(masks, masks)[0]
    left = level - (seen**2).sum(axis=0)
    taken = {mask.tobytes() for mask in known.rows.masks}
    open_ = np.array([mask.tobytes() not in taken for mask in masks])
    chosen: list[int] = []
    for _ in range(min(count, int(open_.sum()))):
        allowed = open_ if fits is None else open_ & fits(chosen)
        if not allowed.any():
            break
        value = (effects**2).sum(axis=0) / (np.maximum(left, 0) + noise)
        best = int(np.argmax(np.where(allowed, value, -1.0)))
        between = first.between(masks[best : best + 1], masks)[0, 0] - seen[:, best] @ seen
        step = between / np.sqrt(max(left[best], 0.0) + noise)
        effects = effects - np.outer(effects[:, best] / np.sqrt(max(left[best], 0.0) + noise), step)
        seen, left = np.vstack([seen, step]), left - step**2
        open_[best] = False
        chosen.append(best)
    return np.array(chosen, dtype=int)


def telling_rows(known: Posterior, masks: np.ndarray, count: int) -> np.ndarray:
    """Choose rows that tell the explanations of those known apart.

    The variance is that of the mixture of settings, and what a row removes of it that of the best linear
    prediction from the row's response.

    Args:
        known: the posterior of the rows known so far.
        masks: candidates (k, n).
        count: how many to choose.

    Returns:
        Indices (at most count,) into `masks`, best first, none of a known row.
    """
    view = _Mixture.of(known, masks)
    taken = {mask.tobytes() for mask in known.rows.masks}
    open_ = np.array([mask.tobytes() not in taken for mask in masks])
    effects, left, chosen = view.effects, view.left, []
    steps = np.zeros((0, len(masks)))
    for _ in range(min(count, int(open_.sum()))):
        value = (effects**2).sum(axis=0) / (np.maximum(left, 0) + view.noise)
        best = int(np.argmax(np.where(open_, value, -1.0)))
        scale = np.sqrt(max(left[best], 0.0) + view.noise)
        step = (view.between(best) - steps[:, best] @ steps) / scale
        effects = effects - np.outer(effects[:, best] / scale, step)
        steps, left = np.vstack([steps, step]), left - step**2
        open_[best] = False
        chosen.append(best)
    return np.array(chosen, dtype=int)


@dataclass(frozen=True, eq=False)
class _Mixture:
    """The settings with weights (count,) and what they say of k masks: `seen` (count, m, k) are the rows'
    part of the covariance, `means` (count, k) how far each setting's prediction lies from the mixture's.

    `effects` (n, k) are covariances of influences and responses, `left` (k,) the responses' variances.
    """

    prior: Prior
    weights: np.ndarray
    noise: float
    masks: np.ndarray
    seen: np.ndarray
    means: np.ndarray
    effects: np.ndarray
    left: np.ndarray

    @classmethod
    def of(cls, known: Posterior, masks: np.ndarray) -> _Mixture:
        settings, rows = known.settings, known.rows
        prior, factors, weights = settings.prior, known.factors, settings.weights
        response = factors @ rows.responses
        seen = factors @ prior.between(rows.masks, masks)
        own = factors @ np.swapaxes(covariance.influences(prior, rows.masks).cross, 1, 2)
        means = np.einsum("smk,sm->sk", seen, response)
        influences = np.einsum("smn,sm->sn", own, response)
        means, influences = means - weights @ means, influences - weights @ influences
        within = covariance.influences(prior, masks).cross - np.swapaxes(own, 1, 2) @ seen
        left = prior.along(masks, masks) - (seen**2).sum(axis=1)
        return cls(
            prior,
            weights,
            float(weights @ settings.noise) + JITTER,
            masks,
            seen,
            means,
            np.einsum("s,snk->nk", weights, within) + (weights[:, None] * influences).T @ means,
            weights @ (left + means**2),
        )

    def between(self, i: int) -> np.ndarray:
        """Covariances (k,) of the response at mask i with those at all masks."""
        within = self.prior.between(self.masks[i : i + 1], self.masks)[:, 0]
        within -= np.einsum("sm,smk->sk", self.seen[:, :, i], self.seen)
        return np.asarray(self.weights @ (within + self.means[:, i : i + 1] * self.means))
