"""The prior over responses: which functions of a mask are likely before any edit is seen.

A response on n words is a level, a straight line, and g f: f varies from mask to mask as fast as the words'
rates t_i say, with correlation exp(-2 sum_i t_i |z_i - z'_i|), the exponential kernel on the hypercube, and
g(z) = prod_i exp(a t_i x_i), x = 2 z - 1, says where it varies most. At a = 0 that is everywhere alike, and the
response is a sum of Walsh functions. Instructions act like ANDs of words: without "red" nothing else in "make the
car red" does much, so responses vary most where words are kept, a > 0; at a = 1 they are sums of products of z_i.
At a = -1 they are sums of products of 1 - z_i, as an OR is. The likelihood chooses a.

The covariance of g f is a product over words, so every quantity that we show, each a fixed combination of responses,
covaries in closed form: with R_i = exp(-2 t_i) and C_i = cosh(2 a t_i), the factor of word i is R_i / C_i where two
masks differ in it and exp(2 a t_i x_i) / C_i where they agree, so that the mean variance over all masks is s^2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smile_core.terms import Terms

LEVEL = 1.0
"""Prior variance of the mean response, in response units squared: wide, for responses between 0 and 1."""


@dataclass(frozen=True, eq=False)
class Prior:
    """`count` settings of the prior at once.

    `rates` (count, n) are the t_i > 0, `tilt` (count,) is a, `product` (count,) is s^2, `linear` (count,) is l^2:
    the line's slopes have variance l^2 tanh t_i. `terms` are added to all that.
    """

    rates: np.ndarray
    tilt: np.ndarray
    product: np.ndarray
    linear: np.ndarray
    terms: Terms

    @property
    def relevances(self) -> np.ndarray:
        """r (count, n), in [0, 1)."""
        return np.asarray(np.tanh(self.rates))

    def of(self, chosen: slice | np.ndarray) -> Prior:
        """Some of the settings."""
        smooth = self.rates[chosen], self.tilt[chosen], self.product[chosen], self.linear[chosen]
        return Prior(*smooth, self.terms.of(chosen))

    def after(self, others: Prior) -> Prior:
        """The other settings, then these."""
        return Prior(
            np.concatenate([others.rates, self.rates]),
            np.concatenate([others.tilt, self.tilt]),
            np.concatenate([others.product, self.product]),
            np.concatenate([others.linear, self.linear]),
            self.terms.after(others.terms),
        )

    def between(self, masks: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Covariances (count, m, k) of the responses at masks (m, n) and at others (k, n)."""
        loud = self._loudness(masks)[:, :, None] + self._loudness(others)[:, None]
        found = self._covariances(masks[:, None] != others[None], loud)
        if self.terms.variance.size:
            found += np.swapaxes(self._heights(masks), 1, 2) @ self.terms.values(others)
        return found

    def along(self, masks: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Covariances (count, m) of the responses at masks (m, n) and at others (m, n), row by row."""
        found = self._covariances(masks != others, self._loudness(masks) + self._loudness(others))
        return np.asarray(found + (self._heights(masks) * self.terms.values(others)).sum(axis=1))

    def _heights(self, masks: np.ndarray) -> np.ndarray:
        return np.asarray(self.terms.variance[:, :, None] * self.terms.values(masks))

    def _loudness(self, masks: np.ndarray) -> np.ndarray:
        """Logarithms (count, m) of s g(z)."""
        tilted = self.tilt[:, None] * self.rates
        scale = (np.log(self.product) - np.log(np.cosh(2 * tilted)).sum(axis=1)) / 2
        return np.asarray(tilted @ (2.0 * masks.T - 1) + scale[:, None])

    def _covariances(self, differ: np.ndarray, loud: np.ndarray) -> np.ndarray:
        flat = differ.reshape(-1, differ.shape[-1]).T.astype(float)
        slopes = self.linear[:, None] * self.relevances
        found = np.exp(loud.reshape(len(loud), -1) - 2 * (self.rates @ flat))
        found += (slopes.sum(axis=1) + LEVEL)[:, None] - 2 * (slopes @ flat)
        return np.asarray(found.reshape(loud.shape))


@dataclass(frozen=True, eq=False)
class Functional:
    """q linear functionals of the response: `cross` (count, q, m) with the rows, `variance` (count, q) before any."""

    cross: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True, eq=False)
class _Factors:
    """Word by word, what averages over a word's two values come to, when it is kept with probability `kept`.

    `mean` and `step` (count, m, n): covariance factors of the row's value with the average of both, and with the
    difference of kept and left out.
    """

    mean: np.ndarray
    step: np.ndarray

    @classmethod
    def of(cls, prior: Prior, masks: np.ndarray, kept: float = 0.5) -> _Factors:
        """With the rows' masks (m, n)."""
        with_, without, apart = _table(prior)
        z = masks.astype(bool)[None]
        to_kept = np.where(z, with_[:, None], apart[:, None])
        to_gone = np.where(z, apart[:, None], without[:, None])
        return cls(kept * to_kept + (1 - kept) * to_gone, to_kept - to_gone)


def _table(prior: Prior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each word's factor (count, n): both masks keep it, neither does, they differ."""
    tilted = 2 * prior.tilt[:, None] * prior.rates
    scale = np.cosh(tilted)
    return np.exp(tilted) / scale, np.exp(-tilted) / scale, np.exp(-2 * prior.rates) / scale


def _with_terms(
    prior: Prior, masks: np.ndarray, cross: np.ndarray, variance: np.ndarray, of_terms: np.ndarray
) -> Functional:
    """Add what the terms contribute; `of_terms` (count, k, q) are the functionals of each term at height 1."""
    if not of_terms.size:
        return Functional(cross, variance)
    heights = prior.terms.variance[:, :, None]
    more = np.swapaxes(of_terms, 1, 2) @ (heights * prior.terms.values(masks))
    return Functional(cross + more, variance + (heights * of_terms**2).sum(axis=1))


def mean(prior: Prior, masks: np.ndarray) -> Functional:
    """The mean response over all masks, one functional."""
    factors, (_, _, apart) = _Factors.of(prior, masks), _table(prior)
    cross = prior.product[:, None] * factors.mean.prod(axis=2) + LEVEL
    variance = prior.product * ((1 + apart) / 2).prod(axis=1) + LEVEL
    return _with_terms(prior, masks, cross[:, None], variance[:, None], prior.terms.mean()[:, :, None])


def influences(prior: Prior, masks: np.ndarray) -> Functional:
    """E[y | word kept] - E[y | word left out] for each word."""
    factors, (_, _, apart) = _Factors.of(prior, masks), _table(prior)
    whole = prior.product[:, None] * factors.mean.prod(axis=2)
    line = prior.linear[:, None] * prior.relevances
    cross = whole[:, None] * np.swapaxes(factors.step / factors.mean, 1, 2)
    cross = cross + 2 * line[:, :, None] * (2.0 * masks.T - 1)
    all_ = prior.product * ((1 + apart) / 2).prod(axis=1)
    variance = all_[:, None] * 4 * (1 - apart) / (1 + apart) + 4 * line
    return _with_terms(prior, masks, cross, variance, prior.terms.steps())


def pairs(prior: Prior, masks: np.ndarray) -> Functional:
    """The mean second difference of each pair, in the order of `numpy.triu_indices(n, 1)`."""
    first, second = np.triu_indices(masks.shape[1], 1)
    factors, (_, _, apart) = _Factors.of(prior, masks), _table(prior)
    steps = np.swapaxes(factors.step / factors.mean, 1, 2)
    whole = prior.product[:, None] * factors.mean.prod(axis=2)
    own = 4 * (1 - apart) / (1 + apart)
    all_ = prior.product * ((1 + apart) / 2).prod(axis=1)
    cross = whole[:, None] * steps[:, first] * steps[:, second]
    return _with_terms(prior, masks, cross, all_[:, None] * own[:, first] * own[:, second], prior.terms.pairs())


def shapley(prior: Prior, masks: np.ndarray) -> Functional:
    """Shapley values: the mean difference that a word makes when the others are kept with a probability that is
    itself uniform on [0, 1] (Owen, "Multilinear extensions of games", 1972). The integrals are of polynomials,
    exact by Gauss-Legendre quadrature.
    """
    n = masks.shape[1]
    nodes, shares = np.polynomial.legendre.leggauss(n // 2 + 1)
    nodes, shares = (nodes + 1) / 2, shares / 2
    with_, without, apart = _table(prior)
    line = prior.linear[:, None] * prior.relevances
    cross = np.zeros((*line.shape, len(masks)))
    variance = np.zeros(line.shape)
    by_terms = np.zeros(prior.terms.needed.shape)
    for node, share in zip(nodes, shares, strict=True):
        factors = _Factors.of(prior, masks, node)
        whole = prior.product[:, None] * factors.mean.prod(axis=2)
        cross += share * whole[:, None] * np.swapaxes(factors.step / factors.mean, 1, 2)
        by_terms += share * prior.terms.steps(node)
        for again, part in zip(nodes, shares, strict=True):
            one_of_two = node + again - 2 * node * again
            both = node * again * with_ + (1 - node) * (1 - again) * without + one_of_two * apart
            all_ = prior.product * both.prod(axis=1)
            variance += share * part * all_[:, None] * (2 - 2 * apart) / both
    cross += 2 * line[:, :, None] * (2.0 * masks.T - 1)
    return _with_terms(prior, masks, cross, variance + 4 * line, by_terms)


def responses(prior: Prior, masks: np.ndarray, at: np.ndarray) -> Functional:
    """The responses at the masks `at` (q, n)."""
    return Functional(prior.between(at, masks), prior.along(at, at))


def differences(prior: Prior, masks: np.ndarray, plus: np.ndarray, minus: np.ndarray) -> Functional:
    """Response at `plus` less response at `minus`, row by row, both (q, n)."""
    one, other = responses(prior, masks, plus), responses(prior, masks, minus)
    shared = prior.along(plus, minus)
    return Functional(one.cross - other.cross, one.variance + other.variance - 2 * shared)
