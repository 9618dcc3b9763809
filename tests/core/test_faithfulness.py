"""Faithfulness measures against closed forms and scikit-learn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from smile_core.faithfulness import (
    accuracy,
    area_under,
    deletion_masks,
    infidelity,
    random_orders,
    rank_correlation,
)


def test_deletion_takes_the_strongest_word_first() -> None:
    assert deletion_masks([0.1, 0.6, -0.2]).tolist() == [[1, 1, 1], [1, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_random_orders_each_end_empty_and_differ() -> None:
    orders = random_orders(6, 20, seed=3)
    assert orders.shape == (20, 7, 6)
    assert (orders.sum(2) == np.arange(6, -1, -1)).all()
    assert len({order.tobytes() for order in orders}) > 15


def test_areas_of_an_additive_editor_have_a_closed_form() -> None:
    """With influences .5, .3, .2 the deletion curve is 1, .5, .2, 0."""
    influences = np.array([0.2, 0.5, 0.3])
    curve = deletion_masks(influences) @ influences
    assert curve == pytest.approx([1, 0.5, 0.2, 0])
    assert area_under(curve) == pytest.approx((0.75 + 0.35 + 0.1) / 3)
    assert area_under(deletion_masks(-influences) @ influences) == pytest.approx(1 - area_under(curve))
    orders = np.array([deletion_masks(order) for order in itertools.permutations(range(3))])
    assert np.mean([area_under(order @ influences) for order in orders]) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="two points"):
        area_under([1.0])


def test_infidelity_is_zero_for_additive_editors_and_the_missing_pair_otherwise() -> None:
    masks = np.array(list(itertools.product((0, 1), repeat=3)))
    influences = np.array([0.2, 0.5, 0.3])
    assert infidelity(influences, masks, masks @ influences) == pytest.approx(0)
    together = masks[:, 0] * masks[:, 1]  # An AND of two words: main effects 1/2 and 1/2.
    expected = np.mean(((1 - masks) @ np.array([0.5, 0.5, 0]) - (1 - together)) ** 2)
    assert infidelity([0.5, 0.5, 0], masks, together) == pytest.approx(expected)
    assert expected == pytest.approx(0.125)


def test_rank_correlation_needs_variation() -> None:
    assert rank_correlation([1, 2, 3, 4], [0.1, 0.2, 0.5, 0.4]) == pytest.approx(0.8)
    assert rank_correlation([1, 1, 1], [0.1, 0.2, 0.5]) is None


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_against_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth, influences = random.random(12) < 0.4, random.normal(0, 0.2, 12)
    found = accuracy(truth, influences, threshold=0.15)
    chosen = np.abs(influences) > 0.15
    assert found.accuracy == pytest.approx(accuracy_score(truth, chosen))
    assert found.precision == pytest.approx(precision_score(truth, chosen, zero_division=0))
    assert found.recall == pytest.approx(recall_score(truth, chosen, zero_division=1))
    assert found.f1 == pytest.approx(f1_score(truth, chosen, zero_division=0))
