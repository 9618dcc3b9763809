"""What one training step sees: how many rows of which pool, and how much their worst places weigh."""

from __future__ import annotations

import numpy as np

LATENT_BATCH = 32
PIXEL_BATCH = 8
LATENT_NOISE = 0.15
WIDE = 0.15
"""How often a batch is of wide pictures."""
WORST = 0.25
"""Weight of a picture's worst places, beside all of them."""


def pick_pool(random: np.random.Generator, count: int) -> int:
    """Which pool the next batch comes from: 0 is the square one."""
    return int(count > 1 and random.random() < WIDE)
