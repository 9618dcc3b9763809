"""What an editor gives back: a picture or None for each prompt, checked, and at the size of the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from smile_core.errors import EditorError

MOST_RESULT_PIXELS = 1 << 21


def as_pictures(given: Any, name: str) -> list[np.ndarray | None]:
    """The pictures of one batch as arrays of their own, uint8 (H, W, 3), not to be written to.

    Args:
        given: a sequence or array of PIL images, arrays (H, W, 3) of uint8 or of floats in [0, 1], or None.
        name: the editor's, for messages.

    Raises:
        EditorError: it is something else.
    """
    if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, (str, bytes)):
        what = type(given).__name__
        raise EditorError(f"{name} gave a {what}; it must give a list of pictures, one a prompt")
    return [None if picture is None else _pixels(picture, name) for picture in given]


def _pixels(picture: Any, name: str) -> np.ndarray:
    # Copies: an editor may fill one buffer again and again.
    pixels = np.array(picture.convert("RGB")) if isinstance(picture, Image.Image) else _from_array(picture, name)
    pixels.setflags(write=False)
    return pixels


def _from_array(picture: Any, name: str) -> np.ndarray:
    if not isinstance(picture, np.ndarray):
        raise EditorError(f"{name} gave a {type(picture).__name__} instead of a picture; give PIL images or arrays")
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise EditorError(f"{name} gave an array of shape {picture.shape}; a picture is (height, width, 3)")
    if picture.dtype == np.uint8:
        return picture.copy()
    if picture.dtype.kind != "f":
        raise EditorError(f"{name} gave an array of {picture.dtype}; use uint8, or floats between 0 and 1")
    if not np.isfinite(picture).all():
        raise EditorError(f"{name} gave a picture with NaN or infinite values; check the model's precision")
    if picture.min() < -1e-3 or picture.max() > 1 + 1e-3:
        raise EditorError(f"{name} gave floats outside 0 to 1; scale them, or give uint8")
    pixels: np.ndarray = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    return pixels


def resized(image: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """A picture uint8 (H, W, 3) as a PIL image of another size."""
    picture = Image.fromarray(image)
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def at_source_size(pictures: Sequence[np.ndarray | None], source: np.ndarray) -> list[np.ndarray | None]:
    """Edits (h, w, 3) at the size of the picture (H, W, 3) that they edit; of a larger one, at its shape with
    two million pixels, since no model adds detail beyond.
    """
    height, width = source.shape[:2]
    shrunk = min(1.0, (MOST_RESULT_PIXELS / (height * width)) ** 0.5)
    size = (max(1, round(width * shrunk)), max(1, round(height * shrunk)))
    return [None if picture is None else np.array(resized(picture, size)) for picture in pictures]
