"""Our batched path against diffusers' own pipelines, called as their authors call them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from families import area_of, edit, gap
from PIL import Image

PROMPTS = ["make the car red", "", "car red", "make it snow tonight"]
EXACT = 2
"""Of 255, anywhere, in single precision."""

PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "InstructPix2Pix": (
        "StableDiffusionInstructPix2PixPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "image_guidance_scale": 1.5},
    ),
    "InstructPix2Pix XL": (
        "StableDiffusionXLInstructPix2PixPipeline",
        {"num_inference_steps": 4, "guidance_scale": 5.0, "image_guidance_scale": 1.5, "width": 32, "height": 32},
    ),
    "image-to-image": (
        "StableDiffusionImg2ImgPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "strength": 0.75},
    ),
    "image-to-image XL": (
        "StableDiffusionXLImg2ImgPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "strength": 0.75},
    ),
    "inpainting": (
        "StableDiffusionInpaintPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "width": 32, "height": 32},
    ),
    "inpainting with 4 channels": (
        "StableDiffusionInpaintPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "width": 32, "height": 32},
    ),
    "inpainting XL": (
        "StableDiffusionXLInpaintPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "strength": 1.0, "width": 32, "height": 32},
    ),
    "FLUX.1 Kontext": (
        "FluxKontextPipeline",
        {
            "num_inference_steps": 3,
            "guidance_scale": 2.5,
            "width": 32,
            "height": 32,
            "max_area": 32 * 32,
            "_auto_resize": False,
        },
    ),
    "LatentConsistencyModelImg2Img": ("LatentConsistencyModelImg2ImgPipeline", {"num_inference_steps": 4}),
    "FluxImg2Img": ("FluxImg2ImgPipeline", {"num_inference_steps": 4, "width": 32, "height": 32}),
}


HALF = 45.0
"""dB, in half precision: rows in other shapes are rounded otherwise."""


def _plain(family: str, folder: Path, image: np.ndarray, *, dtype: torch.dtype, device: str) -> list[np.ndarray]:
    """Edits by diffusers alone, one prompt a call."""
    kind, settings = PLAIN[family]
    pipeline = getattr(diffusers, kind).from_pretrained(folder, dtype=dtype).to(device)
    pipeline.set_progress_bar_config(disable=True)
    inside = area_of(image)
    mask = {"mask_image": Image.fromarray(inside)} if "inpainting" in family else {}
    made = []
    for prompt in PROMPTS:
        plain = pipeline(
            prompt=prompt,
            image=Image.fromarray(image),
            generator=torch.Generator("cpu").manual_seed(5),
            output_type="np",
            **settings,
            **mask,
        ).images[0]
        picture = (plain * 255).round().astype(np.uint8)
        made.append(np.where(inside[..., None], picture, image) if mask else picture)
    return made


@pytest.mark.parametrize("family", PLAIN)
def test_edits_are_those_of_the_plain_pipeline(
    family: str, open_family: Callable[..., Any], folder_of: Callable[[str], Path], image: np.ndarray
) -> None:
    ours = edit(open_family(family, device="cpu", precision="float32"), image, PROMPTS, seed=5)
    plain = _plain(family, folder_of(family), image, dtype=torch.float32, device="cpu")
    assert max(gap(a, b) for a, b in zip(ours, plain, strict=True)) <= EXACT


@pytest.mark.parametrize("family", PLAIN)
def test_in_half_precision_too(
    family: str, open_family: Callable[..., Any], folder_of: Callable[[str], Path], image: np.ndarray
) -> None:
    """In the half precision that the family has on a GPU; on one where there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    half = open_family(family).half
    precision = str(half).removeprefix("torch.")
    ours = edit(open_family(family, device=device, precision=precision), image, PROMPTS, seed=5)
    plain = _plain(family, folder_of(family), image, dtype=half, device=device)
    errors = [float(np.square(a.astype(float) - b).mean()) for a, b in zip(ours, plain, strict=True)]
    assert 10 * np.log10(255**2 / max(1e-9, float(np.mean(errors)))) >= HALF
