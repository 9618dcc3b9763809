"""Several devices behind one editor: each has a copy of the model, and a batch's rows are split among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from smile_core.editors.protocol import ChoosesBatch, Editor, KnowsItsLimits, ReadsPartly
from smile_core.editors.protocol import StopsBetweenSteps as Stops
from smile_core.errors import EditorError
from smile_core.hosts.device_worker import DeviceWorker


class SplitEditor:
    """Edits by several copies of one editor at the same time. Paired noise makes it the same which edits a row.

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

    def weights_bytes(self) -> int:
        """How much memory the weights of all copies take."""
        return sum(copy.weights_bytes() for copy in self._copies if isinstance(copy, DeviceWorker))

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


def devices_here() -> list[str]:
    """The devices that a model can be put on: every GPU, else the one that torch uses."""
    import torch

    from smile_core.editors.diffusers_folder import device_in_use

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [f"cuda:{number}" for number in range(count)] or [device_in_use().type]


def chosen_devices(asked: str) -> list[str]:
    """The devices that a user names: "all", or names with commas between, such as "cuda:0,cuda:1".

    Raises:
        EditorError: one of them is not here.
    """
    here = devices_here()
    if asked.strip() == "all":
        return here
    names = [name.strip() for name in asked.split(",") if name.strip()]
    known = {*here, "cpu"}
    for name in names:
        if name not in known:
            raise EditorError(f"there is no device {name!r} here; name some of {', '.join(sorted(known))}, or all")
    if not names:
        raise EditorError(f"no device is named; name some of {', '.join(sorted(known))}, or all")
    return names


def open_split(model: str | Path, devices: Sequence[str], **settings: Any) -> SplitEditor:
    """A model on several devices, in a process for each.

    Args:
        model: as in `open_editor`.
        devices: as torch names them, such as "cuda:0", "cuda:1".
        **settings: as in `open_editor`.

    Raises:
        EditorError: as `open_editor`.
    """
    # Processes start at the same time; each takes seconds to import torch.
    with ThreadPoolExecutor(max(1, len(devices))) as pool:
        copies = list(pool.map(lambda device: DeviceWorker(str(model), device=device, **settings), devices))
    kind = SplitInpaintingEditor if copies and copies[0].paints_in_area else SplitEditor
    return kind(copies)


def open_on(model: str | Path, devices: str, **settings: Any) -> tuple[Editor, str | None]:
    """A model on the devices that a user names, and one line for the user where that is only one.

    Args:
        model: as in `open_editor`.
        devices: as in `chosen_devices`.
        **settings: as in `open_editor`.

    Raises:
        EditorError: as `open_editor` and `chosen_devices`.
    """
    from smile_core.editors.registry import open_editor

    names = chosen_devices(devices)
    if len(names) > 1:
        return open_split(model, names, **settings), None
    line = f"there is one device here, {names[0]}; it makes all edits"
    return open_editor(model, device=names[0], **settings), line if devices.strip() == "all" else None
