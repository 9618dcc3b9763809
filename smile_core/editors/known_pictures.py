"""Tell a picture that a small model was never trained on from one that it knows.

A model folder may hold `known_pictures.json`: {"about": "...", "most_colours": k}. Flat cartoons get
by with few colours, photographs do not (docs/training.md has the figures).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 128
LEVELS = 16
SHARE = 0.8


def colours(image: np.ndarray) -> int:
    """How many colours, at 16 levels a channel, cover 80 % of a picture shrunk to 128 x 128.

    Args:
        image: uint8 (H, W, 3).
    """
    small = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    levels = np.asarray(small, dtype=np.int64) // (256 // LEVELS)
    codes = levels @ np.array([LEVELS**2, LEVELS, 1])
    counts = np.sort(np.bincount(codes.ravel()))[::-1]
    return int(np.searchsorted(np.cumsum(counts), SHARE * counts.sum())) + 1


def remarks_on(image: np.ndarray, folder: Path, name: str) -> tuple[str, ...]:
    """A sentence where the picture looks unlike what the model was trained on; nothing without the file."""
    file = folder / "known_pictures.json"
    if not file.is_file():
        return ()
    known = json.loads(file.read_text(encoding="utf-8"))
    if colours(image) <= known["most_colours"]:
        return ()
    return (f"{name} knows only {known['about']}; this picture looks different, so its edits may mean little",)
