"""Parts of SMILE as published that nothing but the paper presets should use, each with the fault that it has.

Variants A to D of the published code: A the InstructPix2Pix notebooks, B the Img2Img-Turbo script, C the notebook
of IE-SMILE, D the package xwhy. docs/method.md names the faults.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smile_core.surrogate import LinearFit

RESAMPLES = 20

REMARKS = {
    "second-sample": "as published, variant A: numbers say how much two edits of the same text differ, not what a "
    "word does (W1); its rejection of edits that stray from the picture is left out",
    "minmax-input": "as published, variant C: similarity to the picture before the edit, so a word that acts gets a "
    "negative number, or one without a sign where a tree fits best (W8, W18)",
    "raw-distance": "as published, variant D: raw distance to the full edit, so a word that acts gets a negative "
    "number, or one without a sign where a tree fits best (W7, W8)",
}
"""What a reader must know of a published response, by its name."""


def best_in_sample(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> LinearFit:
    """The model with the highest weighted R2 on the rows that it was fitted to (W8).

    Least squares, ridge, Bayesian ridge, random forest or gradient boosting; a tree's importances have no sign.
    Standard errors are those of 20 refits to rows drawn with replacement.
    """
    from sklearn.base import clone  # Slow to import.
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import BayesianRidge, LinearRegression, Ridge

    weights = np.maximum(w, 1e-12)
    models: list[Any] = [LinearRegression(), Ridge(), BayesianRidge()]
    models += [RandomForestRegressor(random_state=0), GradientBoostingRegressor(random_state=0)]
    fitted = [model.fit(x, y, sample_weight=weights) for model in models]
    best = max(fitted, key=lambda model: float(model.score(x, y, sample_weight=weights)))
    random, refits = np.random.default_rng(0), []
    for _ in range(RESAMPLES):
        drawn = random.integers(len(y), size=len(y))
        refits.append(_numbers(clone(best).fit(x[drawn], y[drawn], sample_weight=weights[drawn])))
    level = float(np.average(y - x @ _numbers(best), weights=weights))
    return LinearFit(level, _numbers(best), np.std(refits, axis=0, ddof=1), RESAMPLES - 1)


def _numbers(model: Any) -> np.ndarray:
    return np.asarray(model.coef_ if hasattr(model, "coef_") else model.feature_importances_, dtype=float)
