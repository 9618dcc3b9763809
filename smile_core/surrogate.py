"""The surrogate: a weighted linear model of the response on masks, and how sure its coefficients are.

Source: SMILE (arXiv 2412.16277) fits `sklearn.linear_model.LinearRegression` with sample weights;
this is the same least squares through one orthogonal factorisation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

NEGLIGIBLE = 1e-9
"""Rows that weigh less than this share of the heaviest do not count as degrees of freedom."""


@dataclass(frozen=True, eq=False)
class LinearFit:
    """Least squares with its residual uncertainty.

    `standard_errors` (n,) are those of the coefficients, infinite for one that the rows leave open, NaN
    when there are no more rows than parameters; `degrees` are the residual degrees of freedom.
    """

    intercept: float
    coefficients: np.ndarray
    standard_errors: np.ndarray
    degrees: int

    def predict(self, masks: ArrayLike) -> np.ndarray:
        """Fitted responses (m,) of masks (m, n)."""
        return np.asarray(self.intercept + np.asarray(masks, dtype=float) @ self.coefficients)

    def half_widths(self, confidence: float = 0.95) -> np.ndarray:
        """Half-widths (n,) of two-sided t intervals; infinite without residual degrees of freedom."""
        if self.degrees <= 0:
            return np.full(len(self.coefficients), np.inf)
        return np.asarray(stdtrit(self.degrees, (1 + confidence) / 2) * self.standard_errors)


def fit_weighted_linear(
    masks: ArrayLike, response: ArrayLike, weights: ArrayLike | None = None
) -> tuple[float, np.ndarray]:
    """Weighted least squares with intercept.

    Args:
        masks: (m, n), 1 where a word is kept.
        response: (m,).
        weights: non-negative (m,); ones if left out.

    Returns:
        The intercept and the n coefficients. Where the rows leave a direction open, the smallest
        coefficients that fit.

    Raises:
        ValueError: shapes do not fit together, or a weight is negative.
    """
    fit = fit_linear(masks, response, weights)
    return fit.intercept, fit.coefficients


def fit_linear(masks: ArrayLike, response: ArrayLike, weights: ArrayLike | None = None) -> LinearFit:
    """As `fit_weighted_linear`, with standard errors from the weighted residuals."""
    x, y = np.asarray(masks, dtype=float), np.asarray(response, dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    if x.ndim != 2 or y.shape != (len(x),) or w.shape != y.shape:
        raise ValueError(f"masks {x.shape}, response {y.shape} and weights {w.shape} do not fit together")
    if (w < 0).any() or w.sum() == 0:
        raise ValueError("weights must not be negative, nor all zero")
    # Centred columns leave the intercept out of the smallest-norm choice, as LinearRegression does.
    middle, level = np.average(x, axis=0, weights=w), float(np.average(y, weights=w))
    root = np.sqrt(w)[:, None]
    a = (x - middle) * root
    inverse = np.linalg.pinv(a)
    coefficients = inverse @ ((y - level) * root[:, 0])
    rank = int(np.linalg.matrix_rank(a)) + 1
    degrees = int((w > NEGLIGIBLE * w.max()).sum()) - rank
    errors = np.full(x.shape[1], np.nan)
    if degrees > 0:
        residual = float((w * (y - level - (x - middle) @ coefficients) ** 2).sum())
        errors = np.sqrt(residual / degrees * (inverse**2).sum(1))
        determined = np.isclose(np.einsum("nm,mn->n", inverse, a), 1)
        errors[~determined] = np.inf
    return LinearFit(float(level - middle @ coefficients), coefficients, errors, degrees)
