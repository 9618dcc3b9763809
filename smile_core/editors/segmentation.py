"""An area found by a segmentation model of transformers in a local folder: `segment:FOLDER` or `segment:FOLDER#label`.

Without a label everything but the background counts, as in the published runs with DeepLab. Pictures are
prepared as the folder's `preprocessor_config.json` says (size, mean, deviation).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from smile_core.area import Area
from smile_core.area_names import SEGMENT
from smile_core.editors.diffusers_folder import device_in_use, load_quietly
from smile_core.errors import EditorError
from smile_core.picture import Picture

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_SIDE = 512


def segment(source: str, picture: Picture) -> Area:
    """The area that a model finds.

    Args:
        source: segment:FOLDER or segment:FOLDER#label.
        picture: in which it looks.

    Raises:
        EditorError: there is no such model or label, or the model finds nothing.
    """
    place, _, label = source.removeprefix(SEGMENT).partition("#")
    folder = Path(place)
    if not (folder / "config.json").is_file():
        raise EditorError(f"{place} is no transformers model: it has no config.json")
    if not any(folder.glob("*.safetensors")):
        raise EditorError(f"{place} has no safetensors; pickled weights can run code, convert them")

    def load() -> Any:
        from transformers import AutoModelForSemanticSegmentation

        return AutoModelForSemanticSegmentation.from_pretrained(folder, local_files_only=True, use_safetensors=True)

    model = load_quietly(load, folder).to(device_in_use()).eval()
    labels = {int(number): str(name) for number, name in model.config.id2label.items()}
    with torch.no_grad():
        scores = model(pixel_values=_prepared(folder, picture).to(model.device)).logits
    size = (picture.size[1], picture.size[0])
    classes = torch.nn.functional.interpolate(scores.float(), size=size, mode="bilinear").argmax(1)[0].cpu().numpy()
    chosen = _chosen(labels, label, place)
    mask = np.isin(classes, chosen)
    if not mask.any():
        seen = ", ".join(labels[int(number)] for number in np.unique(classes))
        raise EditorError(f"{place} finds no {label or 'thing before the background'} in the picture, only {seen}")
    return Area(mask, f"{SEGMENT}{folder.name}{'#' if label else ''}{label}")


def _chosen(labels: dict[int, str], label: str, place: str) -> list[int]:
    if not label:
        background = {number for number, name in labels.items() if name.lower() == "background"} or {0}
        return [number for number in labels if number not in background]
    found = [number for number, name in labels.items() if label.lower() in (name.lower(), str(number))]
    if not found:
        raise EditorError(f"{place} knows no {label!r}; it knows {', '.join(list(labels.values())[:12])}")
    return found


def _prepared(folder: Path, picture: Picture) -> torch.Tensor:
    """The picture as the model wants it, (1, 3, h, w)."""
    file = folder / "preprocessor_config.json"
    try:
        asked = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        size = _size(asked.get("size", _SIDE))
        mean, deviation = (asked.get(name) or usual for name, usual in _NORMAL)
    except (ValueError, TypeError, AttributeError) as error:
        raise EditorError(f"{file} cannot be read ({error}); download the model again") from error
    small = Image.fromarray(picture.pixels).resize(size, Image.Resampling.BILINEAR)
    values = (np.asarray(small, dtype=np.float32) / 255 - np.array(mean)) / np.array(deviation)
    return torch.from_numpy(values).float().permute(2, 0, 1)[None]


def _size(asked: Any) -> tuple[int, int]:
    if not isinstance(asked, dict):
        return int(asked), int(asked)
    sides: dict[str, int] = asked
    side = sides.get("shortest_edge", _SIDE)
    return int(sides.get("width", side)), int(sides.get("height", side))


_NORMAL = (("image_mean", _MEAN), ("image_std", _DEVIATION))
