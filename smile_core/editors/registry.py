"""Which editors there are, and how a name, a folder, a hub id or a callable becomes one.

Nothing here imports torch; a model's module is imported when it is opened.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from smile_core.editors.callable_editor import CallableEditor
from smile_core.editors.protocol import Editor
from smile_core.errors import EditorError

WEIGHTS = Path(__file__).parent.parent / "scenes" / "weights"

_FAMILIES = {
    "Img2ImgTurboPipeline": "smile_core.editors.img2img_turbo:Img2ImgTurboEditor",
    "StableDiffusionInstructPix2PixPipeline": "smile_core.editors.instruct_pix2pix:InstructPix2PixEditor",
}
_LIBRARIES = ("diffusers", "transformers", "stable_diffusion", "smile_core.editors.img2img_turbo_pipeline")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
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


def shipped_models() -> tuple[Model, ...]:
    """The models that come with the package."""
    return (
        Model(
            "scenes-turbo",
            "Img2Img-Turbo",
            WEIGHTS / "scenes-turbo",
            "one step, embedded; knows only cartoon scenes as `smile scene` draws them",
        ),
    )


def open_editor(editor: str | Path | Editor | Callable[..., Any]) -> Editor:
    """The editor that is meant.

    Args:
        editor: a shipped model's name, a diffusers folder, a hub id (owner/name), an Editor, or a
            callable (image, prompts, seed) -> images.

    Raises:
        EditorError: there is no such model, or it cannot be loaded.
    """
    if isinstance(editor, (str, Path)):
        return _open_named(str(editor))
    if hasattr(editor, "edit") and hasattr(editor, "describe"):
        return cast(Editor, editor)
    if callable(editor):
        return CallableEditor(editor)
    raise EditorError(f"{type(editor).__name__} is no editor; give a model's name, a folder, an Editor or a callable")


def _open_named(name: str) -> Editor:
    for model in shipped_models():
        if name == model.name:
            return _open_folder(model.folder, name)
    path = Path(name)
    if len(name) > 1000:
        raise EditorError("the model's name is too long; give a name, a folder or a hub id")
    if path.suffix.lower() in _PICKLES:
        raise EditorError(f"{name} is a pickle checkpoint, which can run code when opened; convert it to safetensors")
    if path.is_dir():
        return _open_folder(path, path.resolve().name)
    if path.is_file():
        raise EditorError(f"{name} is a file; give the diffusers folder that holds model_index.json")
    if name == "oracle":
        raise EditorError("the oracle needs the scene behind the picture; use a PNG made by `smile scene`")
    if _HUB_ID.fullmatch(name) and not name.startswith("."):
        return _open_folder(_download(name), name)
    names = ", ".join(model.name for model in shipped_models())
    raise EditorError(f"no model {name!r}; use {names}, a diffusers folder, or a hub id like owner/name")


def _open_folder(folder: Path, name: str) -> Editor:
    family = _FAMILIES[check_folder(folder)]
    module, _, class_name = family.partition(":")
    # Both libraries speak while they are imported; errors still come as exceptions.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    opened: Editor = getattr(importlib.import_module(module), class_name)(folder, name=name)
    return opened


def check_folder(folder: Path) -> str:
    """The pipeline class that a diffusers folder names, after checking that opening it runs no foreign code.

    Raises:
        EditorError: it is no diffusers folder, its family is unknown, its weights are pickles, or a part
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
    if pipeline not in _FAMILIES:
        raise EditorError(f"{folder} is a {pipeline}; supported are {', '.join(_FAMILIES)}")
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


def _download(model_id: str) -> Path:
    """Fetch a model that the user named, safetensors only, and return its folder."""
    try:
        from huggingface_hub import snapshot_download

        wanted = ["model_index.json", "*/*.json", "*/*.txt", "*/*.safetensors"]
        return Path(snapshot_download(model_id, allow_patterns=wanted, ignore_patterns=["*.fp16.*", "*non_ema*"]))
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise EditorError(
            f"cannot fetch {model_id} ({reason}); check the name and the network, or give a local folder"
        ) from error
