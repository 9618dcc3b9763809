"""What an editor is: pictures from one picture and several instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np


class Editor(Protocol):
    """An image-editing model.

    `fingerprint` names everything that fixes its edits besides picture, text and seed: weights,
    scheduler, steps, guidance, precision, device kind, library versions. None when that cannot be
    known; such an editor's edits are remembered only as long as it lives.
    """

    fingerprint: str | None

    def describe(self) -> dict[str, str]:
        """At least "name" and "family"; further entries appear in the report as they are."""
        ...

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> Sequence[np.ndarray | None]:
        """Edit one picture by several prompts, all with the same noise.

        Args:
            image: uint8 (H, W, 3).
            prompts: N texts; one may be empty.
            seed: fixes the noise; equal texts give equal pictures whatever the batch.

        Returns:
            N pictures, uint8 (h, w, 3), of one size; None where an edit was refused.
        """
        ...


@runtime_checkable
class ReadsPartly(Protocol):
    """An editor whose text encoder has a limit."""

    def characters_read(self, prompt: str) -> int:
        """How many leading code points of a prompt are read."""
        ...


@runtime_checkable
class KnowsItsLimits(Protocol):
    """An editor that can tell whether a picture and words are of the kind that it was trained on."""

    def remarks(self, image: np.ndarray, words: Sequence[str]) -> tuple[str, ...]:
        """Sentences for the user about this picture, uint8 (H, W, 3), and these words; none when all is well."""
        ...


@runtime_checkable
class StopsBetweenSteps(Protocol):
    """An editor of many steps that can stop before the batch is done."""

    def stop_when(self, asked: Callable[[], bool]) -> None:
        """From now on ask this between steps; where it says yes, `edit` raises Cancelled."""
