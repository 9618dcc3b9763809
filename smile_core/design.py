"""Designs: which masks to try.

Masks are uint8 arrays (m, n), one row per sub-prompt and one column per word, 1 where the word is
kept. Balanced fold-over designs follow Plackett and Burman, "The design of optimum multifactorial
experiments", Biometrika 33 (1946); Bernoulli masks with seed 1024 are those of the published SMILE code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

MOST_WORDS = 20
"""More words than this are first taken together as phrases."""


def full_and_empty(n: int) -> np.ndarray:
    """The mask that keeps all words and the one that keeps none, (2, n)."""
    return np.array([[1] * n, [0] * n], dtype=np.uint8)


def enumerate_masks(n: int) -> np.ndarray:
    """All 2^n masks (2^n, n), counted in binary with the first word as the highest bit."""
    if not 0 < n <= 24:
        raise ValueError(f"2^{n} masks cannot be enumerated; use fold_over for more than 24 words")
    return ((np.arange(1 << n)[:, None] >> np.arange(n - 1, -1, -1)) & 1).astype(np.uint8)


def half_fraction(n: int) -> np.ndarray:
    """The 2^(n-1) masks whose number of left-out words is even: main effects clear of all but (n-1)-way terms."""
    masks = enumerate_masks(n)
    return np.asarray(masks[(n - masks.sum(1)) % 2 == 0])


def leave_one_out(n: int) -> np.ndarray:
    """The n masks that leave out just one word each, in word order, (n, n)."""
    return (1 - np.eye(n)).astype(np.uint8)


def fold_over(n: int, *, seed: int = 0) -> np.ndarray:
    """A balanced fold-over design: a Plackett-Burman matrix of n columns and its mirror image.

    Every word is kept in half of the rows, every pair of words in a quarter, and no main effect is
    mixed with any two-word term (resolution IV). Among the rows are the full and the empty mask.
    Columns are assigned at random, so that which three-word terms fall on a word is random too.

    Args:
        n: number of words.
        seed: which columns stand for which words.

    Returns:
        (2N, n) with N = 12 up to 12 words, 20 up to 20, else the next matrix that has n columns. Row 0 is
        full, rows 1 to N-1 the rest of the matrix, rows N to 2N-1 their mirror images in the same order.
    """
    matrix = _hadamard(_order(n))
    # The first column is the same in all rows but one; only a mirror image balances it, so it is used last.
    columns = np.append(1 + np.random.default_rng(seed).permutation(len(matrix) - 1), 0)[:n]
    half = (matrix[:, columns] > 0).astype(np.uint8)
    return np.vstack([half, 1 - half])


def _order(n: int) -> int:
    return next(order for order in (12, 20, 24, 32, 44, 48, 60, 68, 72, 80, 84, 104, 108, 128) if order >= n)


def _hadamard(order: int) -> np.ndarray:
    """Paley's first construction: order - 1 is a prime that leaves 3 divided by 4. First row all ones."""
    prime = order - 1
    squares = {i * i % prime for i in range(1, prime)}
    residue = np.array([0 if i == 0 else 1 if i in squares else -1 for i in range(prime)])
    matrix = np.ones((order, order), dtype=int)
    matrix[1:, 1:] = residue[(np.arange(prime)[:, None] - np.arange(prime)) % prime] + np.eye(prime, dtype=int)
    matrix[1:, 0] = -1
    # Rows are orthogonal as they stand; the first is all ones and stands for the full mask.
    return matrix


def bernoulli(n: int, size: int, *, seed: int = 1024, rule: Literal["plain", "fill2"] = "plain") -> np.ndarray:
    """Random masks as the published code draws them: each word kept with probability one half.

    Args:
        n: number of words.
        size: number of masks.
        seed: of numpy's default generator; 1024 is the published one.
        rule: "fill2" also makes the draws by which a mask of fewer than two words gets its filler
            words, as the I2I-Turbo notebooks do. The masks keep their ones; only later masks shift.

    Returns:
        (size, n). Unique and not empty as long as 10 * size draws suffice; then random ones again.
    """
    return _bernoulli(n, size, seed, rule)[0]


def bernoulli_filled(n: int, size: int, *, seed: int = 1024) -> np.ndarray:
    """The words that the "fill2" rule really shows the editor for each mask of `bernoulli`, (size, n).

    A mask of fewer than two words is replaced by two words drawn from the whole prompt.
    """
    return _bernoulli(n, size, seed, "fill2")[1]


def _bernoulli(n: int, size: int, seed: int, rule: str) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    masks: list[np.ndarray] = []
    shown: list[np.ndarray] = []
    seen: set[bytes] = set()
    for _ in range(10 * size):
        if len(masks) == size:
            break
        mask = random.binomial(1, 0.5, size=n).astype(np.uint8)
        if not mask.any() or mask.tobytes() in seen:
            continue
        seen.add(mask.tobytes())
        masks.append(mask)
        if rule == "fill2" and mask.sum() < 2:
            mask = np.zeros(n, dtype=np.uint8)
            mask[random.choice(n, size=min(2, n), replace=False)] = 1
        shown.append(mask)
    found = len(masks)
    while found and len(masks) < size:
        again = int(random.integers(found))
        masks.append(masks[again])
        shown.append(shown[again])
    return np.array(masks).reshape(-1, n), np.array(shown).reshape(-1, n)


@dataclass(frozen=True, eq=False)
class Rows:
    """Masks in the order in which they are tried, (m, n), full and empty first.

    `fitted` (m,) marks the rows that the surrogate is fitted to; the others only show what single
    words do, and test the fit. `shown` are the words that the editor sees, which differ from `masks`
    only in the published designs.
    """

    masks: np.ndarray
    fitted: np.ndarray
    shown: np.ndarray

    def first(self, count: int) -> Rows:
        """The first `count` rows."""
        return Rows(self.masks[:count], self.fitted[:count], self.shown[:count])


def base_rows(n: int, *, seed: int = 0) -> Rows:
    """The rows that every explanation of n words starts with.

    Up to 5 words all 2^n masks (the half fraction first); 6 words the half fraction and the
    leave-one-out masks; 7 to 20 words fold-over and leave-one-out masks, n + 24 or n + 40 in all.
    """
    if n <= 5:
        return _rows(n, fitted=[half_fraction(n), enumerate_masks(n)])
    balanced = half_fraction(n) if n == 6 else fold_over(n, seed=seed)
    return _rows(n, fitted=[balanced], beside=[leave_one_out(n)])


def later_rows(n: int, budget: int, *, seed: int = 0) -> Rows:
    """The base rows and what follows on need, `budget` rows at most: all masks where they fit, else
    further fold-over blocks with other columns, cut only between mirror pairs.
    """
    if 1 << n <= budget:
        return _rows(n, fitted=[half_fraction(n), enumerate_masks(n)])
    rows = base_rows(n, seed=seed)
    known = {mask.tobytes() for mask in rows.masks}
    more: list[np.ndarray] = []
    for block in range(1, 20):
        matrix = fold_over(n, seed=seed + block)
        half = len(matrix) // 2
        for mask, mirror in zip(matrix[:half], matrix[half:], strict=True):
            if len(rows.masks) + len(more) + 2 > budget:
                break
            if mask.tobytes() not in known and mirror.tobytes() not in known:
                more += [mask, mirror]
                known |= {mask.tobytes(), mirror.tobytes()}
    masks = np.vstack([rows.masks, *more])
    return Rows(masks, np.append(rows.fitted, np.ones(len(more), dtype=bool)), masks)


def exact_rows(n: int) -> Rows:
    """All 2^n masks."""
    return _rows(n, fitted=[enumerate_masks(n)])


def fold_over_rows(n: int, budget: int | None, *, seed: int = 0) -> Rows:
    """A fold-over design alone, cut to a budget only between mirror pairs."""
    matrix = fold_over(n, seed=seed)
    half = len(matrix) // 2
    pairs = np.stack([matrix[:half], matrix[half:]], axis=1).reshape(-1, n)
    rows = _rows(n, fitted=[pairs])
    return rows if budget is None else rows.first(budget // 2 * 2)


def leave_one_out_rows(n: int) -> Rows:
    """Full, empty, and each word out."""
    return _rows(n, fitted=[full_and_empty(n), leave_one_out(n)])


def bernoulli_rows(n: int, size: int, *, filled: bool) -> Rows:
    """Published masks, after full and empty, which are shown but not fitted unless they were drawn.

    Repeated masks stay repeated, as published.
    """
    drawn = bernoulli(n, size, rule="fill2" if filled else "plain")
    shown = bernoulli_filled(n, size) if filled else drawn
    ends = full_and_empty(n)
    fitted = np.append([False, False], np.ones(len(drawn), dtype=bool))
    return Rows(np.vstack([ends, drawn]), fitted, np.vstack([ends, shown]))


def _rows(n: int, *, fitted: Sequence[np.ndarray], beside: Sequence[np.ndarray] = ()) -> Rows:
    balanced = np.vstack(fitted)
    masks = unique_rows(np.vstack([full_and_empty(n), balanced, *beside]))
    chosen = {mask.tobytes() for mask in balanced}
    return Rows(masks, np.array([mask.tobytes() in chosen for mask in masks]), masks)


def unique_rows(masks: np.ndarray) -> np.ndarray:
    """The rows without repeats, each where it came first."""
    _, first = np.unique(masks, axis=0, return_index=True)
    return masks[np.sort(first)]
