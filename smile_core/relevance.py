"""How relevant each word is, how rough the response and how noisy: what the prior leaves open, and how sure we are.

The most probable setting is found by L-BFGS on the marginal likelihood (Rasmussen and Williams, "Gaussian
Processes for Machine Learning", 2006, section 5.4). It flatters itself: on a trained editor's responses
the likelihood puts the noise five times too low. So the noise is raised to what the fit misses on rows
that it is not shown, and the setting is found again. Settings around it are then drawn from a normal
approximation and, for the explanations that it overlooks, from the prior; each counts by its truncated
importance weight (Ionides, "Truncated importance sampling", 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.linalg import lapack
from scipy.special import ndtri

from smile_core.covariance import LEVEL, Prior
from smile_core.terms import Terms

JITTER = 1e-8
QUIETEST = 3e-4
"""The least noise (standard deviation, response units) that rows can speak for: responses are kept to about 1e-4."""
HELD_OUT_SHARE = 0.85
"""Noise as a share of the held-out error, which holds the fit's own error too; set on noisy linear editors."""
DRAWS = 128
FROM_PRIOR = 0.3
WIDER = 1.1
BOUNDS = (-9.0, 1.3)
TILT_BOUNDS, TILT_START = (0.0, 1.3), 0.4
"""Instructions act like ANDs; a negative tilt would suit ORs but hide that few rows speak of them."""

# Beliefs, mean and standard deviation: logarithms of the words' rates, the tilt, logarithms of the standard
# deviations s, l and of the noise.
RATE, TILT, SCALES, NOISE_SPREAD = (-2.0, 2.0), (0.0, 0.3), ((-0.7, 1.0), (-1.5, 1.0), (-4.0, 1.0)), 0.12


@dataclass(frozen=True, eq=False)
class Rows:
    """What is known: masks (m, n), responses (m,), and `noisy` (m,), 0 for full and empty, which define the scale."""

    masks: np.ndarray
    responses: np.ndarray
    noisy: np.ndarray

    @classmethod
    def of(cls, masks: np.ndarray, responses: np.ndarray) -> Rows:
        kept = masks.sum(axis=1)
        return cls(masks, responses, ((kept > 0) & (kept < masks.shape[1])).astype(float))


@dataclass(frozen=True, eq=False)
class Settings:
    """Settings of the prior, their noise variances (count,) and weights (count,) of sum 1; the most probable one first.

    `misses` (m,) are the errors on the rows when each is held out, in response units; `evidence` is the logarithm of
    how likely the rows are, up to a constant.
    """

    prior: Prior
    noise: np.ndarray
    weights: np.ndarray
    misses: np.ndarray
    evidence: float


def settle(rows: Rows, least_noise: float) -> Settings:
    """Find settings and weigh them. `least_noise` is a standard deviation that is known from elsewhere, or 0."""
    n = rows.masks.shape[1]
    mean, spread = (np.array([RATE[k]] * n + [TILT[k]] + [scale[k] for scale in SCALES]) for k in (0, 1))
    rough = _Likelihood(rows, mean, spread)
    tilted = mean + TILT_START * (np.arange(n + 4) == n)
    best = rough.most_probable(max(mean, tilted, key=rough.density_at), 24)
    misses = rows.responses - held_out(rows, *unpack(best[None]), ends=True)
    mean[-1] = np.log(max(HELD_OUT_SHARE * misfit(rows, misses), least_noise, QUIETEST))
    spread[-1] = NOISE_SPREAD
    final = _Likelihood(rows, mean, spread)
    best = final.most_probable(np.append(best[:-1], mean[-1]), 8)
    draws, weights, evidence = _draws(final, best)
    prior, noise = unpack(np.vstack([best, draws]))
    return Settings(prior, noise, np.append(0.0, weights), misses, evidence)


def unpack(logs: np.ndarray) -> tuple[Prior, np.ndarray]:
    """Settings and noise variances from logarithms, beside the tilt, (count, n + 4)."""
    scales = np.exp(2 * logs[:, -3:])
    rates = np.exp(logs[:, :-4])
    return Prior(rates, logs[:, -4], scales[:, 0], scales[:, 1], Terms.none(*rates.shape)), scales[:, 2]


def row_covariances(rows: Rows, prior: Prior, noise: np.ndarray) -> np.ndarray:
    """Covariances (count, m, m) of the measured responses."""
    known = prior.between(rows.masks, rows.masks)
    diagonal = np.arange(len(rows.masks))
    known[:, diagonal, diagonal] += noise[:, None] * rows.noisy + JITTER
    return known


def held_out(rows: Rows, prior: Prior, noise: np.ndarray, *, ends: bool = False) -> np.ndarray:
    """Predictions (m,) of each row without it and its mirror image, under the first setting.

    NaN for full and empty, which define the scale; with `ends` each of them by all others.
    """
    which = np.arange(len(rows.masks)) if ends else np.flatnonzero(rows.noisy)
    predicted = np.full(len(rows.masks), np.nan)
    predicted[which] = rows.responses[which] - _held_out_errors(rows, prior, noise, which)
    return predicted


def _held_out_errors(rows: Rows, prior: Prior, noise: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Errors on the rows `which` when each is held out with its mirror image.

    Closed form: Rasmussen and Williams (2006), equations 5.10 to 5.12, for one row or a pair.
    """
    inverse = np.linalg.inv(row_covariances(rows, prior.of(slice(1)), noise[:1])[0])
    pull = inverse @ rows.responses
    place = {mask.tobytes(): i for i, mask in enumerate(rows.masks)}
    mirror = np.array([place.get((1 - rows.masks[i]).tobytes(), i) if rows.noisy[i] else i for i in which])
    own, both, its = inverse[which, which], inverse[which, mirror], inverse[mirror, mirror]
    alone = mirror == which
    # The first row of the inverse of two by two; a row without a mirror image stands for itself.
    determinant = np.where(alone, 1.0, own * its - both**2)
    return np.asarray(np.where(alone, pull[which] / own, (its * pull[which] - both * pull[mirror]) / determinant))


def misfit(rows: Rows, misses: np.ndarray) -> float:
    """Root mean square of the errors on held-out rows but full and empty, in response units."""
    errors = misses[rows.noisy > 0]
    return float(np.sqrt(np.mean(errors**2))) if len(errors) else 0.0


class _Likelihood:
    """Log posterior density of the logarithms of rates and scales and of the tilt, with its gradient."""

    def __init__(self, rows: Rows, mean: np.ndarray, spread: np.ndarray) -> None:
        self.rows, self.mean, self.spread = rows, mean, spread
        self.lower = np.tril_indices(len(rows.masks))
        one, other = (rows.masks[place].astype(float) for place in self.lower)
        self.differ = (one != other).astype(float)
        self.signs = 2.0 * rows.masks - 1
        self.twice = np.where(self.lower[0] == self.lower[1], 1.0, 2.0)
        bounds = [BOUNDS] * (len(mean) - 4) + [TILT_BOUNDS] + [BOUNDS] * 3
        self.bounds = np.array(bounds)

    def most_probable(self, start: np.ndarray, iterations: int) -> np.ndarray:
        from scipy.optimize import minimize  # Slow to import.

        options = {"maxiter": iterations, "maxcor": 20}
        found = minimize(self._loss, start, jac=True, method="L-BFGS-B", bounds=self.bounds, options=options)
        return np.asarray(found.x)

    def density_at(self, logs: np.ndarray) -> float:
        return float(self.density(logs[None])[0])

    def _parts(self, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        prior, noise = unpack(np.atleast_2d(logs))
        tilted = prior.tilt[:, None] * prior.rates
        apart = prior.rates @ self.differ.T
        louder = tilted @ self.signs.T
        louder = louder[:, self.lower[0]] + louder[:, self.lower[1]]
        scale = np.log(prior.product) - np.log(np.cosh(2 * tilted)).sum(axis=1)
        near = np.exp(louder - 2 * apart + scale[:, None])
        slopes = prior.linear[:, None] * prior.relevances
        line = slopes.sum(axis=1)[:, None] - 2 * slopes @ self.differ.T
        return near, line, noise

    def _covariances(self, near: np.ndarray, line: np.ndarray, noise: np.ndarray) -> np.ndarray:
        m = len(self.rows.masks)
        known = np.zeros((len(near), m, m))
        known[:, self.lower[0], self.lower[1]] = near + line + LEVEL
        known[:, np.arange(m), np.arange(m)] += noise[:, None] * self.rows.noisy + JITTER
        return known

    def _loss(self, logs: np.ndarray) -> tuple[float, np.ndarray]:
        n, y = self.rows.masks.shape[1], self.rows.responses
        near, line, noise = self._parts(logs)
        lower, failed = lapack.dpotrf(self._covariances(near, line, noise)[0], lower=1)
        if failed:
            return 1e10, np.zeros_like(logs)
        inverse, _ = lapack.dpotri(lower, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        pull = inverse @ y
        slope = (np.outer(pull, pull) - inverse) / 2
        flat = slope[self.lower] * self.twice
        near, line, rates, tilt = flat * near[0], line[0], np.exp(logs[:n]), logs[n]
        by_relevance = np.exp(2 * logs[n + 2]) * (flat.sum() - 2 * flat @ self.differ) / np.cosh(rates) ** 2
        m, places = len(y), self.lower
        kept = (np.bincount(places[0], near, m) + np.bincount(places[1], near, m)) @ self.signs / 2
        uneven = kept - np.tanh(2 * tilt * rates) * near.sum()
        by_rate = (by_relevance + 2 * (tilt * uneven - near @ self.differ)) * rates
        by_tilt, whole = 2 * rates @ uneven, near.sum()
        by_noise = 2 * noise[0] * np.diagonal(slope) @ self.rows.noisy
        gradient = np.concatenate([by_rate, [by_tilt, 2 * whole, 2 * flat @ line, by_noise]])
        away = (logs - self.mean) / self.spread
        value = -y @ pull / 2 - np.log(np.diagonal(lower)).sum() - away @ away / 2
        return -float(value), away / self.spread - gradient

    def density(self, logs: np.ndarray) -> np.ndarray:
        """Log posterior densities (count,) up to a constant."""
        known = self._covariances(*self._parts(logs))
        values = np.empty(len(logs))
        for i, covariance in enumerate(known):
            lower, failed = lapack.dpotrf(covariance, lower=1)
            solved, _ = lapack.dtrtrs(lower, self.rows.responses, lower=1)
            values[i] = -np.inf if failed else -solved @ solved / 2 - np.log(np.diagonal(lower)).sum()
        return np.asarray(values - (((logs - self.mean) / self.spread) ** 2).sum(axis=1) / 2)

    def curvature(self, logs: np.ndarray) -> np.ndarray:
        """Expected information about the logarithms, with that of the prior (Rasmussen and Williams, section 5.4.1)."""
        near, line, noise = self._parts(logs)
        lower = np.linalg.cholesky(self._covariances(near, line, noise))[0]
        m, rates, tilt = len(lower), np.exp(logs[:-4]), logs[-4]
        signs = (self.signs[self.lower[0]] + self.signs[self.lower[1]]) / 2
        uneven = signs - np.tanh(2 * tilt * rates)
        slope = np.exp(2 * logs[-2]) / np.cosh(rates) ** 2 * (1 - 2 * self.differ)
        slope = (slope + 2 * near.T * (tilt * uneven - self.differ)) * rates
        by_tilt = 2 * near * (uneven @ rates)
        changes = np.zeros((len(logs), m, m))
        changes[:, self.lower[0], self.lower[1]] = np.vstack(
            [slope.T, by_tilt, 2 * near, 2 * line, np.zeros_like(near)]
        )
        changes[:, self.lower[1], self.lower[0]] = changes[:, self.lower[0], self.lower[1]]
        changes[-1] = np.diag(2 * noise[0] * self.rows.noisy)
        inverse, _ = lapack.dtrtri(lower, lower=1)
        seen = (inverse @ changes @ inverse.T).reshape(len(logs), -1)
        return np.asarray(seen @ seen.T / 2 + np.diag(1 / self.spread**2))


def _draws(likelihood: _Likelihood, best: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Settings (DRAWS, n + 4), from fixed quasi-random points, their weights, and the evidence for all of them."""
    size, mean, spread = len(best), likelihood.mean, likelihood.spread
    values, axes = np.linalg.eigh(likelihood.curvature(best))
    normal = _normal_points(size)
    split = int(FROM_PRIOR * DRAWS)
    draws = best + WIDER * (normal / np.sqrt(values)) @ axes.T
    draws[:split] = mean + spread * normal[:split]
    draws = np.clip(draws, *likelihood.bounds.T)
    near = np.log(values).sum() / 2 - size * np.log(WIDER)
    near = near - (((draws - best) @ axes) ** 2 * values).sum(axis=1) / 2 / WIDER**2
    wide = -np.log(spread).sum() - (((draws - mean) / spread) ** 2).sum(axis=1) / 2
    drawn = np.logaddexp(np.log(1 - FROM_PRIOR) + near, np.log(FROM_PRIOR) + wide)
    logs = likelihood.density(draws) - drawn
    weights = np.exp(logs - logs.max())
    weights = np.minimum(weights, weights.mean() * np.sqrt(DRAWS))
    evidence = logs.max() + np.log(weights.mean()) - np.log(spread).sum()
    return draws, weights / weights.sum(), float(evidence)


@cache
def _normal_points(size: int) -> np.ndarray:
    from scipy.stats import qmc  # Slow to import.

    return np.asarray(ndtri(qmc.Sobol(size, seed=0).random(DRAWS)))
