"""Editor for inpainting folders, Stable Diffusion 1.x, 2 and XL: paints inside an area only.

Source: Rombach et al., arXiv 2112.10752, through diffusers' inpainting pipelines, for UNets of nine
channels (noise, area, picture without the area) and of four (the outside is put back at each step). The
prompt describes what the area shall show. Outside of the area the source's own pixels are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.editors.pictures_out import resized
from smile_core.editors.shortcuts import Branches
from smile_core.errors import EditorError


class InpaintingEditor(DiffusersEditor):
    """Paints an area anew under the text. See `PaintsInArea`."""

    family = "inpainting"
    defaults: Mapping[str, float] = {"steps": 30, "guidance": 7.5, "strength": 1.0}
    paints_in_area = True
    branches: ClassVar[Branches | None] = Branches(2, text=1)
    deep: ClassVar[bool] = True

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """An inpainting model cannot edit without an area.

        Raises:
            EditorError: always.
        """
        raise EditorError(f"{self._name} paints inside an area; give one with --area (a box or a mask's file)")

    def edit_area(
        self, image: np.ndarray, area: np.ndarray, prompts: Sequence[str], *, seed: int
    ) -> list[np.ndarray | None]:
        """See `PaintsInArea.edit_area`."""
        pictures = self._edited(image, area, prompts, seed)
        return [None if picture is None else _only_inside(picture, image, area) for picture in pictures]

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        return {
            "prompt": prompts,
            "image": picture,
            "mask_image": mask,
            "width": picture.width,
            "height": picture.height,
            "num_inference_steps": int(self._settings["steps"]),
            "guidance_scale": self._settings["guidance"],
            "strength": self._settings["strength"],
        }

    def _multiple(self) -> int:
        # Both are powers of two; the pipelines want 8 even where the network would take less.
        return max(8, super()._multiple())


def _only_inside(edited: np.ndarray, image: np.ndarray, area: np.ndarray) -> np.ndarray:
    """An edit (h, w, 3) with the source's pixels outside of the area; the model changes them a little."""
    size = (edited.shape[1], edited.shape[0])
    inside = np.asarray(Image.fromarray(area).resize(size, Image.Resampling.NEAREST))
    kept: np.ndarray = np.where(inside[..., None], edited, np.asarray(resized(image, size)))
    return kept
