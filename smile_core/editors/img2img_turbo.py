"""Editor for Img2Img-Turbo folders: one step, no noise at all."""

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
    to_uint8,
    working_size,
)
from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline
from smile_core.editors.known_pictures import remarks_on


class Img2ImgTurboEditor:
    """One UNet call an edit; deterministic, so the seed changes nothing."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self._folder, self._name = folder, name
        self._device = device_in_use()
        self.fingerprint: str | None = folder_fingerprint(folder, {}, self._device)

    @cached_property
    def _pipeline(self) -> Img2ImgTurboPipeline:
        # On the CPU half precision is slow or missing; the weights are widened once.
        dtype = torch.float16 if self._device.type == "cuda" else torch.float32

        def load() -> Img2ImgTurboPipeline:
            loaded: Any = Img2ImgTurboPipeline.from_pretrained(
                self._folder, dtype=dtype, local_files_only=True, use_safetensors=True
            )
            return loaded.to(self._device)  # type: ignore[no-any-return]

        return load_quietly(load, self._folder)

    def describe(self) -> dict[str, str]:
        """Name, family, and what fixes an edit."""
        return {"name": self._name, "family": "Img2Img-Turbo", "steps": "1", "noise": "none"}

    def characters_read(self, prompt: str) -> int:
        """See `ReadsPartly`."""
        return characters_read(self._pipeline.tokenizer, prompt)

    def remarks(self, image: np.ndarray, words: Sequence[str]) -> tuple[str, ...]:
        """See `KnowsItsLimits`."""
        return remarks_on(image, words, self._pipeline.tokenizer, self._folder)

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor.edit`."""
        pipeline = self._pipeline
        factor = 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
        multiple = factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1)
        native = int(pipeline.vae.config.sample_size)
        size = working_size(image.shape[1], image.shape[0], native=native, multiple=multiple)
        pixels = torch.from_numpy(np.array(resized(image, size))).permute(2, 0, 1)[None]
        batch = (pixels.float() / 127.5 - 1).to(self._device, pipeline.unet.dtype)
        return to_uint8(pipeline(prompts, batch))
