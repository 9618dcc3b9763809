"""Make the edits that an explanation asks for: known ones from evidence, the rest in batches.

A failed edit (the editor gave None for it) is tried once more, then reported. Everything else that
an editor gets wrong is an error of the editor, said in one line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from smile_core.editors.protocol import Editor
from smile_core.errors import EditorError, SmileError
from smile_core.evidence import EditKey, Evidence
from smile_core.picture import Picture

BATCH = 8


@dataclass(frozen=True)
class Progress:
    """How far an explanation is. `seconds_left` is a forecast, None before the first batch."""

    done: int
    total: int
    seconds_left: float | None


class Edits:
    """The edits of one picture by one editor with one seed, and how they came about."""

    def __init__(
        self,
        editor: Editor,
        evidence: Evidence,
        picture: Picture,
        seed: int,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._editor, self._evidence, self._picture, self.seed = editor, evidence, picture, seed
        self._on_progress = on_progress
        self._identity = editor.fingerprint or f"object-{id(editor)}"
        self.pictures: dict[str, np.ndarray] = {}
        self.reused: set[str] = set()
        self.failed: dict[str, str] = {}
        self.source_instead = False
        self.made = 0
        self._shape: tuple[int, ...] | None = None

    def make(self, texts: Sequence[str]) -> None:
        """Have an edit of each text, from evidence or anew."""
        wanted = [text for text in dict.fromkeys(texts) if text not in self.pictures and text not in self.failed]
        missing = []
        for text in wanted:
            known = self._evidence.get(self._key(text))
            if known is None:
                missing.append(text)
            else:
                self.pictures[text] = self._checked(known)
                self.reused.add(text)
        started, total = time.perf_counter(), len(missing)
        for first in range(0, total, BATCH):
            if self._on_progress is not None:
                spent = time.perf_counter() - started
                self._on_progress(Progress(first, total, spent / first * (total - first) if first else None))
            self._make_batch(missing[first : first + BATCH])
        if total and self._on_progress is not None:
            self._on_progress(Progress(total, total, 0.0))

    def _key(self, text: str) -> EditKey:
        return EditKey(self._identity, self._picture.sha256, self.seed, text)

    def _make_batch(self, texts: Sequence[str]) -> None:
        pictures = self._call(texts)
        again = [text for text, picture in zip(texts, pictures, strict=True) if picture is None]
        results = dict(zip(texts, pictures, strict=True))
        if again:
            results.update(zip(again, self._call(again), strict=True))
        for text, picture in results.items():
            if picture is not None:
                self.pictures[text] = self._checked(picture)
                self.made += 1
                self._evidence.put(self._key(text), picture)
            elif text == "":
                self.source_instead = True
            else:
                self.failed[text] = "the editor refused twice"

    def _call(self, texts: Sequence[str]) -> Sequence[np.ndarray | None]:
        try:
            pictures = self._editor.edit(self._picture.pixels, texts, seed=self.seed)
        except (SmileError, KeyboardInterrupt, MemoryError):
            raise
        except Exception as error:
            name = self._editor.describe().get("name", "the editor")
            raise EditorError(f"{name} failed on {texts[0]!r}: {type(error).__name__}: {error}") from error
        if len(pictures) != len(texts):
            raise EditorError(
                f"the editor gave {len(pictures)} pictures for {len(texts)} prompts; it must give one for each"
            )
        return pictures

    def _checked(self, picture: np.ndarray) -> np.ndarray:
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
        from PIL import Image

        height, width = (self._shape or self._picture.pixels.shape)[:2]
        source = Image.fromarray(self._picture.pixels).resize((width, height), Image.Resampling.LANCZOS)
        self.pictures[""] = np.asarray(source)
