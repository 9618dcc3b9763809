"""The folder that a training writes: half-precision weights in diffusers' layout, and what editors read beside them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smile_core.scenes.training.loop import DEVICE
from smile_core.scenes.training.pairs import Pairs

MOST_COLOURS = 28
"""More colours than any scene has, fewer than photographs have; see `editors/known_pictures.py`."""


def say_size(pipe: Any, pools: list[Pairs]) -> None:
    """Print how much is learnt by how much."""
    count = sum(p.numel() for m in (pipe.vae, pipe.unet, pipe.text_encoder) for p in m.parameters())
    print(f"{sum(len(p.texts) for p in pools)} instructions, {count / 1e6:.2f} M parameters, {DEVICE}", flush=True)


def save_half(
    pipe: Any, built: Callable[..., Any], folder: Path, *, editing: Mapping[str, float] | None = None
) -> None:
    """Save a half-precision copy as safetensors, with what it was trained on and how the editor runs it.

    Args:
        pipe: the pipeline that is trained.
        built: makes such a pipeline of autoencoder, text encoder, tokenizer, UNet and scheduler.
        folder: where to.
        editing: settings that the editor uses unless told otherwise, where its own will not do.
    """
    vae, text_encoder, unet = (copy.deepcopy(part).cpu().half() for part in (pipe.vae, pipe.text_encoder, pipe.unet))
    saved = built(vae, text_encoder, pipe.tokenizer, unet, pipe.scheduler)
    saved.save_pretrained(folder, safe_serialization=True)
    for file in folder.rglob("config.json"):
        config = json.loads(file.read_text(encoding="utf-8"))
        config.pop("_name_or_path", None)  # Where it lay while it was trained is nobody's business.
        file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    known = {"about": "cartoon scenes as `smile scene` draws them", "most_colours": MOST_COLOURS}
    (folder / "known_pictures.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    if editing is not None:
        (folder / "editing.json").write_text(json.dumps(editing) + "\n", encoding="utf-8")
