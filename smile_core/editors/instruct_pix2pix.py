"""Editor for InstructPix2Pix (Stable Diffusion 1.x) folders.

Source: Brooks et al., arXiv 2211.09800, through diffusers' StableDiffusionInstructPix2PixPipeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from smile_core.editors.diffusers_folder import (
    characters_read,
    device_in_use,
    folder_fingerprint,
    load_quietly,
    resized,
    working_size,
)
from smile_core.editors.pictures_out import as_pictures


class InstructPix2PixEditor:
    """Few-step diffusion with paired noise: every sub-prompt sees the same latents and the same steps' noise."""

    def __init__(
        self, folder: Path, *, name: str, steps: int = 20, guidance: float = 7.5, image_guidance: float = 1.5
    ) -> None:
        self._folder, self._name = folder, name
        self._steps, self._guidance, self._image_guidance = steps, guidance, image_guidance
        self._device = device_in_use()
        settings = {"steps": steps, "guidance": guidance, "image_guidance": image_guidance}
        self.fingerprint: str | None = folder_fingerprint(folder, settings, self._device)

    @cached_property
    def _pipeline(self) -> Any:
        from diffusers import StableDiffusionInstructPix2PixPipeline

        dtype = torch.float16 if self._device.type == "cuda" else torch.float32

        def load() -> Any:
            pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(
                self._folder, dtype=dtype, local_files_only=True, use_safetensors=True
            )
            pipeline.set_progress_bar_config(disable=True)
            return pipeline.to(self._device)

        return load_quietly(load, self._folder)

    def describe(self) -> dict[str, str]:
        """Name, family, and what fixes an edit."""
        return {
            "name": self._name,
            "family": "InstructPix2Pix",
            "steps": str(self._steps),
            "guidance": f"text {self._guidance:g}, picture {self._image_guidance:g}",
            "noise": "the same for every sub-prompt",
        }

    def characters_read(self, prompt: str) -> int:
        """See `ReadsPartly`."""
        return characters_read(self._pipeline.tokenizer, prompt)

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor.edit`. A picture that the model's safety checker blanks is None."""
        pipeline, n = self._pipeline, len(prompts)
        factor = pipeline.vae_scale_factor
        native = int(pipeline.unet.config.sample_size) * factor
        multiple = factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1)
        width, height = working_size(image.shape[1], image.shape[0], native=native, multiple=multiple)
        # Noise is drawn on the CPU: initial latents once for all rows, later noise by one generator a
        # row, all with the same seed, since one shared generator would give each row noise of its own.
        shape = (1, pipeline.vae.config.latent_channels, height // factor, width // factor)
        latents = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float32)
        result = pipeline(
            prompt=list(prompts),
            image=[resized(image, (width, height))] * n,
            num_inference_steps=self._steps,
            guidance_scale=self._guidance,
            image_guidance_scale=self._image_guidance,
            latents=latents.to(pipeline.unet.dtype).expand(n, -1, -1, -1).clone(),
            generator=[torch.Generator("cpu").manual_seed(seed + 1) for _ in range(n)],
            output_type="np",
        )
        blanked = result.nsfw_content_detected or [False] * n
        pictures = [None if blank else picture for picture, blank in zip(result.images, blanked, strict=True)]
        return as_pictures(pictures, self._name)
