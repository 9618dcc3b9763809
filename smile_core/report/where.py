"""The third picture of a word: where it acts, painted over the pale grey result.

Blue with a solid outline where the word pulls towards the edit, orange with a dashed one where it works
against it; never a rainbow. The maps come from `saliency.py`, from edits that are there already.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from smile_core.explanation import Explanation
from smile_core.report.colours import rgb, theme
from smile_core.saliency import SaliencyMap, saliency_maps

_PALE = 0.62
_STRONGEST = 0.75
_DASH = 4


def maps_of(explanation: Explanation) -> dict[int, SaliencyMap]:
    """A map for each word that the model reads, by its place in `explanation.words`; none without pictures."""
    rows = [row for row in explanation.rows if row.picture is not None]
    complete = len(rows) > 1 and rows[0] is explanation.full and rows[1] is explanation.empty
    if explanation.effectless or not complete:
        return {}
    read = [i for i, word in enumerate(explanation.words) if word.state != "unread"]
    masks = np.array([row.mask for row in rows], np.uint8)
    pictures = [row.picture for row in rows if row.picture is not None]
    maps = dict(zip(read, saliency_maps(masks, pictures), strict=True))
    return {i: _nowhere(found) if explanation.words[i].state == "idle" else found for i, found in maps.items()}


def _nowhere(word: SaliencyMap) -> SaliencyMap:
    """An idle word acts nowhere, whatever its one edit left on the picture."""
    return SaliencyMap(np.zeros_like(word.strength), np.zeros_like(word.sign), word.from_edit)


def where_picture(result: np.ndarray, word: SaliencyMap, *, towards: bool) -> np.ndarray:
    """The result with the word's map over it.

    Args:
        result: the full prompt's edit, uint8 (H, W, 3).
        word: its map.
        towards: whether the word pulls towards the edit.

    Returns:
        uint8 (H, W, 3).
    """
    height, width = result.shape[:2]
    light = theme("light")
    colour = np.array((light.positive if towards else light.negative).rgb, np.float32)
    grey = np.asarray(Image.fromarray(result).convert("L"), np.float32)[..., None]
    canvas = np.repeat(255 * _PALE + grey * (1 - _PALE), 3, axis=2)
    strength = word.at_size(width, height)
    if strength.any():
        share = np.clip(strength / np.quantile(strength[strength > 0], 0.9), 0, 1)[..., None]
        alpha = np.where(strength[..., None] > 0, 0.25 + (_STRONGEST - 0.25) * share, 0)
        canvas = canvas * (1 - alpha) + colour * alpha
        line = np.array(rgb(light.positive_line if towards else light.negative_line), np.float32)
        canvas[_outline(strength > 0, dashed=not towards)] = line
    return np.asarray(np.clip(canvas.round(), 0, 255), np.uint8)


def _outline(inside: np.ndarray, *, dashed: bool) -> np.ndarray:
    padded = np.pad(inside, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge = inside & ~core
    if dashed:
        rows, columns = np.indices(inside.shape)
        edge &= (rows + columns) // _DASH % 2 == 0
    return np.asarray(edge)
