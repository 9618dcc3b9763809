"""Sketches: explanations of the rows by one to three terms and a small rest, each as likely as the rows make it.

Instructions are short programs: "make the car red and add snow" is car AND red, and snow. A Gaussian process finds
that out in some two dozen rows; a search over all terms of few words finds it in a dozen. Every sketch is a setting
of the prior (covariance.py) whose terms have normal heights, so its marginal likelihood and all that it says are in
closed form; which terms there are has a spike-and-slab prior (Mitchell and Beauchamp, "Bayesian variable selection in
linear regression", 1988; on sparse sums of ANDs: Kang et al., "Learning to understand: identifying interactions via
the Moebius transform", 2024). Terms that no row tells apart are searched as one, and sampled from when it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import factorial

import numpy as np

from smile_core.covariance import Prior
from smile_core.relevance import Rows, row_covariances
from smile_core.terms import Terms

HEIGHT = 0.6
"""Prior standard deviation of a term's height."""
SIZES = (0.35, 0.4, 0.2, 0.05)
"""Prior shares of terms of one to four words, a choice of two counting as one."""
CHOICES = 0.15
"""Prior share of terms with a choice."""
COUNTS = (0.5, 0.4, 0.1)
"""Prior shares of sketches of one to three terms."""
RESTS = ((0.03, 0.015, 0.3), (0.1, 0.05, 0.3), (0.3, 0.1, 0.4))
"""What terms leave over: the standard deviation of a smooth rest, that of noise, and a prior share. Set for coverage
on the published games and error on 70 games of scenes that `bench.truth` does not play."""
RATE, TILT = 0.5, 0.7
"""How fast and where the rest varies."""
BEAM, GROWN = 40, 20
"""How many terms and pairs of them are tried together with all others."""
SAMPLED = 128


@dataclass(frozen=True, eq=False)
class Sketches:
    """Settings (count,) of the prior, noise variances (count,), weights (count,) of sum 1; and the logarithm of how
    likely the rows are, up to the constant that `relevance.settle` leaves out too."""

    prior: Prior
    noise: np.ndarray
    weights: np.ndarray
    evidence: float


@dataclass(frozen=True, eq=False)
class _Library:
    """All terms (f,) of few words with their logarithmic prior shares."""

    needed: np.ndarray
    either: np.ndarray
    shares: np.ndarray


@lru_cache(maxsize=16)
def _library(n: int) -> _Library:
    largest, beside = (4, 2) if n <= 12 else (3, 1)
    found: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for size in range(1, largest + 1):
        found += [(words, ()) for words in combinations(range(n), size)]
    for pair in combinations(range(n), 2):
        rest = [i for i in range(n) if i not in pair]
        found += [(beyond, pair) for size in range(beside + 1) for beyond in combinations(rest, size)]
    needed, either = (np.zeros((len(found), n), dtype=bool) for _ in range(2))
    for i, (all_of, any_of) in enumerate(found):
        needed[i, list(all_of)], either[i, list(any_of)] = True, True
    kind = needed.sum(axis=1) + either.any(axis=1) + 10 * either.any(axis=1)
    kinds, which, counts = np.unique(kind, return_inverse=True, return_counts=True)
    shares = np.array([SIZES[k % 10 - 1] * (CHOICES if k > 10 else 1 - CHOICES) for k in kinds]) / counts
    return _Library(needed, either, np.log(shares)[which])


@dataclass(frozen=True, eq=False)
class _Groups:
    """Terms that are alike on all rows: their values (m, g), summed logarithmic shares (g,), and `of` (f,)."""

    values: np.ndarray
    shares: np.ndarray
    of: np.ndarray


def _grouped(library: _Library, masks: np.ndarray) -> _Groups:
    none = np.zeros((1, len(library.shares)))
    values = Terms(library.needed[None], library.either[None], none).values(masks)[0].astype(bool)
    _, first, of = np.unique(np.packbits(values, axis=1), axis=0, return_index=True, return_inverse=True)
    of = of.ravel()
    return _Groups(values[first].T.astype(float), np.log(np.bincount(of, np.exp(library.shares))), of)


_Found = tuple[float, tuple[int, ...]]
"""A sketch as groups of terms, with the logarithm of its prior times likelihood."""


def sketch(rows: Rows, least_noise: float, *, seed: int = 0) -> Sketches:
    """Find and weigh sketches.

    Args:
        rows: what is known.
        least_noise: standard deviation that is known from elsewhere, or 0.
        seed: which of the terms that no row tells apart are shown.
    """
    n = rows.masks.shape[1]
    groups = _grouped(_library(n), rows.masks)
    found: list[tuple[float, int, tuple[int, ...]]] = []
    for rest in range(len(RESTS)):
        prior, noise = _smooth(n, rest, 1, least_noise)
        found += [(value, rest, which) for value, which in _searched(rows, groups, prior, noise, RESTS[rest][2])]
    values = np.array([value for value, _, _ in found])
    evidence = float(np.logaddexp.reduce(values))
    return _sampled(rows, groups, found, np.exp(values - evidence), evidence, least_noise, seed)


def _smooth(n: int, rest: int, count: int, least_noise: float) -> tuple[Prior, np.ndarray]:
    scale, noise, _ = RESTS[rest]
    one = np.ones(count)
    prior = Prior(np.full((count, n), RATE), TILT * one, scale**2 * one, scale**2 / 4 * one, Terms.none(count, n))
    return prior, max(noise, least_noise) ** 2 * one


def _searched(rows: Rows, groups: _Groups, prior: Prior, noise: np.ndarray, share: float) -> list[_Found]:
    """Sketches, as groups of terms, with logarithms of prior times likelihood: each term, the best ones with
    each other term, the best pairs with each third."""
    lower = np.linalg.cholesky(row_covariances(rows, prior, noise)[0])
    white = np.linalg.solve(lower, np.column_stack([groups.values, rows.responses]))
    terms, response = white[:, :-1], white[:, -1]
    level = np.log(share) - np.log(np.diagonal(lower)).sum() - response @ response / 2
    pull, own = terms.T @ response, (terms**2).sum(axis=0) + HEIGHT**-2
    alone = groups.shares + (pull**2 / own - np.log(own * HEIGHT**2)) / 2
    best = np.argsort(-alone)[:BEAM]
    found: list[_Found] = [(float(level + np.log(COUNTS[0]) + alone[i]), (int(i),)) for i in best]
    bases = best[:, None]
    for count in range(1, len(COUNTS)):
        more = _joined(terms, pull, own, bases, groups.shares)
        found += [(level + np.log(COUNTS[count]) + value, which) for value, which in more]
        bases = np.array([which for _, which in more[:GROWN]])
    return found


def _joined(
    terms: np.ndarray, pull: np.ndarray, own: np.ndarray, bases: np.ndarray, shares: np.ndarray
) -> list[_Found]:
    """Each base (b, k) with every other group: the best, once each, with logarithms of shares times likelihood ratios.

    `terms` (m, g) are whitened, `pull` (g,) their products with the response, `own` (g,) their prior and own precision.
    """
    count, size = bases.shape
    chosen = terms[:, bases]
    gram = np.einsum("mbk,mg->bkg", chosen, terms)
    inside = np.einsum("mbk,mbl->bkl", chosen, chosen) + HEIGHT**-2 * np.eye(size)
    solved = np.linalg.solve(inside, np.concatenate([gram, pull[bases][:, :, None]], axis=2))
    weights = solved[:, :, -1]
    before = (pull[bases] * weights).sum(axis=1) - np.linalg.slogdet(inside * HEIGHT**2)[1]
    left = np.maximum(own - (gram * solved[:, :, :-1]).sum(axis=1), HEIGHT**-2)
    pulled = pull - np.einsum("bk,bkg->bg", weights, gram)
    value = (before[:, None] + pulled**2 / left - np.log(left * HEIGHT**2)) / 2
    value += shares[bases].sum(axis=1)[:, None] + shares + np.log(factorial(size + 1))
    value[np.arange(count)[:, None], bases] = -np.inf
    flat = value.ravel()
    kept = min(2 * BEAM * (size + 1), flat.size - 1)  # A set comes once for each base in it.
    places = np.argpartition(-flat, kept)[:kept]
    found: dict[tuple[int, ...], float] = {}
    for place in places[np.isfinite(flat[places])].tolist():
        base, other = divmod(place, len(own))
        found[tuple(sorted((*bases[base].tolist(), other)))] = float(flat[place])
    return sorted(((value, which) for which, value in found.items()), reverse=True)[: 2 * BEAM]


def _sampled(
    rows: Rows,
    groups: _Groups,
    found: list[tuple[float, int, tuple[int, ...]]],
    weights: np.ndarray,
    evidence: float,
    least_noise: float,
    seed: int,
) -> Sketches:
    """Sketches of single terms: groups by systematic resampling, terms of each by their prior shares."""
    library, random = _library(rows.masks.shape[1]), np.random.default_rng(seed)
    order = np.argsort(-weights, kind="stable")
    places = (np.arange(SAMPLED) + 0.5) / SAMPLED
    drawn = order[np.minimum(np.searchsorted(np.cumsum(weights[order]), places), len(order) - 1)]
    inside = np.argsort(groups.of, kind="stable")
    sums = np.append(0.0, np.cumsum(np.exp(library.shares[inside])))
    starts = np.searchsorted(groups.of[inside], np.arange(len(groups.shares) + 1))
    chosen: dict[tuple[int, tuple[int, ...]], int] = {}
    for i in drawn.tolist():
        _, rest, of = found[i]
        first, last = starts[np.array(of)], starts[np.array(of) + 1]
        if (last > first + 1).any():
            first = np.searchsorted(sums, random.uniform(sums[first], sums[last]), side="right") - 1
        key = rest, tuple(sorted(inside[first].tolist()))
        chosen[key] = chosen.get(key, 0) + 1
    size = max(len(terms) for _, terms in chosen)
    n, count = rows.masks.shape[1], len(chosen)
    needed, either = (np.zeros((count, size, n), dtype=bool) for _ in range(2))
    variance = np.zeros((count, size))
    for k, (_, terms) in enumerate(chosen):
        needed[k, : len(terms)], either[k, : len(terms)] = library.needed[list(terms)], library.either[list(terms)]
        variance[k, : len(terms)] = HEIGHT**2
    rests = np.array([rest for rest, _ in chosen])
    scales = np.array([scale for scale, _, _ in RESTS])[rests]
    noise = np.maximum(np.array([each for _, each, _ in RESTS])[rests], least_noise) ** 2
    one = np.ones(count)
    prior = Prior(np.full((count, n), RATE), TILT * one, scales**2, scales**2 / 4, Terms(needed, either, variance))
    return Sketches(prior, noise, np.array(list(chosen.values())) / SAMPLED, evidence)
