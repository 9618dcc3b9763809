"""Designs: balance, counts and the published generator."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from smile_core import design

SIZES = [7, 9, 12, 13, 20, 24, 33, 60]


def test_enumeration_counts_in_binary_first_word_highest() -> None:
    np.testing.assert_array_equal(design.enumerate_masks(2), [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert len(np.unique(design.enumerate_masks(6), axis=0)) == 64


@pytest.mark.parametrize("n", SIZES)
def test_fold_over_is_balanced_to_pairs_and_clear_of_two_word_terms(n: int) -> None:
    masks = design.fold_over(n, seed=3)
    signs = 2 * masks.astype(int) - 1
    np.testing.assert_array_equal(signs.T @ signs, len(masks) * np.eye(n))
    for i, j in itertools.islice(itertools.combinations(range(n), 2), 60):
        assert not (signs.T @ (signs[:, i] * signs[:, j])).any()
    half = len(masks) // 2
    np.testing.assert_array_equal(masks[:half], 1 - masks[half:])
    assert masks[0].all()


@pytest.mark.parametrize(("n", "rows"), [(7, 24), (12, 24), (13, 40), (20, 40)])
def test_fold_over_rows(n: int, rows: int) -> None:
    assert len(design.fold_over(n)) == rows


@pytest.mark.parametrize(
    ("n", "rows"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 38), (7, 31), (9, 33), (12, 36), (13, 53), (20, 60)]
)
def test_base_rows_start_with_full_and_empty_and_hold_what_the_design_says(n: int, rows: int) -> None:
    base = design.base_rows(n)
    assert len(base.masks) == rows
    assert base.masks[0].all()
    assert not base.masks[1].any()
    assert len(np.unique(base.masks, axis=0)) == rows
    if n > 5:
        known = {mask.tobytes() for mask in base.masks}
        assert all(mask.tobytes() in known for mask in design.leave_one_out(n))


def test_the_half_fraction_comes_first_up_to_five_words() -> None:
    rows = design.base_rows(5).masks
    first = {mask.tobytes() for mask in rows[:17]}
    assert {mask.tobytes() for mask in design.half_fraction(5)} <= first


@pytest.mark.parametrize(("n", "budget"), [(6, 64), (7, 64), (9, 64), (12, 64), (13, 80), (20, 80)])
def test_later_rows_go_on_from_the_base_in_mirror_pairs(n: int, budget: int) -> None:
    base, later = design.base_rows(n, seed=1), design.later_rows(n, budget, seed=1)
    assert len(later.masks) <= budget
    assert len(np.unique(later.masks, axis=0)) == len(later.masks)
    if n == 6:
        assert len(later.masks) == 64
        return
    assert len(later.masks) >= budget - 1
    np.testing.assert_array_equal(later.masks[: len(base.masks)], base.masks)
    more = later.masks[len(base.masks) :]
    np.testing.assert_array_equal(more[::2], 1 - more[1::2])
    assert later.fitted[len(base.masks) :].all()


def test_leave_one_out() -> None:
    np.testing.assert_array_equal(design.leave_one_out(3), [[0, 1, 1], [1, 0, 1], [1, 1, 0]])


def test_bernoulli_repeats_masks_only_when_there_are_no_more() -> None:
    masks = design.bernoulli(3, 30)
    assert len(masks) == 30
    assert len(np.unique(masks, axis=0)) == 7
    assert masks.any(1).all()


def test_filled_masks_show_at_least_two_words() -> None:
    shown = design.bernoulli_filled(5, 30)
    masks = design.bernoulli(5, 30, rule="fill2")
    many = masks.sum(1) >= 2
    np.testing.assert_array_equal(shown[many], masks[many])
    assert (shown.sum(1) >= 2).all()
    assert (~many).any()
