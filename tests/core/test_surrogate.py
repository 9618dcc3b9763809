"""The surrogate against scikit-learn and statistics' textbook formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from smile_core.design import fold_over
from smile_core.estimate import estimate_rows
from smile_core.surrogate import fit_linear, fit_weighted_linear

random = np.random.default_rng(1)


@pytest.mark.parametrize(("m", "n"), [(30, 5), (24, 12), (6, 8)])
def test_least_squares_is_scikit_learn_s(m: int, n: int) -> None:
    masks, response, weights = random.integers(0, 2, (m, n)), random.random(m), random.random(m) + 0.01
    theirs = LinearRegression().fit(masks, response, sample_weight=weights)
    intercept, coefficients = fit_weighted_linear(masks, response, weights)
    np.testing.assert_allclose(coefficients, theirs.coef_, atol=1e-9)
    assert intercept == pytest.approx(theirs.intercept_)


def test_standard_errors_are_those_of_ordinary_least_squares() -> None:
    masks, response = fold_over(6), random.random(24)
    fit = fit_linear(masks, response)
    x = np.column_stack([np.ones(24), masks])
    beta, residual, *_ = np.linalg.lstsq(x, response, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * residual[0] / (24 - 7))
    np.testing.assert_allclose(fit.standard_errors, errors[1:])
    np.testing.assert_allclose(fit.half_widths(0.95), stats.t.ppf(0.975, 17) * errors[1:])
    np.testing.assert_allclose(fit.coefficients, beta[1:])


def test_no_interval_without_degrees_of_freedom() -> None:
    fit = fit_linear(np.eye(3), [1.0, 2.0, 3.0])
    assert np.isinf(fit.half_widths()).all()


@pytest.mark.parametrize("weights", [[-1.0, 1.0], [0.0, 0.0], [1.0]])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        fit_weighted_linear([[0], [1]], [0.0, 1.0], weights)


def test_intervals_cover_linear_responses_with_noise() -> None:
    """200 linear editors with noise: 95 % intervals cover the true coefficient as often as they say."""
    covered = []
    masks = fold_over(8)
    fitted = np.ones(len(masks), dtype=bool)
    for _ in range(200):
        truth = random.normal(0, 0.3, 8)
        response = masks @ truth + random.normal(0, 0.05, len(masks))
        estimate = estimate_rows(masks, response[None], np.ones(len(masks)), fitted, confidence=0.95)
        covered.append(np.abs(estimate.influences - truth) <= estimate.half_widths)
    assert 0.93 <= np.mean(covered) <= 0.97


def test_held_out_predictions_do_not_see_the_row_or_its_mirror() -> None:
    masks = fold_over(7)
    response = random.random(len(masks))
    rows = np.ones(len(masks), dtype=bool)
    order = [0, 12, *[i for i in range(24) if i not in (0, 12)]]  # Full and empty first, as explanations have them.
    masks, response = masks[order], response[order]
    before = estimate_rows(masks, response[None], np.ones(24), rows, confidence=0.95).unseen
    i, mirror = 2, next(k for k in range(24) if (masks[k] == 1 - masks[2]).all())
    changed = response.copy()
    changed[[i, mirror]] += 5
    after = estimate_rows(masks, changed[None], np.ones(24), rows, confidence=0.95).unseen
    assert after[i] == pytest.approx(before[i])
    assert after[mirror] == pytest.approx(before[mirror])
    assert np.isnan(before[:2]).all()
