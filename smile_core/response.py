"""The response: how much of the edit a sub-prompt achieves, 1 for the full prompt and 0 for the empty one."""

from __future__ import annotations

import numpy as np

from smile_core.distance import Distance

REGION_FLOOR = 0.06
"""A patch belongs to a region where full and empty differ by more than this (Lab over 100)."""


def by_distance(features: np.ndarray, full: np.ndarray, empty: np.ndarray, distance: Distance) -> np.ndarray:
    """y = 1 - D(edit, full) / D(empty, full).

    Args:
        features: of N edits, (N, P, C).
        full: feature of the full prompt's edit, (P, C).
        empty: feature of the empty prompt's edit, (P, C).
        distance: between two features.

    Returns:
        (N,). All zero where full and empty do not differ.
    """
    whole = distance(empty, full)
    if whole <= 0:
        return np.zeros(len(features))
    return np.array([1 - distance(feature, full) / whole for feature in features])


def projection(features: np.ndarray, full: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """The signed share of the way from empty to full in feature space. Shapes as in `by_distance`."""
    way = (full - empty).astype(float)
    length = float((way**2).sum())
    if length <= 0:
        return np.zeros(len(features))
    return np.asarray(((features - empty) * way).sum((1, 2)) / length)


def regions(
    features: np.ndarray, full: np.ndarray, empty: np.ndarray, distance: Distance, grid: tuple[int, int]
) -> np.ndarray:
    """`by_distance` inside each connected region where full and empty differ, averaged with equal weight.

    A small change counts as much as a large one elsewhere. Regions of one patch count only when there
    is no larger one. Other arguments as in `by_distance`; `grid` is rows and columns of the P patches.
    """
    from scipy import ndimage  # Slow to import.

    gap = np.sqrt(((full - empty).astype(float) ** 2).sum(-1)).reshape(grid)
    labels, count = ndimage.label(gap > REGION_FLOOR, structure=np.ones((3, 3)))
    flat = labels.ravel()
    sizes = np.bincount(flat, minlength=count + 1)
    kept = [k for k in range(1, count + 1) if sizes[k] > 1] or list(range(1, count + 1))
    if not kept:
        return by_distance(features, full, empty, distance)
    shares = [by_distance(features[:, flat == k], full[flat == k], empty[flat == k], distance) for k in kept]
    return np.asarray(np.mean(shares, axis=0))


def minmax(features: np.ndarray, reference: np.ndarray, distance: Distance) -> np.ndarray:
    """As published: 1 / (D + 1e-8) scaled to [0, 1] by the sample's minimum and maximum.

    The reference is the full prompt's edit in variant B, the picture before the edit in variant C. Degenerate when
    one distance is 0 (docs/method.md, fault W16); kept for the paper presets only.
    """
    return _scaled(np.array([1 / (distance(feature, reference) + 1e-8) for feature in features]))


def second_sample(features: np.ndarray, others: np.ndarray, distance: Distance) -> np.ndarray:
    """As published in variant A: how far two edits of the same text differ, scaled by the sample's ends (fault W1)."""
    return _scaled(np.array([distance(one, other) for one, other in zip(features, others, strict=True)]))


def raw_distance(features: np.ndarray, full: np.ndarray, distance: Distance) -> np.ndarray:
    """As published in variant D: the distance to the full edit itself; words that act count as negative (W7)."""
    return np.array([distance(feature, full) for feature in features])


def _scaled(values: np.ndarray) -> np.ndarray:
    spread = values.max() - values.min()
    return np.asarray((values - values.min()) / spread if spread > 0 else np.zeros(len(values)))
