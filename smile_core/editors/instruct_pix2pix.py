"""Editor for InstructPix2Pix (Stable Diffusion 1.x) folders.

Source: Brooks et al., arXiv 2211.09800, through diffusers' StableDiffusionInstructPix2PixPipeline.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
from smile_core.editors.known_pictures import remarks_on
from smile_core.editors.pictures_out import as_pictures
from smile_core.errors import Cancelled

DEFAULTS = {"steps": 20, "guidance": 7.5, "image_guidance": 1.5}


def _advised(folder: Path) -> dict[str, float]:
    """What a model's folder says of its own use, in `editing.json`."""
    file = folder / "editing.json"
    if not file.is_file():
        return {}
    advised = json.loads(file.read_text(encoding="utf-8"))
    return {name: advised[name] for name in DEFAULTS if name in advised}


class InstructPix2PixEditor:
    """Few-step diffusion with paired noise: every sub-prompt sees the same latents and the same steps' noise."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        steps: int | None = None,
        guidance: float | None = None,
        image_guidance: float | None = None,
    ) -> None:
        """What is not given is taken from the folder's `editing.json`, else 20 steps, 7.5 and 1.5."""
        self._folder, self._name = folder, name
        given = {"steps": steps, "guidance": guidance, "image_guidance": image_guidance}
        settings = {**DEFAULTS, **_advised(folder), **{k: v for k, v in given.items() if v is not None}}
        self._steps, self._guidance = int(settings["steps"]), float(settings["guidance"])
        self._image_guidance = float(settings["image_guidance"])
        self._device = device_in_use()
        self._asked_to_stop: Callable[[], bool] = lambda: False
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

    def stop_when(self, asked: Callable[[], bool]) -> None:
        """See `StopsBetweenSteps`."""
        self._asked_to_stop = asked

    def _between_steps(self, pipeline: Any, step: int, time: Any, given: dict[str, Any]) -> dict[str, Any]:
        if self._asked_to_stop():
            raise Cancelled("stopped on request; what is finished is kept, ask again to go on")
        return given

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

    def remarks(self, image: np.ndarray, words: Sequence[str]) -> tuple[str, ...]:
        """See `KnowsItsLimits`."""
        return remarks_on(image, words, self._pipeline.tokenizer, self._folder)

    @torch.no_grad()
    def _encoded(self, image: Any) -> torch.Tensor:
        """The picture's latents (1, C, h, w), once for all rows; diffusers takes them in place of pictures."""
        vae = self._pipeline.vae
        pixels = self._pipeline.image_processor.preprocess(image).to(self._device, vae.dtype)
        latents: torch.Tensor = vae.encode(pixels).latent_dist.mode()
        return latents

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
            image=self._encoded(resized(image, (width, height))).expand(n, -1, -1, -1),
            num_inference_steps=self._steps,
            guidance_scale=self._guidance,
            image_guidance_scale=self._image_guidance,
            latents=latents.to(pipeline.unet.dtype).expand(n, -1, -1, -1).clone(),
            generator=[torch.Generator("cpu").manual_seed(seed + 1) for _ in range(n)],
            output_type="np",
            callback_on_step_end=self._between_steps,
        )
        blanked = result.nsfw_content_detected or [False] * n
        pictures = [None if blank else picture for picture, blank in zip(result.images, blanked, strict=True)]
        return as_pictures(pictures, self._name)
