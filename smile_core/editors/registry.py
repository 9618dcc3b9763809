"""Which editors there are, and how a name, a folder, a hub id or a callable becomes one.

Nothing here imports torch; a model's module is imported when it is opened.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from smile_core.editors.callable_editor import CallableEditor
from smile_core.editors.protocol import Editor
from smile_core.errors import EditorError

WEIGHTS = Path(__file__).parent.parent / "scenes" / "weights"


@dataclass(frozen=True)
class Family:
    """Models that one module edits with. `steps` is what it takes when nobody says otherwise."""

    name: str
    module: str
    class_name: str
    steps: int


_FAMILIES = {
    "Img2ImgTurboPipeline": Family("Img2Img-Turbo", "img2img_turbo", "Img2ImgTurboEditor", 1),
    "StableDiffusionInstructPix2PixPipeline": Family(
        "InstructPix2Pix", "instruct_pix2pix", "InstructPix2PixEditor", 20
    ),
    "StableDiffusionXLInstructPix2PixPipeline": Family(
        "InstructPix2Pix XL", "instruct_pix2pix", "InstructPix2PixXLEditor", 30
    ),
    "FluxKontextPipeline": Family("FLUX.1 Kontext", "flux_kontext", "FluxKontextEditor", 28),
    "QwenImageEditPlusPipeline": Family("Qwen-Image-Edit", "qwen_image_edit", "QwenImageEditEditor", 40),
    **dict.fromkeys(
        ("StableDiffusionInpaintPipeline", "StableDiffusionXLInpaintPipeline"),
        Family("inpainting", "inpainting", "InpaintingEditor", 30),
    ),
    **dict.fromkeys(
        (
            "StableDiffusionPipeline",
            "StableDiffusionImg2ImgPipeline",
            "StableDiffusionXLPipeline",
            "StableDiffusionXLImg2ImgPipeline",
        ),
        Family("image-to-image", "image_to_image", "ImageToImageEditor", 30),
    ),
}
"""By the class that a folder's model_index.json names; other classes go by their signature."""
_LIBRARIES = (
    "diffusers", "transformers", "stable_diffusion", "stable_diffusion_xl", "smile_core.editors.img2img_turbo_pipeline",
)  # fmt: skip
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle")


@dataclass(frozen=True)
class Model:
    """A model that a name stands for. `folder` is where its weights lie; `about` one line for people."""

    name: str
    family: str
    folder: Path
    about: str

    @property
    def megabytes(self) -> float:
        """Size of its files in MB."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file()) / 1e6


_SHIPPED = (
    Model(
        "scenes-turbo",
        "Img2Img-Turbo",
        WEIGHTS / "scenes-turbo",
        "one step, embedded; knows only cartoon scenes as `smile scene` draws them",
    ),
    Model(
        "scenes-ip2p",
        "InstructPix2Pix",
        WEIGHTS / "scenes-ip2p",
        "three steps, embedded; knows only cartoon scenes as `smile scene` draws them",
    ),
    Model(
        "scenes-inpaint",
        "inpainting",
        WEIGHTS / "scenes-inpaint",
        "one step inside an area, embedded; knows only cartoon scenes as `smile scene` draws them",
    ),
)


def shipped_models() -> tuple[Model, ...]:
    """The models that come with the package: those whose weights are there."""
    return tuple(model for model in _SHIPPED if (model.folder / "model_index.json").is_file())


def open_editor(editor: str | Path | Editor | Callable[..., Any], **settings: Any) -> Editor:
    """The editor that is meant.

    Args:
        editor: a shipped model's name, a diffusers folder, the hub id (owner/name) of a fetched model, a
            server's address (https://server/v1#model), an Editor, or a callable
            (image, prompts, seed) -> images.
        **settings: of a model from a folder: steps and the like (see its family), precision, device,
            compile_with; of a server: see `HttpEditor`.

    Raises:
        EditorError: there is no such model, it cannot be loaded, or it has no such setting.
    """
    if isinstance(editor, (str, Path)):
        return _open_named(str(editor), settings)
    if settings:
        raise EditorError(f"{', '.join(settings)}: settings go with a model's name; this editor is open already")
    if hasattr(editor, "edit") and hasattr(editor, "describe"):
        return cast(Editor, editor)
    if callable(editor):
        return CallableEditor(editor)
    raise EditorError(f"{type(editor).__name__} is no editor; give a model's name, a folder, an Editor or a callable")


def _open_named(name: str, settings: Mapping[str, Any]) -> Editor:
    for model in shipped_models():
        if name == model.name:
            return _open_folder(model.folder, name, name, settings)
    path = Path(name)
    if len(name) > 1000:
        raise EditorError("the model's name is too long; give a name, a folder or a hub id")
    if name.startswith(("https://", "http://")):
        from smile_core.editors.http_editor import HttpEditor

        return HttpEditor(name, **settings)
    if path.suffix.lower() in _PICKLES:
        raise EditorError(f"{name} is a pickle checkpoint, which can run code when opened; convert it to safetensors")
    if path.is_dir():
        return _open_folder(path, path.resolve().name, name, settings)
    if path.is_file():
        raise EditorError(f"{name} is a file; give the diffusers folder that holds model_index.json")
    if name == "oracle":
        raise EditorError("the oracle needs the scene behind the picture; use a PNG made by `smile scene`")
    if HUB_ID.fullmatch(name) and not name.startswith("."):
        from smile_core.editors.fetched import fetched

        return _open_folder(fetched(name).folder, name, name, settings)
    names = ", ".join(model.name for model in shipped_models())
    raise EditorError(f"no model {name!r}; use {names}, a diffusers folder, or a hub id like owner/name")


def _open_folder(folder: Path, name: str, shell_name: str, settings: Mapping[str, Any]) -> Editor:
    pipeline = check_folder(folder)
    # Both libraries speak while they are imported; errors still come as exceptions.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    family = _FAMILIES.get(pipeline)
    if family is not None:
        found = getattr(importlib.import_module(f"smile_core.editors.{family.module}"), family.class_name)
    else:
        found = importlib.import_module("smile_core.editors.any_pipeline").adapter_for(pipeline)
    if found is None:
        known = ", ".join(dict.fromkeys(family.name for family in _FAMILIES.values()))
        raise EditorError(
            f"{folder} is a {pipeline}; supported are {known}, and what else of the installed diffusers takes "
            "a prompt and an image"
        )
    opened = found(folder, name=name, pipeline=pipeline, **settings)
    opened.shell_name = shell_name
    _OPENED[name] = opened
    return cast(Editor, opened)


_OPENED: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def is_loaded(name: str) -> bool:
    """Whether a model's weights are in this process's memory."""
    return bool(getattr(_OPENED.get(name), "loaded", False))


def family_of(folder: Path) -> tuple[str, int]:
    """The family's name and the usual number of steps of a checked folder; steps are 0 where nothing says.

    Raises:
        EditorError: as `check_folder`.
    """
    pipeline = check_folder(folder)
    family = _FAMILIES.get(pipeline, Family(pipeline.removesuffix("Pipeline"), "", "", 0))
    try:
        advised = json.loads((folder / "editing.json").read_text(encoding="utf-8"))
        return family.name, int(advised.get("steps", family.steps))
    except (OSError, ValueError, AttributeError, TypeError):
        return family.name, family.steps


def check_folder(folder: Path) -> str:
    """The pipeline class that a diffusers folder names, after checking that opening it runs no foreign code.

    Raises:
        EditorError: it is no diffusers folder, its weights are pickles, or a part
            comes from a library that is not allowed.
    """
    index_file = folder / "model_index.json"
    if not index_file.is_file():
        if any(file.suffix in _PICKLES for file in folder.iterdir()):
            raise EditorError(f"{folder} holds a pickle checkpoint, which can run code; convert it to safetensors")
        raise EditorError(f"{folder} is no diffusers model: it has no model_index.json")
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
        parts = {k: v for k, v in index.items() if not k.startswith("_") and isinstance(v, list) and len(v) == 2}
        pipeline = str(index["_class_name"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EditorError(f"{index_file} cannot be read ({error}); download the model again") from error
    for part, (library, _) in parts.items():
        if library is None:
            continue
        if library not in _LIBRARIES:
            raise EditorError(f"{folder}: its {part} comes from {library!r}, which would run foreign code; refused")
        inside = folder / part
        has_pickles = inside.is_dir() and any(f.suffix in _PICKLES for f in inside.iterdir())
        if has_pickles and not any(inside.glob("*.safetensors")):
            raise EditorError(f"{inside} holds only pickles, which can run code; convert them to safetensors")
    return pipeline
