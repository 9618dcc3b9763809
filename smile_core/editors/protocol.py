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

    @property
    def fingerprint(self) -> str | None:
        """See above; a plain attribute will do."""
        ...

    def describe(self) -> dict[str, str]:
        """At least "name" and "family"; further entries appear in the report as they are."""
        ...

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> Sequence[np.ndarray | None] | np.ndarray:
        """Edit one picture by several prompts, all with the same noise.

        Args:
            image: uint8 (H, W, 3).
            prompts: N texts; one may be empty.
            seed: fixes the noise; equal texts give equal pictures whatever the batch.

        Returns:
            N pictures, uint8 (h, w, 3), of one size, as one array or a sequence; None where an edit was refused.
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


@runtime_checkable
class ChoosesBatch(Protocol):
    """An editor that knows how many prompts a call should hold."""

    batch: int
    """Prompts a call, 1 or more. Whoever calls the editor lowers it where memory runs out."""


@runtime_checkable
class PaintsInArea(Protocol):
    """An editor that paints inside an area only, and needs one."""

    def edit_area(
        self, image: np.ndarray, area: np.ndarray, prompts: Sequence[str], *, seed: int
    ) -> Sequence[np.ndarray | None] | np.ndarray:
        """As `Editor.edit`, inside an area.

        Args:
            image: uint8 (H, W, 3).
            area: bool (H, W), true where the editor may paint; some of it is.
            prompts: N texts; one may be empty.
            seed: as in `Editor.edit`.
        """
        ...


@runtime_checkable
class AsksFirst(Protocol):
    """An editor whose edits cost money: never to be called unasked, such as while somebody types."""

    asks_first: bool
    """True; an editor without this attribute costs nothing."""

    def expected_cost(self, edits: int) -> str:
        """What so many edits will cost, for people; it says so where the price is not known."""
        ...

    def allow(self, edits: int) -> None:
        """The user agreed to this many more edits; beyond them `edit` raises EditorError."""
        ...
