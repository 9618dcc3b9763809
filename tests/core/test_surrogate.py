"""The surrogate against scikit-learn and statistics' textbook formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import BayesianRidge, LinearRegression

from smile_core.design import fold_over
from smile_core.estimate import estimate_rows
from smile_core.ridge import bayesian_ridge, ridge
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


def test_ridge_solves_its_normal_equations() -> None:
    masks, response, weights = random.integers(0, 2, (20, 4)), random.random(20), random.random(20) + 0.1
    fit = ridge(masks.astype(float), response, weights)
    x = masks - np.average(masks, axis=0, weights=weights)
    y = response - np.average(response, weights=weights)
    expected = np.linalg.solve(x.T @ (weights[:, None] * x) + np.eye(4), x.T @ (weights * y))
    np.testing.assert_allclose(fit.coefficients, expected, atol=1e-9)
    plain = ridge(masks.astype(float), response, weights, alpha=0.0)
    np.testing.assert_allclose(plain.coefficients, fit_linear(masks, response, weights).coefficients, atol=1e-9)
    np.testing.assert_allclose(plain.standard_errors, fit_linear(masks, response, weights).standard_errors, rtol=1e-6)


def test_bayesian_ridge_is_scikit_learn_s_and_nears_least_squares() -> None:
    masks = fold_over(6)
    response = masks @ np.linspace(-0.2, 0.5, 6) + 0.01 * random.normal(size=24)
    fit = bayesian_ridge(masks.astype(float), response, np.ones(24))
    np.testing.assert_allclose(fit.coefficients, BayesianRidge().fit(masks, response).coef_)
    plain = fit_linear(masks, response)
    np.testing.assert_allclose(fit.coefficients, plain.coefficients, atol=0.01)
    np.testing.assert_allclose(fit.half_widths(), plain.half_widths(), rtol=0.3)


@pytest.mark.parametrize("surrogate", ["ridge", "bayesian-ridge"])
def test_rows_can_be_fitted_by_other_surrogates(surrogate: str) -> None:
    masks = fold_over(6)
    response = masks @ np.linspace(-0.2, 0.5, 6)
    every, weights = np.ones(24, dtype=bool), np.ones(24)
    found = estimate_rows(masks, response[None], weights, every, confidence=0.95, surrogate=surrogate)
    assert not found.exact
    assert np.corrcoef(found.influences, np.linspace(-0.2, 0.5, 6))[0, 1] > 0.99
