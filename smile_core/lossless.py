"""A picture as few bytes, and back to the bit.

Lossless WebP at its fastest. Against raw pixels with zlib level 1, PNG level 1 and row differences
with zlib it makes the smallest files and is about as quick as the quickest: see `python -m bench.store`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from PIL import Image

MOST_PIXELS_A_SIDE = 16383
"""WebP holds no more."""


@dataclass(frozen=True)
class Packed:
    """A picture of `height` x `width` pixels as bytes, and their CRC-32."""

    height: int
    width: int
    crc: int
    data: bytes


def can_pack(picture: np.ndarray) -> bool:
    """Whether this is a picture, uint8 (H, W, 3), no side of it 0 or too long."""
    sides = picture.shape[:2]
    shaped = picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8
    return shaped and min(sides) > 0 and max(sides) <= MOST_PIXELS_A_SIDE


def pack(picture: np.ndarray) -> Packed:
    """Pack a picture.

    Raises:
        ValueError: `can_pack` says no.
    """
    if not can_pack(picture):
        raise ValueError(f"an array of shape {picture.shape} and type {picture.dtype} is not a picture to pack")
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", lossless=True, method=0, quality=0)
    data = buffer.getvalue()
    return Packed(picture.shape[0], picture.shape[1], crc32(data), data)


def unpack(packed: Packed) -> np.ndarray | None:
    """The picture, uint8 (H, W, 3), not to be written to; None when bytes, size or CRC do not agree."""
    if crc32(packed.data) != packed.crc:
        return None
    try:
        with Image.open(io.BytesIO(packed.data), formats=["WEBP"]) as image:
            if image.size != (packed.width, packed.height) or image.mode != "RGB":
                return None
            picture = np.asarray(image)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    picture.setflags(write=False)
    return picture
