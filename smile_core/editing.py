"""Make the edits that an explanation asks for: known ones from evidence, the rest in batches.

A failed edit (the editor gave None for it) is tried once more, then reported. Everything else that
an editor gets wrong is an error of the editor, said in one line. A batch that does not fit into memory
is halved, and the editor gets no bigger one from then on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image

from smile_core.area import Area
from smile_core.editors.memory import free_memory, is_out_of_memory
from smile_core.editors.pictures_out import as_pictures
from smile_core.editors.protocol import ChoosesBatch, Editor, PaintsInArea, StopsBetweenSteps
from smile_core.errors import Cancelled, EditorError, OutOfMemory, SmileError
from smile_core.evidence import AnyEvidence, EditKey
from smile_core.picture import Picture

BATCH = 8


@dataclass(frozen=True)
class Progress:
    """How far an explanation is. `seconds_left` is a forecast, None before the first batch."""

    done: int
    total: int
    seconds_left: float | None


class Meter:
    """Counts the edits of one explanation, over seeds and stages, and tells a callback."""

    def __init__(
        self, callback: Callable[[Progress], None] | None = None, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self._callback = callback
        self.cancelled = cancelled or (lambda: False)
        self._done = self._total = self._goal = 0
        self._started: float | None = None

    def expect(self, edits: int) -> None:
        """So many more edits are to come."""
        self._total += edits
        if edits:
            self._tell()

    def towards(self, edits: int) -> None:
        """So many are to come before the explanation may stop, whatever is expected of the next few."""
        self._goal = self._done + edits

    def no_more(self) -> None:
        """What was expected and is not made will not be: some sub-prompts had the same text."""
        self._total, self._goal = self._done, 0

    def did(self, edits: int) -> None:
        """So many of them are made."""
        self._done += edits
        self._total = max(self._total, self._done)
        self._tell()

    def _tell(self) -> None:
        if self._callback is None:
            return
        self._started = self._started or time.perf_counter()
        spent = time.perf_counter() - self._started
        total = max(self._total, self._goal)
        left = spent / self._done * (total - self._done) if self._done else None
        self._callback(Progress(self._done, total, left))


class Edits:
    """The edits of one picture by one editor with one seed, and how they came about.

    `pictures` are uint8 (h, w, 3) by text, all of one size; `reused` the texts that evidence held;
    `failed` says why a text has no picture.
    """

    def __init__(
        self,
        editor: Editor,
        identity: str,
        evidence: AnyEvidence,
        picture: Picture,
        seed: int,
        meter: Meter,
        area: Area | None = None,
    ) -> None:
        self._editor, self._identity, self._evidence, self._picture = editor, identity, evidence, picture
        self._area = area
        self.seed, self.meter = seed, meter
        self.pictures: dict[str, np.ndarray] = {}
        self.reused: set[str] = set()
        self.failed: dict[str, str] = {}
        self.source_instead = False
        self.made = 0
        self._shape: tuple[int, ...] | None = None

    def key(self, text: str) -> EditKey:
        """What the edit of a text is made from."""
        area = "" if self._area is None else self._area.sha256
        return EditKey(self._identity, self._picture.sha256, self.seed, text, area)

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The texts, each once, that are not here yet; known ones are fetched from evidence."""
        missing = []
        for text in dict.fromkeys(texts):
            if text in self.pictures or text in self.failed:
                continue
            known = self._evidence.get(self.key(text))
            if known is None:
                missing.append(text)
            else:
                self.pictures[text] = self._sized(known)
                self.reused.add(text)
        return missing

    def make(self, texts: Sequence[str]) -> None:
        """Have an edit of each text, from evidence or anew."""
        missing = self.missing(texts)
        at_once = usual = self._editor.batch if isinstance(self._editor, ChoosesBatch) else BATCH
        while missing:
            if self.meter.cancelled():
                raise Cancelled("stopped on request; what is finished is kept, ask again to go on")
            batch = missing[:at_once]
            try:
                self._make_batch(batch)
            except OutOfMemory:
                if len(batch) == 1:
                    raise
                at_once = len(batch) // 2
            else:
                missing = missing[len(batch) :]
                self.meter.did(len(batch))
                if at_once < usual:
                    self._keep_batch(at_once)
                continue
            free_memory()  # Only here: the error above holds on to what the batch had in memory.

    def _keep_batch(self, most: int) -> None:
        """What did not fit once will not fit the next time."""
        with suppress(AttributeError):  # Not every editor takes attributes.
            cast(ChoosesBatch, self._editor).batch = most

    def _make_batch(self, texts: Sequence[str]) -> None:
        results = self._call(texts)
        again = [text for text, picture in results.items() if picture is None]
        if again:
            results.update(self._call(again))
        for text, picture in results.items():
            if picture is not None:
                self.pictures[text] = self._sized(picture)
                self.made += 1
                self._evidence.put(self.key(text), picture)
            elif text == "":
                self.source_instead = True
            else:
                self.failed[text] = "the editor refused twice"

    def _call(self, texts: Sequence[str]) -> dict[str, np.ndarray | None]:
        name = self._editor.describe().get("name", "the editor")
        try:
            if isinstance(self._editor, StopsBetweenSteps):
                self._editor.stop_when(self.meter.cancelled)
            if self._area is not None and isinstance(self._editor, PaintsInArea):
                given = self._editor.edit_area(self._picture.pixels, self._area.mask, texts, seed=self.seed)
            else:
                given = self._editor.edit(self._picture.pixels, texts, seed=self.seed)
        except SmileError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise OutOfMemory(
                    f"{name} ran out of memory on a single edit; take a smaller picture, or end other programs"
                ) from error
            what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise EditorError(
                f"{name} failed on {texts[0]!r} ({what}); mend the editor or change the prompt"
            ) from error
        pictures = as_pictures(given, name)
        if len(pictures) != len(texts):
            raise EditorError(
                f"{name} gave {len(pictures)} pictures for {len(texts)} prompts; it must give one for each"
            )
        return dict(zip(texts, pictures, strict=True))

    def _sized(self, picture: np.ndarray) -> np.ndarray:
        shape = picture.shape
        if self._shape is None:
            self._shape = shape
        if shape != self._shape:
            raise EditorError(
                f"the editor gave pictures of different sizes, {shape[1]} x {shape[0]} and "
                f"{self._shape[1]} x {self._shape[0]}; all edits of one picture must have one size"
            )
        return picture

    def use_source_for_empty(self) -> None:
        """Put the source picture, at the edits' size, where the editor refuses an empty prompt."""
        height, width = (self._shape or self._picture.pixels.shape)[:2]
        source = Image.fromarray(self._picture.pixels).resize((width, height), Image.Resampling.LANCZOS)
        self.pictures[""] = np.asarray(source)
