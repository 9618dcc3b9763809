"""Looks and rows: the design while nothing is known, chosen rows otherwise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from smile_core.design import enumerate_masks
from smile_core.plan import MOST_KNOWN, Look, design_rows, first_answer, first_rows, looks, next_rows_for, separation
from smile_core.posterior import posterior


def test_separation_by_counting() -> None:
    random = np.random.default_rng(3)
    rows = np.vstack([np.ones((1, 5)), np.zeros((1, 5)), random.integers(0, 2, (20, 5))]).astype(np.uint8)
    between = [row for row in rows if 0 < row.sum() < 5]
    kept = [sum(int(row[i]) for row in between) for i in range(5)]
    left_out = [len(between) - count for count in kept]
    apart = [sum(int(row[i] != row[j]) for row in between) for i, j in itertools.combinations(range(5), 2)]
    assert separation(rows) == min(*kept, *left_out, *apart)


@pytest.mark.parametrize("n", range(6, 21))
def test_the_design_s_own_counts_are_what_its_looks_want(n: int) -> None:
    first, base, last = looks(n, None)
    assert (first.rows, base.rows, last.rows) == ((13, n + 24, 64) if n <= 12 else (21, n + 40, 80))
    rows = design_rows(n)
    assert base.rows - 1 <= len(rows) <= base.rows  # Of 6 words one leave-one-out mask is in the matrix.
    assert first.separation == separation(rows[: first.rows]) >= 3
    assert base.separation == separation(rows) >= 11
    assert last.separation > base.separation


@pytest.mark.parametrize("n", range(1, 6))
def test_few_words_are_tried_in_full(n: int) -> None:
    (look,) = looks(n, None)
    rows = first_answer(n, look.rows, _response)
    assert {tuple(row) for row in rows} == {tuple(row) for row in enumerate_masks(n)}


@pytest.mark.parametrize("n", range(6, 21))
def test_the_first_answer_s_rows_are_some_of_the_base_design_s(n: int) -> None:
    asked: list[int] = []

    def respond(masks: np.ndarray) -> np.ndarray:
        asked.append(len(masks))
        return _response(masks)

    rows = first_answer(n, looks(n, None)[0].rows, respond)
    assert asked == ([7, 10] if n <= 12 else [11, 16])
    assert len(rows) == len({tuple(row) for row in rows}) == looks(n, None)[0].rows
    assert rows[0].all()
    assert not rows[1].any()
    assert {tuple(row) for row in rows} <= {tuple(row) for row in design_rows(n)}
    np.testing.assert_array_equal(rows[: asked[0]], design_rows(n)[: asked[0]])


def test_the_first_answer_s_rows_follow_what_is_seen() -> None:
    """Words that some row has shown to be idle are no longer asked for; which they are, the editor decides."""
    one = first_answer(9, 13, lambda masks: masks[:, 0] * masks[:, 1] * 1.0)
    two = first_answer(9, 13, lambda masks: masks[:, 7] * masks[:, 8] * 1.0)
    assert {tuple(row) for row in one} != {tuple(row) for row in two}


def test_a_failed_row_is_not_tried_again() -> None:
    def respond(masks: np.ndarray) -> np.ndarray:
        return np.where(np.arange(len(masks)) % 3 == 2, np.nan, _response(masks))

    rows = first_answer(8, 13, respond)
    assert len(rows) == len({tuple(row) for row in rows}) == 13


def test_a_budget_cuts_the_looks_that_it_does_not_reach() -> None:
    assert [look.rows for look in looks(8, 20)] == [13, 20]
    assert [look.rows for look in looks(8, 10)] == [10]
    assert [look.rows for look in looks(6, 500)] == [13, 30, 64]


def _response(masks: np.ndarray) -> np.ndarray:
    return masks[:, 0] * masks[:, 1] * 0.8 + 0.2 * masks[:, 2]


def test_chosen_rows_hold_the_word_that_is_new() -> None:
    """Everything known lacks the last word, as when a word was inserted."""
    n = 8
    known = design_rows(n)[2:40].copy()
    known[:, -1] = 0
    rows = first_rows(n, known)
    first, base, last = looks(n, None)
    made = 0
    while len(new := next_rows_for(base, last, rows, posterior(rows, _response(rows)), made=made, fresh=False)):
        assert new[:, -1].mean() > 0.7
        rows, made = np.vstack([rows, new]), made + len(new)
    assert separation(rows) >= base.separation > first.separation
    assert made <= 20


def test_what_is_known_is_enough_the_second_time() -> None:
    n, made = 7, 0
    every = looks(n, None)
    rows = first_rows(n, np.empty((0, n)))
    for look in every:
        while True:
            given = None if len(rows) == 2 else posterior(rows, _response(rows))
            if not len(new := next_rows_for(look, every[-1], rows, given, made=made, fresh=True)):
                break
            rows, made = np.vstack([rows, new]), made + len(new)
    assert len(rows) == every[-1].rows
    again = first_rows(n, rows)
    for look in every:
        assert not len(next_rows_for(look, every[-1], again, posterior(again, _response(again)), made=0, fresh=False))


def test_words_that_were_always_together_are_told_apart() -> None:
    n = 7
    known = design_rows(n)[2:30].copy()
    known[:, 1] = known[:, 0]
    rows = first_rows(n, known)
    new = next_rows_for(Look(13, 5), Look(64, 20), rows, posterior(rows, _response(rows)), made=0, fresh=False)
    assert (new[:, 0] != new[:, 1]).all()
    assert len(new) >= 5


def test_no_more_known_rows_than_are_worth_their_time() -> None:
    rows = first_rows(8, enumerate_masks(8))
    assert len(rows) == MOST_KNOWN
    assert {tuple(row) for row in design_rows(8)} <= {tuple(row) for row in rows}
