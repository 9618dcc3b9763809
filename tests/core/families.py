"""Every family's tiny pipeline by name, and one way to call them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tiny_models

from smile_core.editors.protocol import PaintsInArea

FAMILIES = {
    "InstructPix2Pix": tiny_models.build_instruct_pix2pix,
    "InstructPix2Pix XL": tiny_models.build_instruct_pix2pix_xl,
    "image-to-image": tiny_models.build_image_to_image,
    "image-to-image XL": tiny_models.build_image_to_image_xl,
    "inpainting": tiny_models.build_inpainting,
    "inpainting with 4 channels": lambda folder: tiny_models.build_inpainting(folder, channels=4),
    "inpainting 2": tiny_models.build_inpainting_2,
    "inpainting XL": tiny_models.build_inpainting_xl,
    "FLUX.1 Kontext": tiny_models.build_flux_kontext,
    "Qwen-Image-Edit": tiny_models.build_qwen_image_edit,
    "Img2Img-Turbo": tiny_models.build_img2img_turbo,
    # None of these three is named anywhere in the package: they go by their signature.
    "LatentConsistencyModelImg2Img": tiny_models.build_latent_consistency,
    "FluxImg2Img": tiny_models.build_flux_image_to_image,
    "FluxInpaint": tiny_models.build_flux_inpainting,
}
SETTINGS: dict[str, dict[str, float]] = {
    "Img2Img-Turbo": {},
    # Random weights hear little of the text; more guidance makes it heard.
    "Qwen-Image-Edit": {"guidance": 40},
    "FLUX.1 Kontext": {},
}
"""Four steps, but for those that take fewer of their own."""


def area_of(image: np.ndarray) -> np.ndarray:
    """The middle of a picture."""
    area = np.zeros(image.shape[:2], dtype=bool)
    height, width = area.shape
    area[height // 4 : max(1, 3 * height // 4), width // 4 : max(1, 3 * width // 4)] = True
    return area


def edit(editor: Any, image: np.ndarray, prompts: Sequence[str], *, seed: int = 3) -> list[np.ndarray]:
    """Edits by any editor, inside an area where it needs one."""
    if isinstance(editor, PaintsInArea):
        return [np.asarray(one) for one in editor.edit_area(image, area_of(image), prompts, seed=seed)]
    return [np.asarray(one) for one in editor.edit(image, prompts, seed=seed)]


def gap(a: np.ndarray, b: np.ndarray) -> int:
    """The largest difference anywhere, in 255ths."""
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max())
