"""Tell pictures and words that a small model was never trained on from those that it knows.

A model folder may hold `known_pictures.json`: {"about": "...", "most_colours": k}. Flat cartoons get
by with few colours, photographs do not (docs/training.md has the figures).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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


def remarks_on(image: np.ndarray, words: Sequence[str], tokenizer: Any, folder: Path) -> tuple[str, ...]:
    """Sentences where the picture or a word is unlike what the model was trained on; nothing without the file.

    A word that such a model knows is one token.
    """
    file = folder / "known_pictures.json"
    if not file.is_file():
        return ()
    known = json.loads(file.read_text(encoding="utf-8"))
    remarks = []
    if colours(image) > known["most_colours"]:
        remarks.append(f"this model knows only {known['about']}; the picture looks different, so its edits mean little")
    single = [part for word in words for part in word.split() if any(map(_says_something, part))]
    strange = [word for word in dict.fromkeys(single) if len(tokenizer.tokenize(word)) > 1]
    if strange:
        quoted = ", ".join(f"‘{word}’" for word in strange[:5]) + (" and others" if len(strange) > 5 else "")
        remarks.append(f"this model never learned {quoted}; what such words do to the picture means little")
    return tuple(remarks)


def _says_something(character: str) -> bool:
    """Letters and pictures such as emoji do; digits, punctuation and arithmetic are nothing to remark on."""
    return character.isalpha() or unicodedata.category(character) == "So"
