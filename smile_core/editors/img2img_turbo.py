"""Editor for Img2Img-Turbo folders: one step, no noise at all.

The plain form edits the picture; the edge-to-image form draws a new one along the picture's edges, as the
published `edge_to_image` checkpoint does (`edges` 1 in the folder's `editing.json`; `turbo_checkpoint.py`
converts it). That checkpoint takes values from 0 to 1, models of our own from -1 to 1 (`unit_range`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image

from smile_core.editors.canny import canny
from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.editors.diffusers_folder import to_uint8
from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline
from smile_core.editors.paired_noise import PairedNoise


class Img2ImgTurboEditor(DiffusersEditor):
    """One UNet call an edit; deterministic, so the seed changes nothing."""

    family = "Img2Img-Turbo"
    defaults: Mapping[str, float] = {"edges": 0, "low": 100, "high": 200, "unit_range": 0}

    def describe(self) -> dict[str, str]:
        """Name, family, and what fixes an edit."""
        edges = f"Canny {self._settings['low']:g} to {self._settings['high']:g}"
        seen = {"sees": edges} if self._settings["edges"] else {}
        return {"name": self._name, "family": self.family, "steps": "1", **seen, "noise": "none"}

    def _batch(
        self, picture: Image.Image, mask: Image.Image | None, prompts: list[str], seed: int
    ) -> list[np.ndarray | None]:
        pixels = np.array(picture)
        if self._settings["edges"]:
            pixels = np.repeat(canny(pixels, self._settings["low"], self._settings["high"])[..., None], 3, axis=2)
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        batch = batch if self._settings["unit_range"] else batch * 2 - 1
        pipeline = self._pipeline
        with PairedNoise(len(prompts), seed=seed) as noise:
            self._work.begin(noise)
            return to_uint8(pipeline(prompts, batch.to(self._device, pipeline.unet.dtype)))

    def _pipeline_class(self) -> Any:
        return Img2ImgTurboPipeline

    def _native(self) -> int:
        return int(self._pipeline.vae.config.sample_size)

    def _multiple(self) -> int:
        pipeline = self._pipeline
        factor = 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
        return int(factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1))
