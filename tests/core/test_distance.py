"""Distances against scipy, closed forms, and each other's definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from smile_core import distance

random = np.random.default_rng(0)
A, B = random.normal(size=40), random.normal(0.4, 1.3, size=40)


def test_wasserstein_of_equal_sizes_is_the_mean_gap_of_sorted_values() -> None:
    assert distance.wasserstein(A, B) == pytest.approx(np.abs(np.sort(A) - np.sort(B)).mean())


def test_wasserstein_counts_the_last_interval() -> None:
    # A published port drops it (fault W5): [0, 0] against [0, 1] gives 0 there.
    assert distance.wasserstein([0, 0], [0, 1]) == 0.5


def test_kolmogorov_smirnov_is_scipy_s() -> None:
    assert distance.kolmogorov_smirnov(A, B) == pytest.approx(stats.ks_2samp(A, B).statistic)


def test_cramer_von_mises_is_scipy_s_up_to_its_normalisation() -> None:
    n = len(A)
    # scipy's T is U / (n m (n + m)) - (4 n m - 1) / (6 (n + m)), which equals n m / (n + m)^2 times the sum of
    # squared gaps over the pooled sample.
    statistic = stats.cramervonmises_2samp(A, B).statistic
    assert distance.cramer_von_mises(A, B) == pytest.approx(statistic * (2 * n) ** 2 / n**2 / (2 * n))


def test_anderson_darling_against_its_definition() -> None:
    pooled = np.sort(np.concatenate([A, B]))
    total = 0.0
    for value in pooled[:-1]:
        f, g = (value >= A).mean(), (value >= B).mean()
        h = (f + g) / 2
        total += (f - g) ** 2 / (h * (1 - h))
    assert distance.anderson_darling(A, B) == pytest.approx(total / len(pooled))


def test_dts_against_its_definition() -> None:
    pooled = np.sort(np.concatenate([A, B]))
    total = 0.0
    for value, following in itertools.pairwise(pooled):
        f, g = (value >= A).mean(), (value >= B).mean()
        h = (f + g) / 2
        total += abs(f - g) * (following - value) / np.sqrt(h * (1 - h))
    assert distance.dts(A, B) == pytest.approx(total)


def test_energy_is_scipy_s() -> None:
    assert distance.energy(A, B) == pytest.approx(stats.energy_distance(A, B))


def test_kuiper_adds_both_gaps() -> None:
    assert distance.kuiper([0, 3], [1, 2]) == pytest.approx(1.0)
    assert distance.kolmogorov_smirnov([0, 3], [1, 2]) == pytest.approx(0.5)


def test_cosine() -> None:
    assert distance.cosine([1, 0], [0, 2]) == pytest.approx(1.0)
    assert distance.cosine([1, 1], [-1, -1]) == pytest.approx(2.0)
    assert distance.cosine([0, 0], [0, 0]) == 0.0


@pytest.mark.parametrize("name", distance.DISTANCES)
def test_every_distance_is_zero_on_itself_and_symmetric(name: str) -> None:
    measure = distance.DISTANCES[name]
    x, y = random.random((30, 3)), random.random((30, 3))
    assert measure(x, x) == pytest.approx(0, abs=1e-9)
    assert measure(x, y) == pytest.approx(measure(y, x))
    assert measure(x, y) > 0


def test_only_place_aware_distances_see_a_permutation() -> None:
    x = np.linspace(0, 1, 48).reshape(16, 3)
    moved = x[::-1]
    blind = {name for name, measure in distance.DISTANCES.items() if measure(x, moved) < 1e-9}
    assert blind == {
        "wasserstein",
        "lossy-wasserstein",
        "kolmogorov-smirnov",
        "kuiper",
        "cramer-von-mises",
        "anderson-darling",
        "dts",
        "energy",
        "sliced-wasserstein",
    }
    # Sliced Wasserstein sees it once positions are part of the points.
    places = np.linspace(0, 1, 16)[:, None]
    assert distance.sliced_wasserstein(np.hstack([places, x]), np.hstack([places, moved])) > 0.01


def test_sliced_wasserstein_of_a_shift_is_the_mean_projection_of_the_shift() -> None:
    x, shift = random.random((20, 4)), np.array([0.3, -0.1, 0.0, 0.2])
    directions = np.random.default_rng(0).normal(size=(4, 64))
    directions /= np.linalg.norm(directions, axis=0)
    assert distance.sliced_wasserstein(x, x + shift) == pytest.approx(np.abs(shift @ directions).mean())
