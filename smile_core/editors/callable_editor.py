"""Any function as an editor: that is what model-agnostic means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from smile_core.editors.pictures_out import as_pictures


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
            EditorError: the function gave something that is not a list of pictures.
        """
        given = self._function(Image.fromarray(image), list(prompts), seed)
        return as_pictures(given, self.describe()["name"])
