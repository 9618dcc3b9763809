"""Quality measures against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score, roc_auc_score

from smile_core.quality import auroc, fidelity, jaccard, with_held_out

random = np.random.default_rng(4)


@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=12))
def test_auroc_is_scikit_learn_s_ties_included(pairs: list[tuple[bool, int]]) -> None:
    truth, scores = [int(label) for label, _ in pairs], [float(score) for _, score in pairs]
    expected = roc_auc_score(truth, scores) if len(set(truth)) == 2 else 0.5
    assert auroc(truth, scores) == pytest.approx(expected)


def test_fidelity_is_scikit_learn_s() -> None:
    y, p, w = random.random(20), random.random(20), random.random(20)
    ours = fidelity(y, p, w, 5)
    assert ours.r2 == pytest.approx(r2_score(y, p, sample_weight=w))
    assert ours.mse == pytest.approx(mean_squared_error(y, p, sample_weight=w))
    assert ours.mae == pytest.approx(mean_absolute_error(y, p, sample_weight=w))
    assert ours.adjusted_r2 == pytest.approx(1 - (1 - ours.r2) * 19 / 14)
    assert fidelity(y, p, w, 19).adjusted_r2 is None


def test_held_out_r2_leaves_out_rows_without_a_prediction() -> None:
    y, p, w = random.random(10), random.random(10), np.ones(10)
    p[:2] = np.nan
    measures = with_held_out(fidelity(y, y, w, 3), y, p, w)
    assert measures.held_out_r2 == pytest.approx(r2_score(y[2:], p[2:]))
    assert measures.held_out_rows == 8
    assert with_held_out(measures, y, np.full(10, np.nan), w).held_out_r2 is None
    assert with_held_out(measures, np.ones(10), np.ones(10), w).held_out_r2 is None


@pytest.mark.parametrize(("response", "weights"), [([1.0, 2.0], [1.0]), ([1.0, 2.0], [0.0, 0.0])])
def test_impossible_input_is_refused(response: list[float], weights: list[float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        fidelity(response, [1.0, 2.0], weights, 1)


@pytest.mark.parametrize(
    ("first", "second", "index"),
    [
        ({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 1.0}, 1.0),
        ({"a": 1.0}, {"b": 1.0}, 0.0),
        ({"a": 1.0}, {"a": -0.5}, 0.5),
        ({}, {}, 1.0),
        ({"a": 0.4, "b": 0.2}, {"a": 0.2, "b": 0.3, "c": 0.1}, 0.4 / 0.8),
    ],
)
def test_jaccard(first: dict[str, float], second: dict[str, float], index: float) -> None:
    assert jaccard(first, second) == pytest.approx(index)
