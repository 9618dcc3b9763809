"""Several devices behind one editor: each has a copy of the model, and a batch's rows are split among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from smile_core.editors.protocol import ChoosesBatch, Editor, KnowsItsLimits, PaintsInArea, ReadsPartly
from smile_core.editors.protocol import StopsBetweenSteps as Stops
from smile_core.editors.registry import open_editor
from smile_core.errors import EditorError


class SplitEditor:
    """Edits by several copies of one editor, each in a thread of its own.

    torch lets go of Python's lock while a device computes, so that threads of one process keep several
    devices busy. Paired noise makes it the same which copy edits a row.

    Attributes:
        fingerprint: the copies' own; they must agree.
        batch: prompts a call, enough for all copies.
    """

    def __init__(self, copies: Sequence[Editor]) -> None:
        """
        Args:
            copies: one a device, of one model with one setting.

        Raises:
            EditorError: there is none, or they are not copies of each other.
        """
        if not copies:
            raise EditorError("there is no copy to split among; give at least one device")
        if len({copy.fingerprint for copy in copies}) > 1 or copies[0].fingerprint is None:
            raise EditorError("these are not copies of one model with one setting; open each with the same arguments")
        self._copies = tuple(copies)
        self.fingerprint: str | None = copies[0].fingerprint
        self.shell_name = getattr(copies[0], "shell_name", None)
        self.batch = sum(copy.batch if isinstance(copy, ChoosesBatch) else 8 for copy in copies)

    def describe(self) -> dict[str, str]:
        """The copies' own description, and how many there are."""
        return {**self._copies[0].describe(), "devices": str(len(self._copies))}

    def characters_read(self, prompt: str) -> int:
        """See `ReadsPartly`."""
        first = self._copies[0]
        return first.characters_read(prompt) if isinstance(first, ReadsPartly) else len(prompt)

    def remarks(self, image: np.ndarray, words: Sequence[str]) -> tuple[str, ...]:
        """See `KnowsItsLimits`."""
        first = self._copies[0]
        return first.remarks(image, words) if isinstance(first, KnowsItsLimits) else ()

    def stop_when(self, asked: Callable[[], bool]) -> None:
        """See `StopsBetweenSteps`."""
        for copy in self._copies:
            if isinstance(copy, Stops):
                copy.stop_when(asked)

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor.edit`. An error of one copy is raised when all have ended."""
        return self._split(prompts, lambda copy, part: copy.edit(image, part, seed=seed))

    def _split(
        self, prompts: Sequence[str], edit: Callable[[Any, list[str]], Sequence[np.ndarray | None]]
    ) -> list[np.ndarray | None]:
        count = min(len(self._copies), len(prompts))
        parts = [list(prompts[place::count]) for place in range(count)]
        with ThreadPoolExecutor(max(1, count)) as pool:
            made = list(pool.map(edit, self._copies, parts))
        result: list[np.ndarray | None] = [None] * len(prompts)
        for place, pictures in enumerate(made):
            result[place::count] = pictures
        return result


class SplitInpaintingEditor(SplitEditor):
    """The same for models that paint inside an area."""

    def edit_area(
        self, image: np.ndarray, area: np.ndarray, prompts: Sequence[str], *, seed: int
    ) -> list[np.ndarray | None]:
        """See `PaintsInArea.edit_area`."""
        return self._split(prompts, lambda copy, part: copy.edit_area(image, area, part, seed=seed))


def open_split(model: str | Path, devices: Sequence[str], **settings: Any) -> SplitEditor:
    """A model on several devices.

    Args:
        model: as in `open_editor`.
        devices: as torch names them, such as "cuda:0", "cuda:1".
        **settings: as in `open_editor`.

    Raises:
        EditorError: as `open_editor`.
    """
    copies = [open_editor(model, device=device, **settings) for device in devices]
    kind = SplitInpaintingEditor if copies and isinstance(copies[0], PaintsInArea) else SplitEditor
    return kind(copies)
