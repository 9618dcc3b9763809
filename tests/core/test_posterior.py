"""The Gaussian-process estimate against enumeration: every quantity from the full covariance of all 2^n responses."""

from __future__ import annotations

import itertools
import json
from math import factorial
from pathlib import Path

import numpy as np
import pytest

from smile_core import covariance
from smile_core.covariance import Functional, Prior
from smile_core.design import base_rows, enumerate_masks, full_and_empty, leave_one_out
from smile_core.next_rows import candidates, next_rows
from smile_core.posterior import mixture_half_widths, posterior
from smile_core.relevance import Rows, _Likelihood
from smile_core.surrogate import fit_weighted_linear
from smile_core.terms import Terms

GAMES = json.loads((Path(__file__).parent / "golden" / "games.json").read_text())
RATES = np.array([[0.2, 1.1, 0.05, 0.6, 2.0]])
N = 5
ALL = enumerate_masks(N)
NEEDED = np.array([[[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]], dtype=bool)
EITHER = np.array([[[0, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 1, 0, 0, 1]]], dtype=bool)
TERMS = Terms(NEEDED, EITHER, np.array([[0.4, 0.2, 0.1]]))
SMOOTH = {tilt: (RATES, np.array([tilt]), np.array([0.7]), np.array([0.3])) for tilt in (0.0, 0.6)}
EVEN, PRIOR = Prior(*SMOOTH[0.0], Terms.none(1, N)), Prior(*SMOOTH[0.6], TERMS)


def at(masks: np.ndarray) -> np.ndarray:
    return masks.astype(int) @ (1 << np.arange(masks.shape[1] - 1, -1, -1))


def walsh_covariance() -> np.ndarray:
    """Without a tilt, straight from the definition: a sum over all sets of words."""
    x, r = 2.0 * ALL - 1, np.tanh(RATES[0])
    total = np.full((len(ALL), len(ALL)), covariance.LEVEL)
    for size in range(N + 1):
        for words in itertools.combinations(range(N), size):
            walsh = np.prod(x[:, list(words)], axis=1)
            weight = 0.7 * np.prod(r[list(words)]) / np.prod(1 + r) + (0.3 * r[words[0]] if size == 1 else 0)
            total += weight * np.outer(walsh, walsh)
    return total


def full_covariance() -> np.ndarray:
    """With it, and with terms: each mask's variance times a factor of its words', of mean 1."""
    z = ALL.astype(bool)
    heights = np.array([z[:, 0] & z[:, 1], z[:, 2] & (z[:, 3] | z[:, 4]), z[:, 1] | z[:, 4]], dtype=float)
    terms = heights.T @ np.diag(TERMS.variance[0]) @ heights
    x, t = 2.0 * ALL - 1, RATES[0]
    louder = np.prod(np.exp(0.6 * t * x) / np.sqrt(np.cosh(2 * 0.6 * t)), axis=1)
    line = 0.3 * (x * np.tanh(t)) @ x.T
    return (walsh_covariance() - line - covariance.LEVEL) * np.outer(louder, louder) + line + covariance.LEVEL + terms


def test_without_a_tilt_the_prior_is_a_sum_of_walsh_functions() -> None:
    np.testing.assert_allclose(EVEN.between(ALL, ALL)[0], walsh_covariance(), atol=1e-12)


@pytest.mark.parametrize("tilt", [1.0, -1.0])
def test_tilted_fully_the_prior_is_that_of_ands_or_of_ors(tilt: float) -> None:
    """Products of kept words, or of left-out ones, as far as they matter."""
    prior = Prior(RATES, np.array([tilt]), np.array([1.0]), np.array([0.0]), Terms.none(1, N))
    z = ALL if tilt > 0 else 1 - ALL
    t = RATES[0]
    both = z[:, None] * z[None]
    words = np.exp(-2 * t) / np.cosh(2 * t) * (1 + (np.exp(4 * t) - 1) * both)
    np.testing.assert_allclose(prior.between(ALL, ALL)[0], words.prod(axis=2) + covariance.LEVEL, atol=1e-12)


def shapley_matrix() -> np.ndarray:
    """(N, 2^N), from the definition."""
    matrix = np.zeros((N, len(ALL)))
    for i, word in itertools.product(range(len(ALL)), range(N)):
        size = int(ALL[i].sum()) - int(ALL[i, word])
        share = factorial(size) * factorial(N - size - 1) / factorial(N)
        matrix[word, i] = share if ALL[i, word] else -share
    return matrix


def pair_matrix() -> np.ndarray:
    x = 2.0 * ALL - 1
    first, second = np.triu_indices(N, 1)
    return np.asarray(4 * (x[:, first] * x[:, second]).T / len(ALL))


ROWS = ALL[[31, 0, 5, 9, 18, 27]]
PLUS, MINUS = np.repeat(full_and_empty(N)[:1], N, axis=0), leave_one_out(N)
CASES = {
    "mean": (np.full((1, len(ALL)), 1 / len(ALL)), covariance.mean(PRIOR, ROWS)),
    "influences": (2 * (2.0 * ALL - 1).T / len(ALL), covariance.influences(PRIOR, ROWS)),
    "pairs": (pair_matrix(), covariance.pairs(PRIOR, ROWS)),
    "shapley": (shapley_matrix(), covariance.shapley(PRIOR, ROWS)),
    "responses": (np.eye(len(ALL)), covariance.responses(PRIOR, ROWS, ALL)),
    "differences": (
        np.eye(len(ALL))[at(PLUS)] - np.eye(len(ALL))[at(MINUS)],
        covariance.differences(PRIOR, ROWS, PLUS, MINUS),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_functionals_covary_as_enumeration_says(name: str) -> None:
    matrix, found = CASES[name]
    assert isinstance(found, Functional)
    whole = full_covariance()
    np.testing.assert_allclose(found.cross[0], (matrix @ whole)[:, at(ROWS)], atol=1e-12)
    np.testing.assert_allclose(found.variance[0], np.diagonal(matrix @ whole @ matrix.T), atol=1e-12)


def test_settings_put_together_keep_what_they_say() -> None:
    both = PRIOR.after(EVEN)
    for one, place in ((EVEN, 0), (PRIOR, 1)):
        np.testing.assert_allclose(both.of(slice(place, place + 1)).between(ALL, ROWS), one.between(ALL, ROWS))
        np.testing.assert_allclose(
            covariance.shapley(both, ROWS).cross[place], covariance.shapley(one, ROWS).cross[0], atol=1e-12
        )


def test_the_likelihood_falls_as_its_gradient_says() -> None:
    masks = base_rows(6).masks[:20]
    rows = Rows.of(masks, and_or(masks))
    likelihood = _Likelihood(rows, np.zeros(10), np.ones(10))
    logs = np.random.default_rng(3).normal(-0.5, 0.4, 10)
    _, gradient = likelihood._loss(logs)
    for k, step in enumerate(1e-5 * np.eye(10)):
        slope = (likelihood._loss(logs + step)[0] - likelihood._loss(logs - step)[0]) / 2e-5
        assert gradient[k] == pytest.approx(slope, rel=1e-4, abs=1e-5)


def and_or(masks: np.ndarray) -> np.ndarray:
    return np.asarray(1 - (1.0 - masks[:, 0] * masks[:, 1]) * (1 - 0.5 * masks[:, 2]))


def test_shapley_values_sum_to_the_effect() -> None:
    masks = base_rows(9).masks
    assert posterior(masks, and_or(masks)).shapley().means.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("n", [7, 12])
def test_linear_editors_are_exact(n: int) -> None:
    weights = np.linspace(-0.2, 0.5, n)
    masks = base_rows(n).masks
    found = posterior(masks, masks @ weights).influences()
    np.testing.assert_allclose(found.means, weights, atol=2e-4)
    assert found.half_widths.max() < 0.005


def test_all_masks_leave_nothing_unsure() -> None:
    masks = enumerate_masks(5)
    response = np.random.default_rng(0).normal(size=32)
    known = posterior(masks, response)
    np.testing.assert_allclose(known.influences().means, fit_weighted_linear(masks, response)[1], atol=1e-5)
    np.testing.assert_allclose(known.shapley().means, shapley_matrix() @ response, atol=1e-5)
    assert known.exact
    assert known.influences().half_widths.max() == 0
    assert posterior(masks, response, noise=0.1).influences().half_widths.min() > 0


def test_same_rows_same_numbers() -> None:
    masks = base_rows(8).masks
    one, two = (posterior(masks, and_or(masks)).influences() for _ in range(2))
    np.testing.assert_array_equal(one.means, two.means)
    np.testing.assert_array_equal(one.half_widths, two.half_widths)


def test_held_out_rows_are_predicted_as_by_a_fit_without_them() -> None:
    masks = base_rows(7).masks
    response = and_or(masks) + np.random.default_rng(1).normal(0, 0.05, len(masks))
    known = posterior(masks, response)
    prior, noise = known.settings.prior, known.settings.noise
    first = prior.of(slice(1))
    for i, predicted in enumerate(known.held_out()):
        if np.isnan(predicted):
            assert masks[i].sum() in (0, 7)
            continue
        rest = (masks != masks[i]).any(1) & (masks != 1 - masks[i]).any(1)
        ends = np.isin(masks[rest].sum(1), (0, 7))
        between = first.between(masks[rest], masks[rest])[0] + np.diag(noise[0] * ~ends + 1e-8)
        again = first.between(masks[i : i + 1], masks[rest])[0] @ np.linalg.solve(between, response[rest])
        assert predicted == pytest.approx(again[0], abs=1e-6)


def test_the_spread_between_seeds_is_noise() -> None:
    masks = base_rows(7).masks
    each = and_or(masks) + np.random.default_rng(2).normal(0, 0.2, (4, len(masks)))
    expected = np.sqrt(each.var(axis=0, ddof=1).mean() / 4)
    assert np.sqrt(np.median(posterior(masks, each).settings.noise)) > 0.6 * expected
    quiet = np.tile(and_or(masks), (4, 1))
    np.testing.assert_array_equal(
        posterior(masks, quiet).influences().means, posterior(masks, quiet[0]).influences().means
    )


def test_a_mixture_of_one_normal_has_the_normal_quantile() -> None:
    widths = mixture_half_widths(np.ones(1), np.zeros((1, 2)), np.array([[1.0, 0.5]]), 0.95)
    np.testing.assert_allclose(widths, [1.95996, 0.97998], atol=1e-4)


@pytest.mark.parametrize("noise", [0.0, 0.03])
@pytest.mark.parametrize("kind", ["linear", "and"])
def test_intervals_cover(kind: str, noise: float) -> None:
    random = np.random.default_rng(5)
    hit = []
    for repeat in range(40):
        n = int(random.integers(6, 11))
        masks, every = base_rows(n, seed=repeat).masks, enumerate_masks(n)
        words = random.choice(n, 3, replace=False)
        clean = every[:, words].prod(axis=1) if kind == "and" else every[:, words] @ [0.5, 0.3, 0.2]
        ends = np.isin(masks.sum(1), (0, n))
        response = clean[at(masks)] + noise * random.normal(size=len(masks)) * ~ends
        found = posterior(masks, response).influences()
        truth = fit_weighted_linear(every, clean)[1]
        hit.append(np.abs(found.means - truth) <= found.half_widths + 1e-6)
    # 40 editors of 8 words: a fall of three standard errors below .93, words taken as half dependent.
    assert np.concatenate(hit).mean() >= 0.93 - 3 * np.sqrt(0.07 * 0.93 / 160)


@pytest.mark.parametrize("response", ["wass", "proj"])
def test_measured_games_are_estimated_better_than_by_least_squares(response: str) -> None:
    ours, plain = [], []
    for seed, game in enumerate(GAMES):
        n, every = len(game["words"]), np.array(game[response])
        masks = base_rows(n, seed=seed).masks
        truth = fit_weighted_linear(enumerate_masks(n), every)[1]
        for errors, found in (
            (ours, posterior(masks, every[at(masks)]).influences().means),
            (plain, fit_weighted_linear(masks, every[at(masks)])[1]),
        ):
            errors.append(((found - truth) ** 2).sum() / (truth**2).sum())
    assert np.median(ours) < 0.016
    assert np.median(ours) < np.median(plain) * 0.75


def test_next_rows_lower_the_variance_most() -> None:
    """The first choice against refitting with each candidate added."""
    masks = base_rows(6).masks[:14]
    known = posterior(masks, and_or(masks))
    options = candidates(6)
    prior, noise = known.settings.prior, known.settings.noise[0]
    first = prior.of(slice(1))

    def total(rows: np.ndarray) -> float:
        ends = np.isin(rows.sum(1), (0, 6))
        # The rows that are added count as noisy ones, whatever their mask.
        ends[len(masks) :] = False
        between = first.between(rows, rows)[0] + np.diag(noise * ~ends + 1e-8)
        asked = covariance.influences(first, rows)
        cross = asked.cross[0]
        return float(asked.variance.sum() - np.trace(cross @ np.linalg.solve(between, cross.T)))

    open_ = [i for i, mask in enumerate(options) if not (masks == mask).all(1).any()]
    totals = [total(np.vstack([masks, options[i : i + 1]])) for i in open_]
    chosen = next_rows(known, options, 3)
    assert len(set(chosen.tolist())) == 3
    assert totals[open_.index(int(chosen[0]))] == pytest.approx(min(totals), rel=1e-6)
    assert total(np.vstack([masks, options[chosen]])) < min(totals)


@pytest.mark.parametrize(
    ("masks", "response", "said"),
    [
        ([[1, 0], [1, 0]], [1, 2], "twice"),
        ([[1, 0], [0, 0]], [1, np.nan], "finite"),
        ([[1, 0], [0, 0]], [1], "fit together"),
    ],
)
def test_bad_rows_are_refused(masks: list[list[int]], response: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        posterior(np.array(masks), np.array(response))
