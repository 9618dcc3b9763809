"""Stop rules, on intervals where the answer can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from smile_core.stopping import narrow, order_settled


@pytest.mark.parametrize(
    ("influences", "half", "settled"),
    [
        ([0.6, 0.3, 0.1, 0.0], 0.04, True),
        ([-0.6, 0.3, 0.1, 0.0], 0.04, True),
        ([0.6, 0.3, 0.1, 0.0], 0.06, False),  # The third cannot be told from the fourth.
        ([0.6, 0.0, 0.0, 0.0], 0.2, True),  # Only one is strong, and clearly so.
        ([0.5, 0.5, 0.0, 0.0], 0.01, False),  # A tie is no order.
        ([0.5, -0.5, 0.0, 0.0], 0.01, False),  # Nor is one of size.
        ([0.1, 0.05, 0.02, 0.0], 0.2, False),  # None excludes zero.
        ([0.4], 0.1, True),
        ([0.9, 0.7, 0.5, 0.3, 0.29], 0.05, True),  # Below the third, order does not count.
    ],
)
def test_order_of_the_top_words(influences: list[float], half: float, settled: bool) -> None:
    assert order_settled(influences, np.full(len(influences), half)) is settled
    shuffled = np.random.default_rng(0).permutation(len(influences))
    assert order_settled(np.array(influences)[shuffled], np.full(len(influences), half)) is settled


def test_a_settled_order_is_the_order_wherever_the_truth_lies_in_the_intervals() -> None:
    random = np.random.default_rng(1)
    tried = 0
    for _ in range(400):
        influences, half = random.normal(0, 0.5, 6), random.uniform(0, 0.1, 6)
        if not order_settled(influences, half):
            continue
        tried += 1
        count = min(3, int((np.abs(influences) > half).sum()))
        truths = influences + half * random.uniform(-1, 1, (50, 6))
        tops = np.argsort(-np.abs(truths), axis=1)[:, :count]
        assert (tops == np.argsort(-np.abs(influences))[:count]).all()
    assert tried > 50


def test_narrow() -> None:
    assert narrow([], 0.04)
    assert narrow([0.04, 0.0], 0.04)
    assert not narrow([0.04, 0.05], 0.04)
