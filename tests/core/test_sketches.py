"""Sketches against a listing of all of them, and what a dozen rows say with them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from smile_core import sketches
from smile_core.design import enumerate_masks
from smile_core.next_rows import telling_rows
from smile_core.plan import first_answer
from smile_core.posterior import posterior, sketched
from smile_core.relevance import Rows, row_covariances
from smile_core.sketches import COUNTS, HEIGHT, RESTS, sketch
from smile_core.surrogate import fit_linear
from smile_core.terms import Terms


def test_the_evidence_is_that_of_all_sketches() -> None:
    """Three words have thirteen terms; every set of up to three of them by its normal density."""
    n = 3
    masks = enumerate_masks(n)[[7, 0, 3, 5, 1, 6]]
    response = np.array([1.0, 0.0, 0.42, 0.55, 0.38, 0.6])
    rows, library = Rows.of(masks, response), sketches._library(n)
    values = Terms(library.needed[None], library.either[None], np.zeros((1, 13))).values(masks)[0]
    assert len(values) == 13
    logs = []
    for rest, (_, _, share) in enumerate(RESTS):
        prior, noise = sketches._smooth(n, rest, 1, 0.0)
        smooth = row_covariances(rows, prior, noise)[0]
        for size, count in enumerate(COUNTS, start=1):
            for which in itertools.combinations(range(13), size):
                ways = np.log(float(np.prod(np.arange(1, size + 1))))
                belief = np.log(share * count) + ways + library.shares[list(which)].sum()
                covariance = smooth + HEIGHT**2 * values[list(which)].T @ values[list(which)]
                logs.append(belief + multivariate_normal(np.zeros(len(masks)), covariance).logpdf(response))
    dropped = len(masks) / 2 * np.log(2 * np.pi)
    assert sketch(rows, 0.0).evidence == pytest.approx(np.logaddexp.reduce(logs) + dropped, abs=0.02)


def test_the_sets_that_are_not_told_apart_share_the_weight() -> None:
    """Rows that keep either all of the last four words or none cannot say which of them matters."""
    random = np.random.default_rng(0)
    masks = random.integers(0, 2, (30, 7), dtype=np.uint8)
    masks[:, 3:] = masks[:, 3:4]
    masks = np.unique(np.vstack([np.ones(7), np.zeros(7), masks]).astype(np.uint8), axis=0)
    found = sketch(Rows.of(masks, masks[:, 0] * masks[:, 3] * 1.0), 0.0)
    named = found.weights @ (found.prior.terms.needed | found.prior.terms.either).any(axis=1)
    assert named[0] > 0.95
    assert named[3:].min() > 0.1
    assert named[3:] == pytest.approx(named[3:].mean(), abs=0.15)


def programs() -> list[tuple[str, np.ndarray]]:
    """Editors of 10 words as instructions make them."""
    z = enumerate_masks(10).astype(bool)
    return [
        ("make the car red", z[:, 2] & z[:, 3]),
        ("replace the dog with a ball", z[:, 0] & z[:, 4] & z[:, 7]),
        ("add snow, and make the car red", 0.7 * z[:, 9] + 0.3 * (z[:, 2] & z[:, 3])),
        ("paint the car automobile red", (z[:, 1] | z[:, 5]) & z[:, 8]),
    ]


@pytest.mark.parametrize(("name", "every"), programs(), ids=[name for name, _ in programs()])
def test_the_first_answer_is_right_about_programs(name: str, every: np.ndarray) -> None:
    every = np.asarray(every, dtype=float)

    def respond(masks: np.ndarray) -> np.ndarray:
        return np.asarray(every[masks.astype(int) @ (1 << np.arange(9, -1, -1))])

    masks = first_answer(10, 13, respond)
    found = posterior(masks, respond(masks)).influences()
    truth = fit_linear(enumerate_masks(10), every).coefficients
    assert ((found.means - truth) ** 2).sum() < 0.02 * (truth**2).sum()
    assert (np.abs(found.means - truth) <= found.half_widths).all()


def test_a_telling_row_is_the_one_that_settles_most() -> None:
    """Against the mixture's own moments, from drawing editors out of it."""
    random = np.random.default_rng(1)
    masks = enumerate_masks(6)[[63, 0, 44, 21, 26, 51, 14]]
    given = sketched(masks, masks[:, 0] * masks[:, 2] * 1.0)
    options = enumerate_masks(6)
    prior, factors = given.settings.prior, given.factors
    cross = prior.between(options, masks)
    means = cross @ (np.swapaxes(factors, 1, 2) @ (factors @ given.rows.responses)[:, :, None])
    left = prior.between(options, options) - cross @ np.swapaxes(factors, 1, 2) @ factors @ np.swapaxes(cross, 1, 2)
    which = random.choice(len(left), 6000, p=given.settings.weights)
    roots = [np.linalg.cholesky(each + 1e-9 * np.eye(64)) for each in left]
    drawn = np.array([means[k, :, 0] + roots[k] @ random.normal(size=64) for k in which])
    influences = np.array([fit_linear(options, one).coefficients for one in drawn])
    together = np.cov(np.hstack([influences, drawn]).T)
    noise = float(given.settings.weights @ given.settings.noise)
    gains = (together[:6, 6:] ** 2).sum(axis=0) / (np.diagonal(together)[6:] + noise)
    gains[[63, 0, 44, 21, 26, 51, 14]] = 0
    best = int(telling_rows(given, options, 1)[0])
    assert gains[best] > 0.93 * gains.max()
