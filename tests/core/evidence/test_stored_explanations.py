"""Explanations over a store are those from memory, and the next process makes no edit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from smile_core import Explainer
from smile_core.evidence_place import FILE
from smile_core.evidence_store import EvidenceStore
from tests.core.evidence.troubles import (
    garbage,
)


class Blocks:
    """Paints one block for every word; counts what it is asked for."""

    def __init__(self) -> None:
        self.fingerprint: str | None = "blocks"
        self.asked = 0

    def describe(self) -> dict[str, str]:
        return {"name": "blocks", "family": "test"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        self.asked += len(prompts)
        pictures = []
        for prompt in prompts:
            painted = image.copy()
            for word in prompt.split():
                start = 4 * (crc32(word.encode()) % 8)
                painted[start : start + 4] = 200
            pictures.append(painted)
        return list(pictures)


def test_an_explanation_over_a_store_is_the_one_from_memory_and_the_next_process_makes_no_edit(folder: Path) -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    prompt = "make the big car red today"
    expected = Explainer(Blocks()).explain(prompt, image)
    for made in (True, False):
        editor = Blocks()
        with EvidenceStore(folder) as store:
            explanation = Explainer(editor, evidence=store).explain(prompt, image)
        assert (editor.asked > 0) == made
        assert [word.influence for word in explanation.words] == [word.influence for word in expected.words]
    garbage(folder / FILE)
    folder.joinpath("evidence.lock").unlink()
    folder.joinpath("evidence.lock").mkdir()
    with EvidenceStore(folder) as store:
        explanation = Explainer(Blocks(), evidence=store).explain(prompt, image)
        assert len(store.notes) == 1
    assert [word.influence for word in explanation.words] == [word.influence for word in expected.words]
