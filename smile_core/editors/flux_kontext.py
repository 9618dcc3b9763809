"""Editor for FLUX.1 Kontext folders.

Source: Black Forest Labs, arXiv 2506.15742, through diffusers' FluxKontextPipeline: the picture's tokens
stand beside the noise's, and guidance is distilled, so that a step is one pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from PIL import Image

from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.editors.diffusers_folder import characters_read

_NATIVE = 1024
_LONGEST_TEXT = 512


class FluxKontextEditor(DiffusersEditor):
    """Flow matching over the tokens of text, noise and picture."""

    family = "FLUX.1 Kontext"
    defaults: Mapping[str, float] = {"steps": 28, "guidance": 2.5}
    half = torch.bfloat16
    deep = True

    def characters_read(self, prompt: str) -> int:
        """See `ReadsPartly`. The T5 encoder reads the whole prompt up to 512 tokens; CLIP only tunes the style."""
        return characters_read(self._pipeline.tokenizer_2, prompt, limit=_LONGEST_TEXT)

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        return {
            "prompt": prompts,
            "image": picture,
            "width": picture.width,
            "height": picture.height,
            "max_area": picture.width * picture.height,
            "_auto_resize": False,
            "num_inference_steps": int(self._settings["steps"]),
            "guidance_scale": self._settings["guidance"],
            "max_sequence_length": _LONGEST_TEXT,
        }

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """One of the sizes that the model was trained on, the nearest in shape."""
        if self._settings["side"]:
            return super()._size(width, height)
        from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS

        _, wide, high = min((abs(width / height - w / h), w, h) for w, h in PREFERRED_KONTEXT_RESOLUTIONS)
        return int(wide), int(high)

    def _native(self) -> int:
        return _NATIVE

    def _multiple(self) -> int:
        return int(self._pipeline.vae_scale_factor) * 2
