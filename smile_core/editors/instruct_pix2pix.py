"""Editor for InstructPix2Pix folders, Stable Diffusion 1.x and XL.

Source: Brooks et al., arXiv 2211.09800, through diffusers' StableDiffusionInstructPix2PixPipeline and
StableDiffusionXLInstructPix2PixPipeline. Three branches a step: text and picture, picture, neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import Image

from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.editors.shortcuts import Branches


class InstructPix2PixEditor(DiffusersEditor):
    """Few-step diffusion from noise, beside the picture's latents."""

    family = "InstructPix2Pix"
    defaults: Mapping[str, float] = {"steps": 20, "guidance": 7.5, "image_guidance": 1.5}
    branches = Branches(3, text=0)
    deep = True

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        return {
            "prompt": prompts,
            "image": picture,
            "num_inference_steps": int(self._settings["steps"]),
            "guidance_scale": self._settings["guidance"],
            "image_guidance_scale": self._settings["image_guidance"],
        }


class InstructPix2PixXLEditor(InstructPix2PixEditor):
    """The same on Stable Diffusion XL, whose pipeline is told the size as well."""

    family = "InstructPix2Pix XL"
    defaults: Mapping[str, float] = {"steps": 30, "guidance": 5.0, "image_guidance": 1.5}

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        return {**super()._call(picture, mask, prompts), "width": picture.width, "height": picture.height}
