"""Where in the picture a word acts, from the edits that an explanation has already made.

Two answers for each word. Where the prompt without just this word was edited, the difference of the
two pictures says where and how much. And the explanation's own regression, cell by cell, says which
way the word pulls there and whether that is more than chance: the response of a cell is how far its
colour went from the empty prompt's towards the full prompt's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from smile_core.features import lab_cells

MOST_CELLS = 128
"""Cells along the longer side of a map."""

VISIBLE = 0.06
"""Least colour difference that counts, in CIE L*a*b* over 100: 6 is about where a glance sees it."""

SHARE = 0.25
"""A cell counts where it moves at least this share of what the word's strongest cells move."""

CONFIDENCE = 0.99


@dataclass(frozen=True, eq=False)
class SaliencyMap:
    """Where one word acts.

    Attributes:
        strength: float32 (rows, columns), how far each cell's colour moves with the word, in L*a*b*
            over 100; 0 where that is too little to see or too uncertain.
        sign: int8 (rows, columns): 1 where the word pulls towards the full prompt's edit, -1 where it
            pulls away, 0 where the edits do not say.
        from_edit: whether the strength was seen in an edit without the word; else it is the regression's.
    """

    strength: np.ndarray
    sign: np.ndarray
    from_edit: bool

    @property
    def empty(self) -> bool:
        """Whether the word acts nowhere that could be seen."""
        return not self.strength.any()

    @property
    def area(self) -> float:
        """Share of the picture where the word acts, 0 to 1."""
        return float((self.strength > 0).mean())

    def peak(self) -> tuple[float, float]:
        """The middle of the strongest place, as shares of width and height.

        Raises:
            ValueError: the map is empty.
        """
        if self.empty:
            raise ValueError("an empty map has no peak")
        # The strongest cell of a slightly blurred map, so that one stray cell does not win.
        padded = np.pad(self.strength, 1)
        blurred = sum(
            padded[1 + dy : 1 + dy + self.strength.shape[0], 1 + dx : 1 + dx + self.strength.shape[1]]
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
        )
        blurred = np.where(self.strength > 0, blurred, 0)
        row, column = np.unravel_index(int(np.argmax(blurred)), self.strength.shape)
        return (float(column) + 0.5) / self.strength.shape[1], (float(row) + 0.5) / self.strength.shape[0]

    def at_size(self, width: int, height: int) -> np.ndarray:
        """The strength enlarged to a picture's size by repeating cells, float32 (height, width)."""
        rows = np.arange(height) * self.strength.shape[0] // height
        columns = np.arange(width) * self.strength.shape[1] // width
        enlarged: np.ndarray = self.strength[np.ix_(rows, columns)]
        return enlarged


def saliency_maps(masks: np.ndarray, pictures: Sequence[np.ndarray]) -> list[SaliencyMap]:
    """One map for each word.

    Args:
        masks: (m, n) of 0 and 1, the full and the empty mask first, as an explanation's rows are.
        pictures: m edits, uint8 (H, W, 3), all of one size.

    Raises:
        ValueError: shapes do not fit, or the first two masks are not full and empty.
    """
    if len(masks) != len(pictures) or not masks[0].all() or masks[1].any():
        raise ValueError("masks and pictures must be of one length, the full and the empty one first")
    cells = lab_cells(np.stack(pictures), MOST_CELLS)
    grid = cells.shape[1:3]
    pulls, sure = _regression(masks, cells.reshape(len(masks), -1, 3))
    maps = []
    for i in range(masks.shape[1]):
        rest = (masks[:, i] == 0) & (masks.sum(1) == masks.shape[1] - 1)
        pull, significant = pulls[i].reshape(grid), sure[i].reshape(grid)
        if rest.any():
            strength = np.linalg.norm(cells[0] - cells[int(np.flatnonzero(rest)[0])], axis=2)
        else:
            strength = np.where(significant, np.abs(pull), 0)
        strength = np.where(strength >= _threshold(strength), strength, 0).astype(np.float32)
        sign = np.where(significant, np.sign(pull), 0).astype(np.int8)
        maps.append(SaliencyMap(strength, np.where(strength > 0, sign, 0).astype(np.int8), bool(rest.any())))
    return maps


def _threshold(strength: np.ndarray) -> float:
    strongest = float(np.quantile(strength, 0.995))
    return max(VISIBLE, SHARE * strongest)


def _regression(masks: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares in every cell at once: coefficients (n, P) in colour units, and where they differ from 0."""
    full, empty = cells[0], cells[1]
    way = full - empty
    length = np.linalg.norm(way, axis=1, keepdims=True)
    direction = np.divide(way, length, out=np.zeros_like(way), where=length > 1e-6)
    went = np.einsum("mpc,pc->mp", cells - empty, direction)
    design = np.column_stack([np.ones(len(masks)), masks]).astype(np.float64)
    inverse = np.linalg.pinv(design)
    coefficients = inverse @ went
    if len(np.unique(masks, axis=0)) == 1 << masks.shape[1]:
        return coefficients[1:], np.abs(coefficients[1:]) > 1e-3  # Every sub-prompt is known: nothing is uncertain.
    free = len(masks) - np.linalg.matrix_rank(design)
    if free < 1:
        return coefficients[1:], np.zeros_like(coefficients[1:], dtype=bool)
    variance = np.square(went - design @ coefficients).sum(0) / free
    error = np.sqrt(np.square(inverse).sum(1)[1:, None] * variance[None])
    return coefficients[1:], np.abs(coefficients[1:]) > stdtrit(free, (1 + CONFIDENCE) / 2) * error + 1e-9
