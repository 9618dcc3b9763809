"""The prior over responses: which functions of a mask are likely before any edit is seen.

A response on n words is a sum of Walsh functions, prod_{i in S} x_i with x = 2 z - 1. Their weights are
independent and normal with variance s^2 prod_{i in S} r_i / prod_i (1 + r_i), and l^2 r_i more where S is the
single word i. Summed over all S, two masks covary as s^2 prod_i (1 + r_i x_i x'_i) / (1 + r_i): with
r_i = tanh t_i that is s^2 exp(-2 sum_i t_i |z_i - z'_i|), the exponential kernel on the hypercube.
Every quantity that we show is a fixed combination of the weights, so it covaries in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL = 1.0
"""Prior variance of the mean response, in response units squared: wide, for responses between 0 and 1."""


@dataclass(frozen=True, eq=False)
class Prior:
    """`count` settings of the prior at once.

    `rates` (count, n) are the t_i > 0, `product` (count,) is s^2, `linear` (count,) is l^2.
    """

    rates: np.ndarray
    product: np.ndarray
    linear: np.ndarray

    @property
    def relevances(self) -> np.ndarray:
        """r (count, n), in [0, 1)."""
        return np.asarray(np.tanh(self.rates))

    @property
    def base(self) -> np.ndarray:
        """Variance (count,) of the weight of the empty set, by which prod_{i in S} r_i is multiplied."""
        return np.asarray(self.product / np.prod(1 + self.relevances, axis=1))

    def between(self, masks: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Covariances (count, m, k) of the responses at masks (m, n) and at others (k, n)."""
        differ = (masks[:, None] != others[None]).reshape(-1, masks.shape[1]).astype(float)
        near = self.product[:, None] * np.exp(-2 * self.rates @ differ.T)
        line = (self.linear[:, None] * self.relevances) @ (1 - 2 * differ.T)
        return np.asarray(near + line + LEVEL).reshape(len(self.rates), len(masks), len(others))


@dataclass(frozen=True, eq=False)
class Functional:
    """q linear functionals of the response: `cross` (count, q, m) with the rows, `variance` (count, q) before any."""

    cross: np.ndarray
    variance: np.ndarray


def mean(prior: Prior, masks: np.ndarray) -> Functional:
    """The mean response over all masks, one functional: the weight of the empty set."""
    weight = prior.base + LEVEL
    return Functional(np.broadcast_to(weight[:, None, None], (len(weight), 1, len(masks))), weight[:, None])


def influences(prior: Prior, masks: np.ndarray) -> Functional:
    """E[y | word kept] - E[y | word left out] for each word: twice its weight."""
    weight = (prior.base + prior.linear)[:, None] * prior.relevances
    return Functional(2 * weight[:, :, None] * (2.0 * masks.T - 1), 4 * weight)


def pairs(prior: Prior, masks: np.ndarray) -> Functional:
    """The mean second difference of each pair, four times its weight, in the order of `numpy.triu_indices(n, 1)`."""
    first, second = np.triu_indices(masks.shape[1], 1)
    x = 2.0 * masks.T - 1
    weight = prior.base[:, None] * prior.relevances[:, first] * prior.relevances[:, second]
    return Functional(4 * weight[:, :, None] * x[first] * x[second], 16 * weight)


def shapley(prior: Prior, masks: np.ndarray) -> Functional:
    """Shapley values: twice the weight of every odd set with the word, shared equally among its words.

    Sums of prod r_j over sets of size k with a factor 1/k are integrals of prod (1 + u r_j) over u in
    [0, 1], exact by Gauss-Legendre quadrature, as in Owen, "Multilinear extensions of games" (1972).
    """
    n = masks.shape[1]
    nodes, shares = np.polynomial.legendre.leggauss(n // 2 + 1)
    nodes, shares = (nodes + 1) / 2, shares / 2
    r, x = prior.relevances, 2.0 * masks - 1
    cross = np.zeros((*r.shape, len(masks)))
    variance = np.zeros(r.shape)
    for word in range(n):
        others = np.arange(n) != word
        scaled = r[:, None, others] * x[:, others]
        for node, share in zip(nodes, shares, strict=True):
            cross[:, word] += share * _even(node * scaled)
            for again, part in zip(nodes, shares, strict=True):
                variance[:, word] += 2 * share * part * _even(node * again * r[:, others])
    cross *= prior.base[:, None, None] * r[:, :, None] * x.T
    variance *= prior.base[:, None] * r
    line = prior.linear[:, None] * r
    return Functional(cross + 2 * line[:, :, None] * x.T, variance + 4 * line)


def _even(values: np.ndarray) -> np.ndarray:
    """Twice the sum of products over all subsets of even size, along the last axis."""
    return np.asarray(np.prod(1 + values, axis=-1) + np.prod(1 - values, axis=-1))


def responses(prior: Prior, masks: np.ndarray, at: np.ndarray) -> Functional:
    """The responses at the masks `at` (q, n)."""
    level = prior.product + prior.linear * prior.relevances.sum(axis=1) + LEVEL
    return Functional(prior.between(at, masks), np.repeat(level[:, None], len(at), axis=1))


def differences(prior: Prior, masks: np.ndarray, plus: np.ndarray, minus: np.ndarray) -> Functional:
    """Response at `plus` less response at `minus`, row by row, both (q, n)."""
    one, other = responses(prior, masks, plus), responses(prior, masks, minus)
    apart = (plus != minus).astype(float)
    near = prior.product[:, None] * np.exp(-2 * prior.rates @ apart.T)
    line = (prior.linear[:, None] * prior.relevances) @ (1 - 2 * apart.T)
    shared = near + line + LEVEL
    return Functional(one.cross - other.cross, one.variance + other.variance - 2 * shared)
