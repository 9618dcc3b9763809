"""Editor for image-to-image folders, Stable Diffusion 1.x, 2, Turbo and XL.

Source: Meng et al., "SDEdit", arXiv 2108.01073, through diffusers' image-to-image pipelines: noise is
added to the picture up to `strength`, and taken away again under the text. The prompt describes the result.
A folder that names a text-to-image pipeline holds the same parts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.editors.shortcuts import Branches
from smile_core.errors import EditorError


class ImageToImageEditor(DiffusersEditor):
    """From the noised picture to one that fits the text."""

    family = "image-to-image"
    defaults: Mapping[str, float] = {"steps": 30, "guidance": 7.5, "strength": 0.75}
    branches = Branches(2, text=1)
    deep = True

    def _usual(self, folder: Path) -> Mapping[str, float]:
        # Models distilled to few steps, told by their scheduler's spacing, want no guidance (SD-Turbo's card).
        return {"steps": 2, "guidance": 0.0, "strength": 0.5} if _distilled(folder) else self.defaults

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        steps, strength = int(self._settings["steps"]), self._settings["strength"]
        if not 0 < strength <= 1 or int(steps * strength) < 1:
            raise EditorError(
                f"{self._name}: {steps} steps at strength {strength:g} leave none; steps x strength must be 1 or more"
            )
        return {
            "prompt": prompts,
            "image": picture,
            "num_inference_steps": steps,
            "guidance_scale": self._settings["guidance"],
            "strength": strength,
        }

    def _pipeline_class(self) -> Any:
        import diffusers

        named = self._class.removesuffix("Pipeline").removesuffix("Img2Img")
        return getattr(diffusers, f"{named}Img2ImgPipeline")


def _distilled(folder: Path) -> bool:
    file = folder / "scheduler" / "scheduler_config.json"
    try:
        return bool(json.loads(file.read_text(encoding="utf-8")).get("timestep_spacing") == "trailing")
    except (OSError, ValueError, AttributeError):
        return False
