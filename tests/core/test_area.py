"""Areas: boxes, masks and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from smile_core.area import Area, load_area
from smile_core.area_names import beside
from smile_core.errors import ImageError
from smile_core.evidence import EditKey
from smile_core.picture import load_picture

PICTURE = load_picture(np.zeros((40, 80, 3), np.uint8))


def _box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros((40, 80), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    ("source", "mask"),
    [
        ("10,20,60,35", _box(10, 20, 60, 35)),
        (" 10, 20 ,60,35 ", _box(10, 20, 60, 35)),
        ("0.25,0.5,0.75,1.0", _box(20, 20, 60, 40)),
        ("0.5,0,1,1", _box(40, 0, 80, 40)),
        ("0,0,1,1", _box(0, 0, 1, 1)),
        ((10, 20, 60, 35), _box(10, 20, 60, 35)),
        ([10.0, 20.0, 60.0, 35.0], _box(10, 20, 60, 35)),
        ((0.25, 0.5, 0.75, 1.0), _box(20, 20, 60, 40)),
        (np.array([10, 20, 60, 35]), _box(10, 20, 60, 35)),
        ("70,30,1000,1000", _box(70, 30, 80, 40)),
        (_box(1, 2, 3, 4), _box(1, 2, 3, 4)),
        (_box(1, 2, 3, 4).astype(np.uint8) * 255, _box(1, 2, 3, 4)),
        (_box(1, 2, 3, 4).astype(float), _box(1, 2, 3, 4)),
        (Image.fromarray(_box(1, 2, 3, 4)), _box(1, 2, 3, 4)),
        (Image.fromarray(_box(8, 8, 16, 16)).resize((160, 80)), _box(8, 8, 16, 16)),
        (Area(_box(1, 2, 3, 4), "x"), _box(1, 2, 3, 4)),
    ],
)
def test_areas(source: Any, mask: np.ndarray) -> None:
    assert (load_area(source, PICTURE).mask == mask).all()


def test_a_masks_file(tmp_path: Path) -> None:
    Image.fromarray(_box(4, 4, 9, 9)).save(tmp_path / "mask.png")
    area = load_area(tmp_path / "mask.png", PICTURE)
    assert (area.mask == _box(4, 4, 9, 9)).all()
    assert area.name == "mask.png"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("60,20,10,35", "left must be under right"),
        ("1..2,3,4,5", "is no box; write left,top,right,bottom"),
        ((1, 2, 3), "a box has four numbers"),
        ("90,0,100,10", "holds nothing of the picture"),
        ("nowhere.png", "is not there"),
        (np.zeros((40, 80), bool), "holds nothing of the picture"),
        (np.ones((80, 40), bool), "the area is 40 x 80, the picture 80 x 40; they must have one shape"),
        (np.ones((2, 3, 4, 5), bool), "is no area"),
        ("segment:folder", "names a model"),
    ],
)
def test_what_is_no_area(source: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        load_area(source, PICTURE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("area", "found"),
    [
        ("10,20,60,35", "10,20,60,35"),
        ("masks/sky.png", "docs/masks/sky.png"),
        ("segment:models/deeplab#sky", "segment:docs/models/deeplab#sky"),
        ("/tmp/mask.png", "/tmp/mask.png"),
    ],
)
def test_files_of_a_document_lie_beside_it(area: str, found: str) -> None:
    assert beside(area, Path("docs")) == found


def test_the_area_is_part_of_the_setting() -> None:
    first, second = (load_area(box, PICTURE).sha256 for box in ("0,0,10,10", "0,0,10,11"))
    settings = {EditKey("editor", "sha", 0, "red", area).setting for area in ("", first, second)}
    assert len(settings) == 3
    assert load_area("0,0,10,10", PICTURE).sha256 == first
    flipped = load_picture(np.zeros((80, 40, 3), np.uint8))
    assert load_area(np.ones((80, 40), bool), flipped).sha256 != load_area(np.ones((40, 80), bool), PICTURE).sha256
