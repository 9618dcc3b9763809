"""Measure edits: features of each picture once, then distances to the full prompt's edit and responses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smile_core import response as responses
from smile_core.distance import DISTANCES
from smile_core.features import Feature, grid_of
from smile_core.method import Method


class Measure:
    """One method's way from pictures to numbers. Features are computed once a picture."""

    def __init__(self, method: Method, feature: Feature) -> None:
        self._method, self._feature = method, feature
        self._distance = DISTANCES[method.distance_name]
        self._known: dict[tuple[int, str], np.ndarray] = {}

    def features(self, seed: int, pictures: dict[str, np.ndarray], texts: Sequence[str]) -> np.ndarray:
        """Features (N, P, C) of the edits of N texts."""
        for text in texts:
            if (seed, text) not in self._known:
                self._known[seed, text] = self._feature(pictures[text][None])[0]
        return np.stack([self._known[seed, text] for text in texts])

    def distance(self, a: np.ndarray, b: np.ndarray) -> float:
        """The method's distance between two features (P, C)."""
        return self._distance(a, b)

    def distances(self, features: np.ndarray, full: np.ndarray) -> np.ndarray:
        """Distances (N,) of N edits to the full prompt's edit."""
        return np.array([self._distance(feature, full) for feature in features])

    def responses(
        self,
        features: np.ndarray,
        full: np.ndarray,
        empty: np.ndarray,
        size: tuple[int, int],
        other: np.ndarray | None = None,
    ) -> np.ndarray:
        """Responses (N,) of N edits; `size` is the edits' height and width in pixels.

        `other` is what a published response compares with besides: the features (N, P, C) of second samples of the
        same texts, or that of the picture before the edit (P, C).
        """
        match self._method.response_name:
            case "projection":
                return responses.projection(features, full, empty)
            case "minmax":
                return responses.minmax(features, full, self._distance)
            case "minmax-input" if other is not None:
                return responses.minmax(features, other, self._distance)
            case "second-sample" if other is not None:
                return responses.second_sample(features, other, self._distance)
            case "raw-distance":
                return responses.raw_distance(features, full, self._distance)
            case "regions":
                grid = size if self._method.feature == "pixels" else grid_of(*size)
                return responses.regions(features, full, empty, self._distance, grid)
            case _:
                return responses.by_distance(features, full, empty, self._distance)
