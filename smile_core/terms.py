"""Terms: ANDs of few words, some with a choice of two, as parts of a response.

"make the car red and add snow" acts like car AND red, and snow; with synonyms, like (car OR automobile) AND red. A
term is 1 on masks that keep all words of one set and, where it has another set, at least one of that; else 0. Its
means over random masks are polynomials in the probability that a word is kept (Owen, "Multilinear extensions of
games", 1972).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Terms:
    """`count` sets of k terms on n words.

    `needed` (count, k, n) are the words that must all be kept, `either` (count, k, n) those of which one must be, or
    none where there is no such demand; both bool. `variance` (count, k) is the prior variance of a term's height in
    response units squared, 0 for a term that is not there.
    """

    needed: np.ndarray
    either: np.ndarray
    variance: np.ndarray

    @classmethod
    def none(cls, count: int, n: int) -> Terms:
        """No term at all."""
        empty = np.zeros((count, 0, n), dtype=bool)
        return cls(empty, empty, np.zeros((count, 0)))

    def of(self, chosen: slice | np.ndarray) -> Terms:
        """Some of the sets."""
        return Terms(self.needed[chosen], self.either[chosen], self.variance[chosen])

    def after(self, others: Terms) -> Terms:
        """The other sets, then these; the number of terms is that of the larger."""
        size = max(self.variance.shape[1], others.variance.shape[1])
        parts = [each._wide(size) for each in (others, self)]
        return Terms(
            np.concatenate([part.needed for part in parts]),
            np.concatenate([part.either for part in parts]),
            np.concatenate([part.variance for part in parts]),
        )

    def _wide(self, size: int) -> Terms:
        more = size - self.variance.shape[1]
        words = ((0, 0), (0, more), (0, 0))
        return Terms(np.pad(self.needed, words), np.pad(self.either, words), np.pad(self.variance, ((0, 0), (0, more))))

    def values(self, masks: np.ndarray) -> np.ndarray:
        """Heights 0 and 1 (count, k, m) at masks (m, n)."""
        gone = 1.0 - masks.T
        whole = np.asarray(self.needed @ gone) == 0
        return np.asarray((whole & (~self._choice | (self.either @ (1 - gone) > 0))).astype(float))

    @cached_property
    def _choice(self) -> np.ndarray:
        return np.asarray(self.either.any(axis=2, keepdims=True))

    def mean(self) -> np.ndarray:
        """Means (count, k) over all masks."""
        all_of, any_of = self._parts(0.5)
        return np.asarray((all_of * any_of)[:, :, 0])

    def steps(self, kept: float = 0.5) -> np.ndarray:
        """What each word adds to the mean (count, k, n) when others are kept with probability `kept`."""
        all_of, any_of = self._parts(kept)
        by_needed = all_of / kept * any_of
        by_either = all_of * (1 - kept) ** (self._size(self.either) - 1)
        return np.asarray(self.needed * by_needed + self.either * by_either)

    def pairs(self) -> np.ndarray:
        """Mean second differences (count, k, pairs), in the order of `numpy.triu_indices(n, 1)`."""
        first, second = np.triu_indices(self.needed.shape[2], 1)
        all_of, any_of = self._parts(0.5)
        mixed = all_of * 0.5 ** (self._size(self.either) - 2)
        both = self.needed[:, :, first] & self.needed[:, :, second]
        across = (self.needed[:, :, first] & self.either[:, :, second]) | (
            self.either[:, :, first] & self.needed[:, :, second]
        )
        choice = self.either[:, :, first] & self.either[:, :, second]
        return np.asarray(both * 4 * all_of * any_of + (across - 1.0 * choice) * mixed)

    def _parts(self, kept: float) -> tuple[np.ndarray, np.ndarray]:
        any_of = np.where(self._choice, 1 - (1 - kept) ** self._size(self.either), 1.0)
        return kept ** self._size(self.needed), any_of

    @staticmethod
    def _size(words: np.ndarray) -> np.ndarray:
        return np.asarray(words.sum(axis=2, keepdims=True).astype(float))
