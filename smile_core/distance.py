"""Distances between two pictures' features.

The ECDF family compares features as bags of numbers, as SMILE does; it cannot see which number moved
where (a permuted picture has distance 0). The others can: `mean-l2` and `squared-l2` compare patch
with patch, `cosine` the features' directions, `sliced-wasserstein` clouds of (position, colour) points.

Sources: scipy.stats where it has the statistic; DTS after Dowd, "A new ECDF two-sample test statistic",
arXiv 2007.01360; Anderson-Darling and Cramer-von Mises as unnormalised integrals over the pooled
sample; sliced Wasserstein after Bonneel et al. 2015.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

Distance = Callable[[np.ndarray, np.ndarray], float]


def wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """First Wasserstein distance of two samples (n,), (m,): the area between their ECDFs."""
    from scipy import stats  # Slow to import, and only two distances need it.

    return float(stats.wasserstein_distance(np.ravel(a), np.ravel(b)))


def energy(a: ArrayLike, b: ArrayLike) -> float:
    """Energy distance of two samples: the root of twice the integral of the squared ECDF difference."""
    from scipy import stats

    return float(stats.energy_distance(np.ravel(a), np.ravel(b)))


def kolmogorov_smirnov(a: ArrayLike, b: ArrayLike) -> float:
    """Largest gap between two ECDFs, in [0, 1]."""
    return float(np.abs(_gaps(a, b)[0]).max())


def kuiper(a: ArrayLike, b: ArrayLike) -> float:
    """Largest gap above plus largest gap below, in [0, 1]."""
    gap = _gaps(a, b)[0]
    return float(max(gap.max(), 0.0) + max(-gap.min(), 0.0))


def cramer_von_mises(a: ArrayLike, b: ArrayLike) -> float:
    """Mean squared ECDF gap over the pooled sample, in [0, 1]: T = nm/(n+m)^2 times what scipy sums."""
    gap = _gaps(a, b)[0]
    return float((gap**2).mean())


def anderson_darling(a: ArrayLike, b: ArrayLike) -> float:
    """As Cramer-von Mises, each gap over the pooled ECDF's variance, so that tails count."""
    gap, _, level = _gaps(a, b)
    variance = level * (1 - level)
    inside = variance > 0
    return float((gap[inside] ** 2 / variance[inside]).sum() / len(gap))


def dts(a: ArrayLike, b: ArrayLike) -> float:
    """Wasserstein's area with each gap over the pooled ECDF's standard deviation: tails and distances count."""
    gap, widths, level = _gaps(a, b)
    inside = (level * (1 - level) > 0) & (widths > 0)
    return float((np.abs(gap[inside]) * widths[inside] / np.sqrt(level[inside] * (1 - level[inside]))).sum())


def _gaps(a: ArrayLike, b: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ECDF difference, width to the next point, and pooled ECDF, at each pooled point (n + m,)."""
    x, y = np.sort(np.ravel(a)), np.sort(np.ravel(b))
    pooled = np.sort(np.concatenate([x, y]))
    fx = np.searchsorted(x, pooled, side="right") / len(x)
    fy = np.searchsorted(y, pooled, side="right") / len(y)
    level = np.searchsorted(pooled, pooled, side="right") / len(pooled)
    return fx - fy, np.append(np.diff(pooled), 0.0), level


def cosine(a: ArrayLike, b: ArrayLike) -> float:
    """One minus the cosine of the angle between two feature vectors, in [0, 2]; 0 between two zero vectors."""
    x, y = np.ravel(a).astype(float), np.ravel(b).astype(float)
    norms = float(np.linalg.norm(x) * np.linalg.norm(y))
    if norms == 0:
        return float(np.linalg.norm(x) != np.linalg.norm(y))
    return float(max(0.0, 1 - x @ y / norms))


def squared_l2(a: ArrayLike, b: ArrayLike) -> float:
    """Mean over patches of the squared Euclidean distance of their features (P, C)."""
    return float(((np.asarray(a, dtype=float) - np.asarray(b, dtype=float)) ** 2).sum(-1).mean())


def rms_l2(a: ArrayLike, b: ArrayLike) -> float:
    """The root of `squared_l2`: a strong change of a few patches outweighs a faint one of all."""
    return float(np.sqrt(squared_l2(a, b)))


def mean_l2(a: ArrayLike, b: ArrayLike) -> float:
    """Mean over patches of the Euclidean distance of their features (P, C)."""
    return float(np.sqrt(((np.asarray(a, dtype=float) - np.asarray(b, dtype=float)) ** 2).sum(-1)).mean())


def sliced_wasserstein(a: ArrayLike, b: ArrayLike, *, slices: int = 64, seed: int = 0) -> float:
    """Mean first Wasserstein distance of two equally large clouds of points (P, D) over random directions."""
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if x.shape != y.shape or x.ndim != 2:
        raise ValueError(f"clouds of points {x.shape} and {y.shape} must have one shape (P, D)")
    directions = np.random.default_rng(seed).normal(size=(x.shape[1], slices))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.abs(np.sort(x @ directions, axis=0) - np.sort(y @ directions, axis=0)).mean())


def lossy_wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """`wasserstein` without its last interval, as the published package computes it (fault W5); for "paper-d" only."""
    x, y = np.sort(np.ravel(a)), np.sort(np.ravel(b))
    both = np.sort(np.concatenate([x, y]))[:-1]
    shares = [np.searchsorted(sample, both[:-1], side="right") / len(sample) for sample in (x, y)]
    return float((np.abs(shares[0] - shares[1]) * np.diff(both)).sum())


DISTANCES: dict[str, Distance] = {
    "mean-l2": mean_l2,
    "squared-l2": squared_l2,
    "rms-l2": rms_l2,
    "sliced-wasserstein": sliced_wasserstein,
    "cosine": cosine,
    "wasserstein": wasserstein,
    "kolmogorov-smirnov": kolmogorov_smirnov,
    "kuiper": kuiper,
    "cramer-von-mises": cramer_von_mises,
    "anderson-darling": anderson_darling,
    "dts": dts,
    "energy": energy,
    "lossy-wasserstein": lossy_wasserstein,
}
