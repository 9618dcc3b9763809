"""Any function as an editor: that is what model-agnostic means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from smile_core.errors import EditorError


class CallableEditor:
    """Wraps `function(image, prompts, seed) -> images`.

    The function gets a PIL image, a list of N prompts and an int, and gives N pictures: PIL images, or
    arrays (H, W, 3) of uint8 or of floats in [0, 1]; None for an edit that it refuses. Nothing is known
    about it from outside, so its edits are remembered only in memory.
    """

    fingerprint: str | None = None

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def describe(self) -> dict[str, str]:
        """Its own name, where it has one."""
        name = getattr(self._function, "__name__", type(self._function).__name__)
        return {"name": name, "family": "callable"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor.edit`.

        Raises:
            EditorError: the function gave something that is not N pictures.
        """
        given = self._function(Image.fromarray(image), list(prompts), seed)
        if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, (str, bytes)):
            what = type(given).__name__
            raise EditorError(f"{self.describe()['name']} gave a {what}; it must give a list of pictures, one a prompt")
        return [self._pixels(picture) for picture in given]

    def _pixels(self, picture: Any) -> np.ndarray | None:
        name = self.describe()["name"]
        if picture is None:
            return None
        if isinstance(picture, Image.Image):
            return np.asarray(picture.convert("RGB"))
        if not isinstance(picture, np.ndarray):
            raise EditorError(f"{name} gave a {type(picture).__name__} instead of a picture")
        if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
            raise EditorError(f"{name} gave an array of shape {picture.shape}; a picture is (height, width, 3)")
        if picture.dtype == np.uint8:
            return picture
        if picture.dtype.kind != "f":
            raise EditorError(f"{name} gave an array of {picture.dtype}; use uint8, or floats between 0 and 1")
        if not np.isfinite(picture).all():
            raise EditorError(f"{name} gave a picture with NaN or infinite values; check the model's precision")
        if picture.min() < -1e-3 or picture.max() > 1 + 1e-3:
            raise EditorError(f"{name} gave floats outside 0 to 1; scale them, or give uint8")
        return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
