"""What the known rows say about the response at every mask: a Gaussian process, averaged over its settings.

Influences, pairs, Shapley values, leave-one-out and predictions are linear functionals of the response, so each
has a mean and a variance under every setting of the prior (covariance.py). Settings are weighed as in
relevance.py; intervals are those of the mixture, widened where the response is far from linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from smile_core import covariance
from smile_core.covariance import Functional, Prior
from smile_core.design import full_and_empty, leave_one_out
from smile_core.relevance import Rows, Settings, held_out, misfit, row_covariances, settle
from smile_core.sketches import sketch
from smile_core.terms import Terms

WIDENING, CARE, END_CARE = 2.0, 2.0, 4.0
"""How much wider than under the prior intervals are where the response bends, as a variance; how much held-out errors
count there; and how much those at the full and the empty mask. Set on the published games, on every other game of an
earlier scenes-turbo and on synthetic editors, so `bench.coverage` flatters on those; newer games had no say."""
LEAST = 0.003
"""No 95 % interval is narrower on either side unless every mask is known: some mask may always be an exception."""
FEWEST_WORDS = 6
"""Shorter prompts are tried whole."""
TRUST, TRUSTED_ROWS, MOST_ROWS = 0.95, 14, 28
"""What sketches weigh at most, up to how many rows, and from how many on nothing: an editor may be unlike any sketch,
and the more rows there are, the better the process sees that. Set on the published games, as `sketches.RESTS`."""
MOST_SETTINGS = 16
"""So many sketches, the likeliest, are told apart when rows are chosen."""
NEGLIGIBLE = 1e-2
"""Settings that together weigh less than this are left out."""


@dataclass(frozen=True, eq=False)
class Quantities:
    """Means (q,) and half-widths (q,) of two-sided intervals, in response units."""

    means: np.ndarray
    half_widths: np.ndarray


@dataclass(frozen=True, eq=False)
class Posterior:
    """The response given the rows. `exact`: all masks are known without noise, so every half-width is 0.

    `factors` (count, m, m) are inverse Cholesky factors of the rows' covariance, one per setting.
    `bend` is the share of what a straight line misses that the process foresees, or what sketches weigh where that is
    more; the more, the more rests on the prior. `doubts` (n,) is the additional standard deviation of each influence.
    """

    rows: Rows
    settings: Settings
    factors: np.ndarray
    bend: float
    doubts: np.ndarray
    exact: bool

    def influences(self, confidence: float = 0.95) -> Quantities:
        """The coefficients (n,) that least squares on all 2^n masks would give."""
        return self._answer(covariance.influences(self.settings.prior, self.rows.masks), self.doubts, confidence)

    def pairs(self, confidence: float = 0.95) -> Quantities:
        """Mean second differences (n (n - 1) / 2,), in the order of `numpy.triu_indices(n, 1)`."""
        first, second = np.triu_indices(self.rows.masks.shape[1], 1)
        doubts = 2 * np.maximum(self.doubts[first], self.doubts[second])
        return self._answer(covariance.pairs(self.settings.prior, self.rows.masks), doubts, confidence)

    def shapley(self, confidence: float = 0.95) -> Quantities:
        """Shapley values (n,); they sum to the response of the full mask less that of the empty one."""
        return self._answer(covariance.shapley(self.settings.prior, self.rows.masks), self.doubts, confidence)

    def leave_one_out(self, confidence: float = 0.95) -> Quantities:
        """What the full mask loses with each word, (n,)."""
        n = self.rows.masks.shape[1]
        full = np.repeat(full_and_empty(n)[:1], n, axis=0)
        drop = covariance.differences(self.settings.prior, self.rows.masks, full, leave_one_out(n))
        return self._answer(drop, np.zeros(n), confidence)

    def predict(self, masks: np.ndarray, confidence: float = 0.95) -> Quantities:
        """Responses at masks (q, n), without measurement noise."""
        there = covariance.responses(self.settings.prior, self.rows.masks, np.asarray(masks, dtype=np.uint8))
        return self._answer(there, np.zeros(len(masks)), confidence)

    def held_out(self) -> np.ndarray:
        """Predictions (m,) of each row by the others, its mirror image left out too; NaN for full and empty."""
        return held_out(self.rows, self.settings.prior, self.settings.noise)

    def _answer(self, asked: Functional, doubts: np.ndarray, confidence: float) -> Quantities:
        solved = self.factors @ np.swapaxes(asked.cross, 1, 2)
        response = self.factors @ self.rows.responses
        means = np.einsum("cmq,cm->cq", solved, response)
        spreads = np.sqrt(np.maximum(asked.variance - (solved**2).sum(axis=1), 0))
        middle = self.settings.weights @ means
        if self.exact:
            return Quantities(middle, np.zeros(len(middle)))
        within = mixture_half_widths(self.settings.weights, means - middle, spreads, confidence)
        within *= np.sqrt(1 + WIDENING * self.bend)
        reach = ndtri((1 + confidence) / 2)
        return Quantities(middle, np.maximum(np.hypot(within, reach * doubts), LEAST * reach / ndtri(0.975)))


def posterior(masks: np.ndarray, responses: np.ndarray, noise: float | None = None) -> Posterior:
    """Condition on the rows.

    Args:
        masks: (m, n) of 0 and 1, no row twice; full and empty may be among them and count as noiseless.
        responses: (m,), or (seeds, m): then their mean, and the spread between seeds is noise.
        noise: standard deviation of one response where it is known, in response units; it is taken as the least.

    Raises:
        ValueError: shapes do not fit together, a response is not finite, or a mask stands twice.
    """
    masks, each = np.asarray(masks, dtype=np.uint8), np.atleast_2d(np.asarray(responses, dtype=float))
    if masks.ndim != 2 or each.shape[1:] != (len(masks),):
        raise ValueError(f"masks {masks.shape} and responses {each.shape} do not fit together")
    if not np.isfinite(each).all():
        raise ValueError("every response must be finite; leave failed rows out")
    if len(np.unique(masks, axis=0)) < len(masks):
        raise ValueError("a mask stands twice; average its responses first")
    least = 0.0 if noise is None else noise
    if len(each) > 1:
        least = max(least, float(np.sqrt(each.var(axis=0, ddof=1).mean())))
    rows = Rows.of(masks, each.mean(axis=0))
    least /= np.sqrt(len(each))
    exact = len(masks) == 1 << masks.shape[1] and least == 0
    settings = _any_setting(masks.shape[1]) if exact else _heavy(_with_sketches(rows, settle(rows, least), least))
    factors = np.linalg.inv(np.linalg.cholesky(row_covariances(rows, settings.prior, settings.noise)))
    bend, doubts = (0.0, np.zeros(masks.shape[1])) if exact else _doubts(rows, settings.misses)
    bend = max(bend, float(settings.weights[settings.prior.terms.variance.any(axis=1)].sum()))
    return Posterior(rows, settings, factors, bend, doubts, exact)


def sketched(masks: np.ndarray, responses: np.ndarray) -> Posterior:
    """What sketches alone say of rows (m, n) with responses (m,): enough, and quick, to choose the next rows by."""
    rows = Rows.of(np.asarray(masks, dtype=np.uint8), responses)
    found = sketch(rows, 0.0)
    heaviest = np.argsort(-found.weights, kind="stable")[:MOST_SETTINGS]
    prior, noise, weights = found.prior.of(heaviest), found.noise[heaviest], found.weights[heaviest]
    factors = np.linalg.inv(np.linalg.cholesky(row_covariances(rows, prior, noise)))
    settings = Settings(prior, noise, weights / weights.sum(), np.zeros(len(rows.masks)), found.evidence)
    return Posterior(rows, settings, factors, 0.0, np.zeros(rows.masks.shape[1]), exact=False)


def mixture_half_widths(weights: np.ndarray, offsets: np.ndarray, spreads: np.ndarray, confidence: float) -> np.ndarray:
    """Half-widths (q,) that hold `confidence` of a mixture of normals around 0.

    Args:
        weights: (count,), sum 1.
        offsets: (count, q), the means.
        spreads: (count, q), the standard deviations.
        confidence: between 0 and 1.
    """
    spreads = np.maximum(spreads, 1e-12)
    reach = float(ndtri((1 + confidence) / 2))
    low, high = np.zeros(offsets.shape[1]), (np.abs(offsets) + reach * spreads).max(axis=0)
    for _ in range(14):  # To within a ten-thousandth of what the widest component needs.
        middle = (low + high) / 2
        short = weights @ (ndtr((middle - offsets) / spreads) - ndtr((-middle - offsets) / spreads)) < confidence
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(high)


def _any_setting(n: int) -> Settings:
    """With every mask known the prior no longer matters."""
    one = np.ones(1)
    return Settings(
        Prior(np.ones((1, n)), 0 * one, one, one, Terms.none(1, n)), np.zeros(1), one, np.zeros(1 << n), 0.0
    )


def _with_sketches(rows: Rows, smooth: Settings, least_noise: float) -> Settings:
    """The smooth settings and the sketches, weighed by how likely each makes the rows."""
    trust = TRUST * min(1.0, (MOST_ROWS - len(rows.masks)) / (MOST_ROWS - TRUSTED_ROWS))
    if rows.masks.shape[1] < FEWEST_WORDS or trust <= 0:
        return smooth
    found = sketch(rows, least_noise)
    share = trust / (1 + np.exp(np.clip(smooth.evidence - found.evidence, -50, 50)))
    return Settings(
        found.prior.after(smooth.prior),
        np.append(smooth.noise, found.noise),
        np.append((1 - share) * smooth.weights, share * found.weights),
        smooth.misses,
        smooth.evidence,
    )


def _heavy(settings: Settings) -> Settings:
    """The best setting first, for held-out rows, then those that carry all but a negligible part of the weight."""
    order = np.argsort(settings.weights)[::-1]
    kept = order[: 1 + int(np.searchsorted(np.cumsum(settings.weights[order]), 1 - NEGLIGIBLE))]
    chosen = np.append(0, kept[kept > 0])
    prior = settings.prior
    weights = settings.weights[chosen] / settings.weights[chosen].sum()
    return Settings(
        prior.of(chosen),
        settings.noise[chosen],
        weights,
        settings.misses,
        settings.evidence,
    )


def _doubts(rows: Rows, misses: np.ndarray) -> tuple[float, np.ndarray]:
    """What the settings may have got wrong: how far the response bends, in [0, 1), and a standard deviation (n,).

    No bend where a straight line does as well on unseen rows as the process. The errors on held-out rows reach
    the influences through the sandwich of least squares (MacKinnon and White, "Some heteroskedasticity-consistent
    covariance matrix estimators", 1985): rows left by earlier prompts miss most where they are few. Where only
    the whole prompt does anything, no other row shows what its words need: the miss is at its end.
    """
    ones = np.column_stack([np.ones(len(rows.masks)), rows.masks])
    free, typical = len(ones) - ones.shape[1], misfit(rows, misses)
    if free <= 0 or typical == 0:
        return 0.0, np.zeros(rows.masks.shape[1])
    inverse = np.linalg.pinv(ones)
    missed = np.sqrt(((rows.responses - ones @ (inverse @ rows.responses)) ** 2).sum() / free)
    bend = max(0.0, 1 - typical / missed) if missed > 0 else 0.0
    care = np.where(rows.noisy > 0, CARE * np.sqrt(bend), END_CARE)
    return float(bend), np.asarray(np.sqrt(inverse[1:] ** 2 @ (care * misses) ** 2))
