"""The picture of where a word acts."""

from __future__ import annotations

import numpy as np
import pytest

from smile_core import explain
from smile_core.report.where import maps_of, where_picture
from smile_core.saliency import SaliencyMap
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene

RESULT = np.full((40, 60, 3), 90, np.uint8)


def _map(strength: np.ndarray) -> SaliencyMap:
    return SaliencyMap(strength.astype(np.float32), np.sign(strength).astype(np.int8), from_edit=True)


@pytest.mark.parametrize("towards", [True, False])
def test_only_the_place_is_coloured_and_the_colour_says_which_way(towards: bool) -> None:
    strength = np.zeros((20, 30))
    strength[5:10, 10:20] = 0.4
    painted = where_picture(RESULT, _map(strength), towards=towards).astype(int)
    inside = painted[12:18, 24:36]
    outside = np.delete(painted.reshape(-1, 3), np.flatnonzero(_map(strength).at_size(60, 40).ravel()), axis=0)
    assert (outside.max(1) - outside.min(1)).max() == 0
    warmth = (inside[..., 0] - inside[..., 2]).mean()
    assert warmth < -20 if towards else warmth > 20


def test_an_empty_map_leaves_a_grey_picture() -> None:
    painted = where_picture(RESULT, _map(np.zeros((20, 30))), towards=True)
    assert len(np.unique(painted)) == 1


def test_maps_of_an_explanation(street: Scene, street_pixels: np.ndarray) -> None:
    maps = maps_of(explain("make the car red", street_pixels, OracleEditor(street)))
    assert [maps[i].empty for i in range(4)] == [True, True, False, False]
    x, y = maps[3].peak()
    assert abs(x - street.things[2].x) < 0.2
    assert y > 0.7
    assert maps_of(explain("hello there", street_pixels, OracleEditor(street))) == {}
