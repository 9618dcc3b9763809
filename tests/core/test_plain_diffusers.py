"""The shipped folders are diffusers' own: its pipelines load them and edit as the model cards say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionInstructPix2PixPipeline
from PIL import Image

from bench.scenes import asked
from smile_core.editors.registry import WEIGHTS, open_editor
from smile_core.scenes.quiz import Question, is_right


def _right(model: str, edit: Callable[[Question, Image.Image, Image.Image], Image.Image]) -> float:
    """Share of sixteen questions that a pipeline answers right; by chance it were 1 of 22."""
    right = []
    for question, _, area in asked(open_editor(model), 16, seed=45_000, wide=0):
        picture = edit(question, Image.fromarray(question.source), Image.fromarray(area.astype(np.uint8) * 255))
        right.append(is_right(question, np.asarray(picture)))
    return float(np.mean(right))


def test_instruct_pix2pix() -> None:
    pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(WEIGHTS / "scenes-ip2p", dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)

    def edit(question: Question, image: Image.Image, area: Image.Image) -> Image.Image:
        settings = {"num_inference_steps": 3, "guidance_scale": 1.2, "image_guidance_scale": 1.2}
        return pipe(question.instruction, image, generator=torch.Generator().manual_seed(0), **settings).images[0]

    assert _right("scenes-ip2p", edit) >= 0.7


def test_inpainting() -> None:
    pipe = StableDiffusionInpaintPipeline.from_pretrained(WEIGHTS / "scenes-inpaint", dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)

    def edit(question: Question, image: Image.Image, area: Image.Image) -> Image.Image:
        settings = {"num_inference_steps": 2, "strength": 0.5, "guidance_scale": 1, "height": 128, "width": 128}
        random = torch.Generator().manual_seed(0)
        return pipe(question.instruction, image, mask_image=area, generator=random, **settings).images[0]

    assert _right("scenes-inpaint", edit) >= 0.7
