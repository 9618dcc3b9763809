"""Features: what of a picture is compared.

`patches` and `pixels` need no learned weights. `dinov2:FOLDER` is the published feature, taken from a
local transformers folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from smile_core.errors import MethodError

Feature = Callable[[np.ndarray], np.ndarray]

PATCHES_ACROSS = 32
"""Patches along the longer side of a picture."""


def feature_by_name(name: str) -> Feature:
    """The function that turns pictures uint8 (N, H, W, 3) into features float (N, P, C).

    Args:
        name: "patches", "pixels" or "dinov2:FOLDER".

    Raises:
        MethodError: another name, or no DINOv2 in that folder.
    """
    kind, _, folder = name.partition(":")
    if kind == "patches" and not folder:
        return patches
    if kind == "pixels" and not folder:
        return pixels
    if kind == "dinov2":
        return _dinov2(folder)
    raise MethodError(f"unknown feature {name!r}; use patches, pixels or dinov2:FOLDER")


def grid_of(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of patches for a picture: at most 32 along the longer side, never more than pixels."""
    return _grid(height, width, PATCHES_ACROSS)


def _grid(height: int, width: int, across: int) -> tuple[int, int]:
    cell = max(1.0, max(height, width) / across)
    return max(1, round(height / cell)), max(1, round(width / cell))


def patches(pictures: np.ndarray) -> np.ndarray:
    """Mean colour of each patch, in CIE L*a*b* over 100, so that distances follow what people see.

    Args:
        pictures: uint8 (N, H, W, 3), sRGB.

    Returns:
        float32 (N, P, 3), patches row by row on the grid of `grid_of`.
    """
    cells = lab_cells(pictures, PATCHES_ACROSS)
    return cells.reshape(len(cells), -1, 3)


def lab_cells(pictures: np.ndarray, across: int) -> np.ndarray:
    """Mean colour of each cell of a grid, in CIE L*a*b* over 100.

    Args:
        pictures: uint8 (N, H, W, 3), sRGB.
        across: cells along the longer side; never more than pixels.

    Returns:
        float32 (N, rows, columns, 3).
    """
    height, width = pictures.shape[1:3]
    rows, columns = _grid(height, width, across)
    small = np.stack(
        [np.asarray(Image.fromarray(picture).resize((columns, rows), Image.Resampling.BOX)) for picture in pictures]
    )
    return _lab(small)


def pixels(pictures: np.ndarray) -> np.ndarray:
    """The sRGB values in [0, 1], float32 (N, H * W, 3)."""
    return (pictures.astype(np.float32) / 255).reshape(len(pictures), -1, 3)


def _lab(srgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* (D65) over 100 of uint8 sRGB (..., 3), after IEC 61966-2-1 and CIE 15."""
    value = srgb.astype(np.float32) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
        dtype=np.float32,
    )
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883], dtype=np.float32)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lab = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)
    return (lab / 100).astype(np.float32)


def _dinov2(folder: str) -> Feature:
    """Mean of all last hidden states, as published: float32 (N, 1, width)."""
    if not folder or not (Path(folder) / "config.json").is_file():
        raise MethodError(
            f"no DINOv2 at {folder or 'a folder'}; download facebook/dinov2-base and pass --feature dinov2:FOLDER"
        )
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    spread = torch.tensor([0.229, 0.224, 0.225])[:, None, None]

    def features(pictures: np.ndarray) -> np.ndarray:
        # As the published processor: shortest side to 256 (bicubic), centre crop to 224.
        batch = torch.stack([torch.from_numpy(_centre_crop(picture)) for picture in pictures]).permute(0, 3, 1, 2)
        with torch.no_grad():
            hidden = model((batch.float() / 255 - mean) / spread).last_hidden_state
        return np.asarray(hidden.mean(1, keepdim=True).float().numpy())

    return features


def _centre_crop(picture: np.ndarray, side: int = 224, shortest: int = 256) -> np.ndarray:
    image = Image.fromarray(picture)
    scale = shortest / min(image.size)
    size = (max(shortest, round(image.width * scale)), max(shortest, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return np.array(image.crop((left, top, left + side, top + side)))
