"""From responses to influences: what exhaustive fitting would give, how sure that is, what unseen rows would do.

Two ways, with one answer: `estimate_posterior` (the default) conditions a Gaussian process on whatever
rows there are; `estimate_rows` is plain weighted least squares on the rows of a design, as published.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.special import stdtrit
from threadpoolctl import ThreadpoolController

from smile_core import covariance
from smile_core.posterior import Posterior, posterior
from smile_core.published import best_in_sample
from smile_core.ridge import bayesian_ridge, ridge
from smile_core.surrogate import LinearFit, fit_linear

SURROGATES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], LinearFit]] = {
    "least-squares": fit_linear,
    "ridge": ridge,
    "bayesian-ridge": bayesian_ridge,
    "best-in-sample": best_in_sample,
}
"""What fits masks (m, n), responses (m,) and weights (m,), by name."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Influences (n,) with half-widths (n,) of their intervals, and what the surrogate says of the rows.

    Attributes:
        exact: all 2^n rows were fitted alike, so that nothing was sampled.
        fitted: (m,), in-sample values of the linear surrogate.
        unseen: (m,), predictions of the surrogate with the pairs that it keeps, by fits that had not seen
            the row or its mirror image; NaN for full and empty.
        unseen_linear: the same without pairs.
        pairs: mean second differences (n (n - 1) / 2,), in the order of `numpy.triu_indices(n, 1)`; empty
            where none were estimated.
        pair_half_widths: of their intervals.
        posterior: what the rows say of every mask; None for `estimate_rows`.
    """

    intercept: float
    influences: np.ndarray
    half_widths: np.ndarray
    exact: bool
    fitted: np.ndarray
    unseen: np.ndarray
    unseen_linear: np.ndarray
    pairs: np.ndarray
    pair_half_widths: np.ndarray
    posterior: Posterior | None = None


def estimate_posterior(
    masks: np.ndarray, responses: np.ndarray, *, confidence: float, target: str = "linear"
) -> Estimate:
    """By the Gaussian process of `posterior.py`.

    Args:
        masks: (m, n), full and empty first, no row twice.
        responses: (seeds, m), NaN where an edit failed.
        confidence: of the intervals, for instance 0.95.
        target: "linear", the coefficients that least squares on all 2^n masks would give, or "shapley".
    """
    with _blas().limit(limits=1, user_api="blas"):  # Threads cost more than they give at these sizes.
        return _estimate_posterior(masks, responses, confidence, shapley=target == "shapley")


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _estimate_posterior(masks: np.ndarray, responses: np.ndarray, confidence: float, *, shapley: bool) -> Estimate:
    known = np.isfinite(responses).all(axis=0)
    # Where every mask is known there is nothing to smooth; what differs between seeds is added below.
    whole = known.sum() == 1 << masks.shape[1]
    given = posterior(masks[known], responses[:, known].mean(axis=0) if whole else responses[:, known])
    wanted = given.shapley(confidence) if shapley else given.influences(confidence)
    pairs = given.pairs(confidence)
    half_widths = wanted.half_widths
    if len(responses) > 1:
        # Seeds may move a word in all its rows at once, which noise row by row does not foresee.
        each = [replace(given, rows=replace(given.rows, responses=one)) for one in responses[:, known]]
        values = [(one.shapley() if shapley else one.influences()).means for one in each]
        half_widths = np.hypot(half_widths, _over_seeds(values, confidence))
    surrogate = _HeldOut(given, np.abs(pairs.means) > pairs.half_widths)
    intercept = surrogate.level - float(wanted.means.sum()) / 2
    unseen, unseen_linear = (np.full(len(masks), np.nan) for _ in range(2))
    unseen[known], unseen_linear[known] = surrogate.predictions()
    if given.exact:
        unseen_linear[known] = _refitted(given.rows.masks, given.rows.responses, ())
        kept = np.flatnonzero(np.abs(pairs.means) > 1e-9)
        unseen[known] = _refitted(given.rows.masks, given.rows.responses, kept)
    return Estimate(
        intercept=intercept,
        influences=wanted.means,
        half_widths=half_widths,
        exact=given.exact,
        fitted=intercept + masks @ wanted.means,
        unseen=unseen,
        unseen_linear=unseen_linear,
        pairs=pairs.means,
        pair_half_widths=pairs.half_widths,
        posterior=given,
    )


class _HeldOut:
    """The surrogate fitted without a row and its mirror image, for each row, under the most probable setting.

    Every coefficient is a linear functional of the known responses, so leaving rows out is a rank-two
    change of the solved system (Rasmussen and Williams, 2006, section 5.4.2).
    """

    def __init__(self, given: Posterior, kept: np.ndarray) -> None:
        masks, prior = given.rows.masks, given.settings.prior
        best = prior.of(slice(1))
        functionals = [covariance.mean(best, masks), covariance.influences(best, masks), covariance.pairs(best, masks)]
        self._cross = np.vstack([functional.cross[0] for functional in functionals])
        self._inverse = given.factors[0].T @ given.factors[0]
        self._pull = self._inverse @ given.rows.responses
        self._masks, self._kept, self._exact = masks, kept, given.exact
        self._noisy = given.rows.noisy > 0
        self.level = float(self._cross[0] @ self._pull)

    def predictions(self) -> tuple[np.ndarray, np.ndarray]:
        """With the kept pairs and without, (m,) each, NaN for full and empty."""
        n = self._masks.shape[1]
        centred = self._masks - 0.5
        first, second = np.triu_indices(n, 1)
        place = {mask.tobytes(): i for i, mask in enumerate(self._masks)}
        with_pairs, linear = (np.full(len(self._masks), np.nan) for _ in range(2))
        for i in np.flatnonzero(self._noisy):
            mirror = place.get((1 - self._masks[i]).astype(self._masks.dtype).tobytes())
            out = np.array([i] if mirror is None else [i, mirror])
            pull = self._pull - self._inverse[:, out] @ np.linalg.solve(
                self._inverse[np.ix_(out, out)], self._pull[out]
            )
            values = self._cross @ pull
            linear[i] = values[0] + values[1 : n + 1] @ centred[i]
            products = centred[i, first] * centred[i, second]
            with_pairs[i] = linear[i] + (values[n + 1 :] * products)[self._kept].sum()
        return with_pairs, linear


def _refitted(masks: np.ndarray, responses: np.ndarray, pairs: Sequence[int] | np.ndarray) -> np.ndarray:
    """Least squares with the given pairs, without each row and its mirror image: predictions (m,).

    NaN for full and empty, and where what is left does not determine the fit.
    """
    first, second = (index[np.asarray(pairs, dtype=int)] for index in np.triu_indices(masks.shape[1], 1))
    centred = masks - 0.5
    terms = np.column_stack([np.ones(len(masks)), centred, centred[:, first] * centred[:, second]])
    hat = terms @ np.linalg.pinv(terms)
    error = responses - hat @ responses
    place = {mask.tobytes(): i for i, mask in enumerate(masks)}
    predicted = np.full(len(masks), np.nan)
    for i, mask in enumerate(masks):
        out = [i, place[(1 - mask).astype(mask.dtype).tobytes()]]
        left = np.eye(2) - hat[np.ix_(out, out)]
        if 0 < mask.sum() < len(mask) and np.linalg.eigvalsh(left)[0] > 1e-9:
            predicted[i] = responses[i] - np.linalg.solve(left, error[out])[0]
    return predicted


def estimate_rows(
    masks: np.ndarray,
    responses: np.ndarray,
    weights: np.ndarray,
    fitted: np.ndarray,
    *,
    confidence: float,
    surrogate: str = "least-squares",
) -> Estimate:
    """A surrogate of `SURROGATES` on the fitted rows.

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
        surrogate: a name in `SURROGATES`. Only least squares is ever exact.
    """
    fit_rows = SURROGATES[surrogate]
    n, seeds = masks.shape[1], len(responses)
    response = responses.mean(axis=0)
    rows = fitted & np.isfinite(response)
    fit = fit_rows(masks[rows], response[rows], weights[rows])
    even = bool((weights[rows] == weights[rows][0]).all())
    exact = surrogate == "least-squares" and even and len(np.unique(masks[rows], axis=0)) == 1 << n == rows.sum()
    # What is not linear is alike in every seed, so more seeds do not narrow this part.
    half_widths = np.zeros(n) if exact else fit.half_widths(confidence)
    if seeds > 1:
        each = [fit_rows(masks[rows], one[rows], weights[rows]).coefficients for one in responses]
        half_widths = np.hypot(half_widths, _over_seeds(each, confidence))
    unseen = _unseen(masks, response, weights, fitted)
    return Estimate(
        intercept=fit.intercept,
        influences=fit.coefficients,
        half_widths=half_widths,
        exact=bool(exact),
        fitted=fit.predict(masks),
        unseen=unseen,
        unseen_linear=unseen,
        pairs=np.empty(0),
        pair_half_widths=np.empty(0),
    )


def _over_seeds(values: list[np.ndarray], confidence: float) -> np.ndarray:
    """Half-widths (n,) of t intervals for the mean over seeds."""
    spread = np.std(values, axis=0, ddof=1) / np.sqrt(len(values))
    return np.asarray(stdtrit(len(values) - 1, (1 + confidence) / 2) * spread)


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
