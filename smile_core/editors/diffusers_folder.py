"""What all editors from a diffusers folder share: fingerprint, working size, reading limit, paired noise."""

from __future__ import annotations

import hashlib
import importlib.metadata
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from smile_core.errors import EditorError

_SAMPLE = 1 << 20
_HASHED_WHOLE = 64 << 20

Loaded = TypeVar("Loaded")


def device_in_use() -> torch.device:
    """The accelerator, where there is one."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def load_quietly(load: Callable[[], Loaded], folder: Path) -> Loaded:
    """Load a model, with one line instead of a library's own error.

    Raises:
        EditorError: it cannot be loaded.
    """
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load()
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise EditorError(f"{folder} cannot be loaded ({reason}); download it again or use another model") from error


def folder_fingerprint(folder: Path, settings: dict[str, Any], device: torch.device) -> str:
    """A hash of everything that fixes a folder's edits besides picture, text and seed.

    Files count whole, except weights over 64 MB: of those the size and sixteen megabytes spread over the
    file, so that opening a large model stays quick.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.suffix not in (".json", ".txt", ".safetensors") or not file.is_file():
            continue
        digest.update(f"{file.relative_to(folder)}:{file.stat().st_size}".encode())
        with file.open("rb") as handle:
            if file.stat().st_size <= _HASHED_WHOLE:
                digest.update(handle.read())
            else:
                for part in range(16):
                    handle.seek((file.stat().st_size - _SAMPLE) * part // 15)
                    digest.update(handle.read(_SAMPLE))
    versions = {name: importlib.metadata.version(name) for name in ("torch", "diffusers", "transformers")}
    digest.update(repr((sorted(settings.items()), device.type, sorted(versions.items()))).encode())
    return digest.hexdigest()[:32]


def working_size(width: int, height: int, *, native: int, multiple: int, longest: float = 2.0) -> tuple[int, int]:
    """The size at which a model edits: the picture's own where the model can take it, else its shape in the
    model's usual area.

    Its own it keeps when its sides are multiples, its shape is not too long, and its area is two thirds to
    one and a half times the usual one, so that nothing is resampled without need.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
        native: side of the square that the model was trained on.
        multiple: sides are rounded to multiples of this.
        longest: shapes longer than this to 1 are squeezed.

    Returns:
        Width and height.
    """
    shape = min(max(width / height, 1 / longest), longest)
    own = width % multiple == height % multiple == 0 and width / height == shape
    if own and 2 / 3 <= width * height / native**2 <= 3 / 2:
        return width, height
    wide = max(multiple, round(native * shape**0.5 / multiple) * multiple)
    high = max(multiple, round(native / shape**0.5 / multiple) * multiple)
    return wide, high


def characters_read(tokenizer: Any, prompt: str, *, limit: int | None = None) -> int:
    """How many leading code points a tokenizer passes on before it cuts, at its own limit or the given one."""
    most = int(tokenizer.model_max_length) if limit is None else limit
    if len(tokenizer(prompt, truncation=False).input_ids) <= most:
        return len(prompt)
    spans = tokenizer(prompt, truncation=True, max_length=most, return_offsets_mapping=True).offset_mapping
    return max(int(end) for _, end in spans)


def to_uint8(batch: Tensor) -> list[np.ndarray | None]:
    """Pictures in [-1, 1], (N, 3, H, W), as uint8 arrays (H, W, 3); see `unit_to_uint8`."""
    return unit_to_uint8((batch.float() + 1) / 2, "the model")


def unit_to_uint8(batch: Tensor, name: str) -> list[np.ndarray | None]:
    """Pictures in [0, 1], (N, 3, H, W), as uint8 arrays (H, W, 3), brought to the host at once and as bytes.

    Raises:
        EditorError: there are values that are not numbers, as half precision can give.
    """
    if not torch.isfinite(batch).all():
        raise EditorError(f"{name} gave NaN or infinite values; try it with precision float32")
    scaled = (batch.float() * 255).round().clamp(0, 255).to(torch.uint8)
    return list(scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy())
