"""Editor for any other pipeline of the installed diffusers that takes a prompt and a picture, by its signature.

What it can do, and where it stops: the call must know `prompt` and `image`, and may know `mask_image`,
`width`, `height`, `num_inference_steps`, `guidance_scale` or `true_cfg_scale`, `strength`, `generator`,
`output_type`; everything else keeps the pipeline's own default. Pipelines that need a second picture
(`control_image`) or make films (`num_frames`) are refused. Prompts go one at a time, so that no pipeline's
way with batches can mix them; each has a generator of its own with the same seed. Batched and tuned paths
exist only for the families with a module of their own.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.editors.inpainting import InpaintingEditor
from smile_core.editors.shortcuts import Branches
from smile_core.errors import EditorError

_REFUSED = {
    "control_image": "needs a second picture",
    "mask_image_2": "needs a second picture",
    "num_frames": "makes films",
    "video": "edits films",
}
_SETTINGS = {"num_inference_steps": "steps", "guidance_scale": "guidance", "strength": "strength"}
_NATIVE = 1024


def adapter_for(pipeline: str) -> type[DiffusersEditor] | None:
    """The editor class that fits a pipeline's signature.

    Args:
        pipeline: the class's name in diffusers.

    Returns:
        None where the installed diffusers has no such class, or it takes no prompt or no picture.

    Raises:
        EditorError: it takes both, and something else that nothing here can give.
    """
    parameters = _parameters(pipeline)
    if "prompt" not in parameters or "image" not in parameters:
        return None
    for name, why in _REFUSED.items():
        if name in parameters:
            raise EditorError(f"a {pipeline} {why}; use a model that edits one picture by one prompt")
    return AnyInpaintingEditor if "mask_image" in parameters else AnyPipelineEditor


def _parameters(pipeline: str) -> Mapping[str, inspect.Parameter]:
    import diffusers

    named = getattr(diffusers, pipeline, None) if pipeline.endswith("Pipeline") else None
    # What diffusers lacks a library for is a stand-in whose call is not a pipeline's.
    if not (inspect.isclass(named) and issubclass(named, diffusers.DiffusionPipeline)):
        return {}
    return inspect.signature(named.__call__).parameters


class AnyPipelineEditor(DiffusersEditor):
    """Calls a pipeline with those of our values that it knows."""

    one_at_a_time = True
    branches: ClassVar[Branches | None] = None
    deep: ClassVar[bool] = False

    def __init__(self, folder: Path, *, name: str, pipeline: str, **settings: Any) -> None:
        """See `DiffusersEditor`; the settings and their usual values are the pipeline's own."""
        self._knows = _parameters(pipeline)
        self.defaults = {
            ours: float(self._knows[theirs].default)
            for theirs, ours in _SETTINGS.items()
            if theirs in self._knows and isinstance(self._knows[theirs].default, (int, float))
        }
        super().__init__(folder, name=name, pipeline=pipeline, **settings)
        self.family = pipeline.removesuffix("Pipeline")

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        given: dict[str, Any] = {"prompt": prompts[0], "image": picture, "mask_image": mask}
        given |= {"width": picture.width, "height": picture.height}
        given |= {theirs: self._settings[ours] for theirs, ours in _SETTINGS.items() if ours in self._settings}
        if "num_inference_steps" in given:
            given["num_inference_steps"] = int(given["num_inference_steps"])
        guided = self._knows.get("true_cfg_scale")
        if guided is not None and isinstance(guided.default, (int, float)) and guided.default > 1:
            given["negative_prompt"] = " "
        return {name: value for name, value in given.items() if name in self._knows and value is not None}

    def _native(self) -> int:
        pipeline = self._pipeline
        unet = getattr(pipeline, "unet", None)
        side = getattr(pipeline, "default_sample_size", None) if unet is None else unet.config.sample_size
        return int(side) * self._factor() if isinstance(side, int) else _NATIVE

    def _multiple(self) -> int:
        unet = getattr(self._pipeline, "unet", None)
        levels = 2 if unet is None else len(unet.config.block_out_channels)
        return int(self._factor() * 2 ** max(1, levels - 1))

    def _factor(self) -> int:
        return int(getattr(self._pipeline, "vae_scale_factor", 8))


class AnyInpaintingEditor(AnyPipelineEditor, InpaintingEditor):
    """The same inside an area, for pipelines that know `mask_image`."""
