"""Canny's edges, as the published edge-to-image model was trained on.

Source: Canny, "A Computational Approach to Edge Detection", PAMI 1986, with OpenCV's choices: Sobel 3 x 3 on
each colour channel, the strongest channel's gradient, its size as |dx| + |dy|, borders repeated.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_TAN_22 = 13573
"""tan(22.5 degrees) in 15 binary digits, as OpenCV rounds it: whole numbers, so that ties fall alike."""


def canny(image: np.ndarray, low: float = 100, high: float = 200) -> np.ndarray:
    """The edges of a picture.

    Args:
        image: uint8 (H, W, 3).
        low: gradients above this belong to an edge that one above `high` belongs to.
        high: gradients above this start an edge. Both are |dx| + |dy|, at most 2040.

    Returns:
        uint8 (H, W), 255 on edges, 0 elsewhere.
    """
    channels = np.moveaxis(image.astype(np.int64), 2, 0)
    across, down = (
        np.stack([ndimage.sobel(channel, axis=axis, mode="nearest") for channel in channels], axis=2) for axis in (1, 0)
    )
    strongest = (np.abs(across) + np.abs(down)).argmax(axis=2)[..., None]
    dx, dy = (np.take_along_axis(part, strongest, axis=2)[..., 0] for part in (across, down))
    size = np.abs(dx) + np.abs(dy)
    thin = _is_ridge(dx, dy, size) & (size > low)
    connected, _ = ndimage.label(thin, structure=np.ones((3, 3)))
    started = np.unique(connected[thin & (size > high)])
    return (np.isin(connected, started[started > 0]) * 255).astype(np.uint8)


def _is_ridge(dx: np.ndarray, dy: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Where the gradient is largest along its own direction, rounded to eight."""
    around = np.pad(size, 1)
    height, width = size.shape

    def at(rows: int, columns: int) -> np.ndarray:
        shifted: np.ndarray = around[1 + rows : 1 + rows + height, 1 + columns : 1 + columns + width]
        return shifted

    x, y = np.abs(dx), np.abs(dy) << 15
    flat, steep = x * _TAN_22, x * _TAN_22 + (x << 16)
    level = (size > at(0, -1)) & (size >= at(0, 1))
    upright = (size > at(-1, 0)) & (size >= at(1, 0))
    falling = (size > at(-1, -1)) & (size > at(1, 1))
    rising = (size > at(-1, 1)) & (size > at(1, -1))
    slanted = np.where((dx ^ dy) < 0, rising, falling)
    ridge: np.ndarray = np.where(y < flat, level, np.where(y > steep, upright, slanted))
    return ridge
