"""Where an inpainting editor may paint: a box, a mask's file, or what a segmentation finds.

A box is four numbers, left, top, right, bottom: pixels ("10,20,200,180"), or shares of width and height
where all are at most 1 and one has a point ("0.1,0.2,0.9,0.8"). In a mask bright means paint.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from smile_core.area_names import SEGMENT, is_box
from smile_core.errors import ImageError
from smile_core.picture import Picture, load_picture


@dataclass(frozen=True, eq=False)
class Area:
    """`mask` is bool (H, W), true where the editor may paint; `name` what the user called it."""

    mask: np.ndarray
    name: str

    @property
    def sha256(self) -> str:
        """Of size and content."""
        return hashlib.sha256(struct.pack("<II", *self.mask.shape) + np.packbits(self.mask).tobytes()).hexdigest()


AreaLike = str | Path | Sequence[float] | Image.Image | np.ndarray | Area


def load_area(source: AreaLike, picture: Picture) -> Area:
    """An area of a picture.

    Args:
        source: a box as text or four numbers; a mask as a file's path, a PIL image, or an array (H, W),
            bool, uint8 or float in [0, 1]; or an Area.
        picture: what it is an area of.

    Raises:
        ImageError: it is none, holds nothing, or is of another shape than the picture.
    """
    if isinstance(source, Area):
        area = source
    elif isinstance(source, np.ndarray) and source.ndim > 1:
        area = Area(_bright(source), "mask")
    elif isinstance(source, Image.Image):
        area = Area(np.asarray(source.convert("L")) > 127, "mask")
    elif isinstance(source, (str, Path)):
        text = str(source)
        area = _box(text, picture) if is_box(text) else _file(text)
    else:
        area = _box(",".join(f"{float(number)!r}" for number in _four(source)), picture)
    return _fitted(area, picture)


def _four(numbers: Sequence[float] | np.ndarray) -> list[float]:
    found = list(numbers)
    if len(found) != 4:
        raise ImageError(f"a box has four numbers, left, top, right and bottom; this has {len(found)}")
    # Whole numbers given as floats by Python are pixels all the same.
    return [int(number) if number > 1 and float(number).is_integer() else number for number in found]


def _box(text: str, picture: Picture) -> Area:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise ImageError(f"the area {text!r} is no box; write left,top,right,bottom, such as 10,20,200,180") from None
    width, height = picture.size
    if "." in text and max(numbers) <= 1:
        numbers = [number * side for number, side in zip(numbers, (width, height) * 2, strict=True)]
    left, top, right, bottom = (round(number) for number in numbers)
    if left >= right or top >= bottom:
        raise ImageError(f"the area {text!r} is empty; left must be under right, and top under bottom")
    mask = np.zeros((height, width), dtype=bool)
    mask[top:bottom, left:right] = True
    return Area(mask, text.replace(" ", ""))


def _file(text: str) -> Area:
    if text.startswith(SEGMENT):
        raise ImageError(f"{text} names a model; open it with `smile_core.editors.segmentation.segment`")
    mask = load_picture(Path(text))
    return Area(mask.pixels.mean(axis=2) > 127, mask.name)


def _bright(array: np.ndarray) -> np.ndarray:
    if array.ndim == 3 and array.shape[2] in (1, 3):
        array = array.mean(axis=2)
    if array.ndim != 2:
        raise ImageError(f"an array of shape {array.shape} is no area; use (height, width)")
    if array.dtype == bool:
        return array.copy()
    limit = 0.5 if array.dtype.kind == "f" and array.max(initial=0) <= 1 else 127
    bright: np.ndarray = array > limit
    return bright


def _fitted(area: Area, picture: Picture) -> Area:
    width, height = picture.size
    rows, columns = area.mask.shape
    if (columns, rows) != (width, height):
        if abs(columns * height - rows * width) > max(width, height, columns, rows):
            raise ImageError(
                f"the area is {columns} x {rows}, the picture {width} x {height}; they must have one shape"
            )
        resized = Image.fromarray(area.mask).resize((width, height), Image.Resampling.NEAREST)
        area = Area(np.asarray(resized), area.name)
    if not area.mask.any():
        raise ImageError(f"the area {area.name!r} holds nothing of the picture; in a mask, bright means paint")
    return area
