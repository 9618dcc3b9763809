"""What training draws and weighs, on cases small enough to count by hand."""

from __future__ import annotations

import numpy as np
import torch

from smile_core.scenes.edits import Move, Recolour, Replace, SetWeather
from smile_core.scenes.scene import random_scene
from smile_core.scenes.training.labels import edit_labels, how_often
from smile_core.scenes.training.loop import balanced, hardest
from smile_core.scenes.training.pairs import Pairs, make_pairs


def _rows() -> np.ndarray:
    scene = random_scene(5)
    asked = [(), (Recolour((0,), "red"),), (Replace((0,), "cat", "red"),), (Move((0,), "left"),)]
    asked.append((Recolour((0,), "red"), SetWeather("snow")))
    rows = np.full((len(asked), 12), -1, np.int16)
    for row, edits in zip(rows, asked, strict=True):
        labels = edit_labels(scene, edits)
        row[: len(labels)] = labels
    return rows


def test_two_edits_and_moved_things_are_drawn_most_and_no_edit_least() -> None:
    nothing, recolour, replace, move, both = how_often(_rows())
    assert nothing < recolour == replace < move < both


def test_rows_are_drawn_as_often_as_they_should_be() -> None:
    edits = _rows()
    empty = np.zeros(len(edits), int)
    pairs = Pairs(
        np.zeros((1, 2, 2, 3), np.uint8), np.zeros((1, 8, 8), np.uint16), [""] * len(edits), edits, empty, empty
    )
    drawn = np.bincount(pairs.sample(np.random.default_rng(0), 20_000), minlength=len(edits)) / 20_000
    np.testing.assert_allclose(drawn, how_often(edits), atol=0.01)


def test_said_in_full_means_no_word_left_out() -> None:
    drawn = make_pairs(1, seed=901, processes=1)
    full = drawn.said_in_full()
    assert len(full.texts) * 9 == len(drawn.texts) * 4
    assert full.texts[:4] == drawn.texts[:4]
    assert full.texts[4] == drawn.texts[9]
    assert full.texts[0] == full.texts[1] != full.texts[2] == full.texts[3]
    assert (full.target != full.source).mean() > 0.95 > (drawn.target != drawn.source).mean()


def test_a_change_that_is_missed_weighs_as_much_as_the_unchanged_rest() -> None:
    loss, where = torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 8)
    where[..., :1, :2] = 1
    loss[..., :1, :2] = 1.0
    assert balanced(loss, where).item() == 1.0


def test_the_hardest_places_are_one_in_sixteen() -> None:
    loss = torch.zeros(2, 3, 8, 8)
    loss[0, :, 0, :4] = 2.0
    loss[1, :, 0, 0] = 4.0
    assert hardest(loss).item() == (2.0 + 1.0) / 2
