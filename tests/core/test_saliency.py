"""Saliency maps against pictures whose changes are known exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from smile_core.saliency import MOST_CELLS, saliency_maps
from smile_core.scenes.draw import draw
from smile_core.scenes.oracle import edited_scene
from smile_core.scenes.scene import Scene

EXACT_3 = np.array(sorted(itertools.product((0, 1), repeat=3), key=lambda mask: (sum(mask) != 3, sum(mask) != 0)))


def _squares(mask: np.ndarray, side: int = 64) -> np.ndarray:
    """Word 0 paints the top left red, word 1 the bottom right blue unless word 0 is gone, word 2 does nothing."""
    picture = np.full((side, side, 3), 200, np.uint8)
    if mask[0]:
        picture[:16, :16] = (220, 30, 30)
    if mask[1]:
        picture[-16:, -16:] = (30, 30, 220)
    return picture


def test_each_word_lights_what_it_changes_and_nothing_else() -> None:
    maps = saliency_maps(EXACT_3, [_squares(mask) for mask in EXACT_3])
    first, second = np.zeros((2, 64, 64), bool)
    first[:16, :16] = second[-16:, -16:] = True
    assert ((maps[0].strength > 0) == first).all()
    assert ((maps[1].strength > 0) == second).all()
    assert (maps[0].sign == first).all()
    assert maps[2].empty
    assert maps[2].area == 0
    assert maps[0].area == pytest.approx(1 / 16)
    assert all(0 < share < 0.25 for share in maps[0].peak())
    assert all(0.75 < share < 1 for share in maps[1].peak())
    with pytest.raises(ValueError, match="no peak"):
        maps[2].peak()


def test_without_the_edit_that_lacks_the_word_the_regression_answers() -> None:
    kept = EXACT_3[[not (mask[0] == 0 and mask.sum() == 2) for mask in EXACT_3]]
    maps = saliency_maps(kept, [_squares(mask) for mask in kept])
    assert not maps[0].from_edit
    assert maps[1].from_edit
    assert (maps[0].strength[:16, :16] > 0).all()
    assert not maps[0].strength[16:].any()


def test_a_word_that_works_against_the_edit_gets_a_negative_sign() -> None:
    def hidden(mask: np.ndarray) -> np.ndarray:
        picture = np.full((32, 32, 3), 200, np.uint8)
        strength = 100 * int(mask[0]) - 60 * int(mask[0] and mask[1])
        picture[:8] -= np.uint8(strength)
        return picture

    maps = saliency_maps(EXACT_3, [hidden(mask) for mask in EXACT_3])
    assert (maps[0].sign[:8] == 1).all()
    assert (maps[1].sign[:8] == -1).all()
    assert maps[2].empty


def test_large_pictures_come_on_a_small_grid_and_enlarge_to_their_size() -> None:
    masks = np.array([[1], [0]])
    pictures = [np.zeros((300, 400, 3), np.uint8) for _ in masks]
    pictures[0][:, 200:] = 255
    (word,) = saliency_maps(masks, pictures)
    assert word.strength.shape == (96, MOST_CELLS)
    enlarged = word.at_size(400, 300)
    assert enlarged.shape == (300, 400)
    assert not enlarged[:, :196].any()
    assert (enlarged[:, 204:] > 0).all()


def test_oracle_words_point_at_the_thing_they_change(street: Scene) -> None:
    words = ["make", "the", "car", "red"]
    masks = np.array(sorted(itertools.product((0, 1), repeat=4), key=lambda mask: (sum(mask) != 4, sum(mask) != 0)))
    texts = [" ".join(w for w, keep in zip(words, mask, strict=True) if keep) for mask in masks]
    maps = saliency_maps(masks, [draw(edited_scene(text, street)) for text in texts])
    changed = (draw(edited_scene("make the car red", street)) != draw(street)).any(2)
    for i in (2, 3):
        found = maps[i].at_size(128, 128) > 0
        assert (found & changed).sum() / (found | changed).sum() > 0.6
    assert maps[0].empty
    assert maps[1].empty


def test_masks_that_do_not_start_with_full_and_empty_are_refused() -> None:
    with pytest.raises(ValueError, match="full and the empty"):
        saliency_maps(EXACT_3[::-1], [_squares(mask) for mask in EXACT_3])
