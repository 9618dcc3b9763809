"""Which sub-prompts to try: looks at which an explanation may stop, and the rows that lead to each.

Nothing known: a few rows of the base design, then, in two rounds, those of its others that tell apart best what these
leave possible, which give the first answer; then the rest of it, and whatever narrows the intervals most. Something
known, from an earlier prompt or another user: those rows count as far as they tell the words apart, and new ones are
chosen given them from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from smile_core.design import enumerate_masks, fold_over, full_and_empty, half_fraction, leave_one_out, unique_rows
from smile_core.next_rows import candidates, next_rows, telling_rows
from smile_core.posterior import Posterior, sketched

MOST_KNOWN = 120
"""More known rows than this cost more time than they are worth; those of the design are kept first."""

FIRST = {True: 13, False: 21}
"""Rows of the first answer, up to 12 words and beyond."""

ROUNDS = 2
"""Rounds in which the first answer's chosen rows are made."""

CHUNK = 8
"""Rows chosen at once, given those known."""


@dataclass(frozen=True)
class Look:
    """A point at which an explanation may stop: this many rows when none was known before, or, when some
    were, as many as tell every word from every other that often (see `separation`)."""

    rows: int
    separation: int


def looks(n: int, budget: int | None) -> tuple[Look, ...]:
    """The looks of an explanation of n words.

    Up to 5 words there is one, at all 2^n rows. 6 to 12 words: 13, n + 24 and 64 rows; 13 to 20 words:
    21, n + 40 and 80. A budget takes the place of the last, and cuts those that it does not reach.
    """
    every = 1 << n
    design = design_rows(n)
    if n <= 5:
        return (Look(min(every, budget or every), 0),)
    short = n <= 12
    most = min(every, budget or (64 if short else 80))
    first, base = FIRST[short], n + (24 if short else 40)
    reached = [Look(count, separation(design[:count])) for count in (first, base) if count < most]
    last = separation(design[:most]) if most <= base else separation(design) + (most - base) // 3
    return (*reached, Look(most, last))


@lru_cache(maxsize=64)
def design_rows(n: int, *, seed: int = 0) -> np.ndarray:
    """The base design, (m, n), full and empty first, balanced rows, then the leave-one-out masks; not to be written
    to. The first answer takes some out of turn."""
    rows = unique_rows(np.vstack([full_and_empty(n), _balanced(n, seed), leave_one_out(n)]))
    rows.setflags(write=False)
    return rows


def opening(n: int) -> int:
    """How many rows come before those that are chosen by what they show, beyond 5 words."""
    return (FIRST[n <= 12] + 1) // 2


def _balanced(n: int, seed: int) -> np.ndarray:
    if n <= 5:
        return np.vstack([half_fraction(n), enumerate_masks(n)])
    matrix = fold_over(n, seed=seed)
    half = len(matrix) // 2
    if n == half:
        # All columns are in use, the constant one too: some rows go with their mirror images, those of
        # a hundred random choices that tell words apart best.
        swaps = np.random.default_rng(seed).integers(0, 2, (100, half, 1)) * (np.arange(half)[:, None] > 0)
        tried = [np.where(swap, matrix[half:], matrix[:half]) for swap in swaps]
        best = max(tried, key=separation)
        return np.vstack([best, 1 - best])
    return matrix


def separation(rows: np.ndarray) -> int:
    """How often, at the least, rows (m, n) besides full and empty keep a word, leave one out, or tell two apart."""
    return int(_counts(rows).min())


def _counts(rows: np.ndarray) -> np.ndarray:
    """Rows that tell word i from word j, (n + 1, n + 1); the last word stands for one that is never kept,
    and on the diagonal are rows that leave the word out."""
    n = rows.shape[1]
    between = rows[(rows.sum(1) > 0) & (rows.sum(1) < n)].astype(int)
    extended = np.column_stack([between, np.zeros(len(between), dtype=int)])
    one_way = extended.T @ (1 - extended)
    apart: np.ndarray = one_way + one_way.T
    np.fill_diagonal(apart, [*(len(between) - between.sum(0)), len(rows)])
    return apart


def first_rows(n: int, known: np.ndarray) -> np.ndarray:
    """Full and empty, then the known rows that are worth using, (k, n)."""
    rows = unique_rows(np.vstack([full_and_empty(n), known.reshape(-1, n)]).astype(np.uint8))
    if len(rows) <= MOST_KNOWN:
        return rows
    designed = {mask.tobytes() for mask in design_rows(n)}
    order = sorted(range(2, len(rows)), key=lambda i: rows[i].tobytes() not in designed)
    return rows[[0, 1, *order[: MOST_KNOWN - 2]]]


def first_answer(n: int, count: int, respond: Callable[[np.ndarray], np.ndarray], *, seed: int = 0) -> np.ndarray:
    """The rows of the first answer where nothing is known: a few of the design, then those of its others that tell
    apart best what these leave possible.

    Args:
        n: number of words.
        count: how many rows.
        respond: makes the edits of masks (k, n) and gives their responses (k,), NaN where an edit failed. It is
            asked `ROUNDS` times, each time for all rows so far.
        seed: of the design's columns.

    Returns:
        (count, n), or fewer where there are not so many masks; full and empty first.
    """
    if n <= 5:
        return design_rows(n)[:count]
    rows = design_rows(n, seed=seed)[: min(count, opening(n))]
    at_once = -(-(FIRST[n <= 12] - len(rows)) // ROUNDS)
    while len(rows) < count:
        responses = respond(rows)
        known = np.isfinite(responses)
        given = sketched(rows[known], responses[known])
        choice = _left_of_the_design(rows, seed)
        rows = np.vstack([rows, choice[telling_rows(given, choice, min(at_once, count - len(rows)))]])
    return rows


def next_rows_for(
    look: Look, last: Look, rows: np.ndarray, given: Posterior | None, *, made: int, fresh: bool, most: int = CHUNK
) -> np.ndarray:
    """The next rows on the way to a look; none when it is reached.

    Args:
        look: where they lead to.
        last: the explanation's last look.
        rows: (k, n), those there are.
        given: what they say; None where rows are only wanted as far as the design goes.
        made: how many of them were not known before.
        fresh: whether nothing was known before, so that the base design is followed as far as it goes.
        most: rows at once.

    Returns:
        (j, n), none of which is in `rows`.
    """
    n = rows.shape[1]
    if (fresh or n <= 5) and len(new := _left_of_the_design(rows)[: max(0, min(look.rows - len(rows), most))]):
        return new
    if given is None or n <= 5:
        return rows[:0]
    wanted = look.rows - len(rows) if fresh else last.rows - made
    if wanted <= 0 or (len(rows) >= last.rows and (fresh or look == last)):
        return rows[:0]
    return _chosen(rows, given, min(most, wanted), None if fresh else look.separation)


def _left_of_the_design(rows: np.ndarray, seed: int = 0) -> np.ndarray:
    """The design's rows that are not among `rows`, in its order."""
    have = {mask.tobytes() for mask in rows}
    left = [mask for mask in design_rows(rows.shape[1], seed=seed) if mask.tobytes() not in have]
    return np.array(left, np.uint8).reshape(-1, rows.shape[1])


def _chosen(rows: np.ndarray, given: Posterior, most: int, separated: int | None) -> np.ndarray:
    """Rows that narrow the intervals most, each among those that tell apart what is told apart least, until
    everything is told apart `separated` times."""
    choice = candidates(rows.shape[1])

    def fits(picked: list[int]) -> np.ndarray:
        counts = _counts(np.vstack([rows, choice[picked]]))
        if separated is not None and counts.min() >= separated:
            return np.zeros(len(choice), dtype=bool)
        return _tells_apart(choice, counts)

    return np.asarray(choice[next_rows(given, choice, max(0, most), fits=fits)])


def _tells_apart(masks: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Which masks (k, n) help the least separated words, bool (k,)."""
    n = masks.shape[1]
    first, second = np.unravel_index(int(counts.argmin()), counts.shape)
    if first == second:
        return np.asarray(masks[:, first] == 0)
    extended = np.column_stack([masks, np.zeros(len(masks), masks.dtype)])
    apart = extended[:, first] != extended[:, second]
    return np.asarray(apart & (masks.sum(1) > 0) & (masks.sum(1) < n))
