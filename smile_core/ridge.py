"""Surrogates that draw coefficients to zero, by scikit-learn: ridge and Bayesian ridge."""

from __future__ import annotations

import numpy as np

from smile_core.surrogate import LinearFit


def ridge(x: np.ndarray, y: np.ndarray, w: np.ndarray, alpha: float = 1.0) -> LinearFit:
    """Ridge regression with strength `alpha`, which draws coefficients to zero.

    Standard errors are those of the drawn coefficients; what was lost by drawing is not in them.

    Args:
        x: masks (m, n).
        y: responses (m,).
        w: weights (m,).
        alpha: 0 is least squares.
    """
    from sklearn.linear_model import Ridge  # Slow to import.

    model = Ridge(alpha=alpha).fit(x, y, sample_weight=w)
    a = (x - np.average(x, axis=0, weights=w)) * np.sqrt(w)[:, None]
    drawn = np.linalg.solve(a.T @ a + alpha * np.eye(x.shape[1]), a.T)
    degrees = int(len(y) - 1 - np.trace(a @ drawn))
    residual = float((w * (y - model.predict(x)) ** 2).sum())
    errors = np.full(x.shape[1], np.nan) if degrees <= 0 else np.sqrt(residual / degrees * (drawn**2).sum(axis=1))
    return LinearFit(float(model.intercept_), np.asarray(model.coef_, dtype=float), errors, degrees)


def bayesian_ridge(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> LinearFit:
    """Ridge regression whose strength is found by marginal likelihood (MacKay, "Bayesian interpolation", 1992).

    Standard errors are posterior ones. Args as in `ridge`.
    """
    from sklearn.linear_model import BayesianRidge  # Slow to import.

    model = BayesianRidge().fit(x, y, sample_weight=w)
    errors = np.sqrt(np.maximum(np.diagonal(model.sigma_), 0))
    return LinearFit(float(model.intercept_), np.asarray(model.coef_, dtype=float), errors, len(y) - 1)
