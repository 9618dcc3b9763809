"""Editor for Qwen-Image-Edit-Plus folders (2509 and later).

Source: Wu et al., "Qwen-Image Technical Report", arXiv 2508.02324, through diffusers'
QwenImageEditPlusPipeline, which takes one prompt a call: a language model reads picture and prompt
together, and the guidance's other branch reads a blank prompt, once a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from PIL import Image

from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.editors.diffusers_folder import characters_read
from smile_core.editors.shortcuts import Branches

_NATIVE = 1024
_MULTIPLE = 32
_LONGEST_TEXT = 1024
_BLANK = " "


class QwenImageEditEditor(DiffusersEditor):
    """Flow matching under what a vision-language model makes of picture and prompt."""

    family = "Qwen-Image-Edit"
    defaults: Mapping[str, float] = {"steps": 40, "guidance": 4.0}
    half = torch.bfloat16
    deep = True
    one_at_a_time = True
    branches = Branches(2, text=0, apart=True)

    _blank: tuple[bytes, dict[str, Any]] | None = None

    def characters_read(self, prompt: str) -> int:
        """See `ReadsPartly`."""
        return characters_read(self._pipeline.tokenizer, prompt, limit=_LONGEST_TEXT)

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        guided = self._settings["guidance"] > 1
        return {
            "prompt": prompts[0],
            "image": [picture],
            "width": picture.width,
            "height": picture.height,
            "num_inference_steps": int(self._settings["steps"]),
            "true_cfg_scale": self._settings["guidance"],
            "max_sequence_length": _LONGEST_TEXT,
            **(self._blank_prompt(picture) if guided else {}),
        }

    @torch.no_grad()
    def _blank_prompt(self, picture: Image.Image) -> dict[str, Any]:
        """What the language model makes of the picture and a blank prompt; kept for the picture's other edits."""
        from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as source

        content = picture.tobytes()
        if self._blank is None or self._blank[0] != content:
            pipeline = self._pipeline
            width, height = source.calculate_dimensions(source.CONDITION_IMAGE_SIZE, picture.width / picture.height)
            embeds, mask = pipeline.encode_prompt(
                image=[pipeline.image_processor.resize(picture, height, width)],
                prompt=_BLANK,
                device=self._device,
                max_sequence_length=_LONGEST_TEXT,
            )
            if mask is None:
                mask = torch.ones(embeds.shape[:2], dtype=torch.long, device=embeds.device)
            self._blank = content, {"negative_prompt_embeds": embeds, "negative_prompt_embeds_mask": mask}
        return self._blank[1]

    def _native(self) -> int:
        return _NATIVE

    def _multiple(self) -> int:
        return _MULTIPLE
