"""Rows split among copies of an editor."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from families import edit, gap

from smile_core import explain
from smile_core.editors.registry import open_editor
from smile_core.errors import Cancelled, EditorError
from smile_core.hosts.split import SplitEditor, open_split

PROMPTS = ["make the car red", "", "car red", "red", "make it snow tonight"]


class Copy:
    """Pictures that tell the text; waits for its fellow, so that one thread alone would never end."""

    fingerprint: str | None = "one"

    def __init__(self, meeting: threading.Barrier | None = None) -> None:
        self.meeting, self.asked = meeting, [""]

    def describe(self) -> dict[str, str]:
        """See `Editor`."""
        return {"name": "copy", "family": "test"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor`."""
        self.asked = list(prompts)
        if self.meeting is not None:
            self.meeting.wait(timeout=20)
        return [np.full((2, 2, 3), len(prompt), np.uint8) for prompt in prompts]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_rows_come_back_in_their_places(count: int) -> None:
    copies = [Copy(threading.Barrier(count)) for _ in range(count)]
    copies = [Copy(copies[0].meeting) for _ in copies]
    made = SplitEditor(copies).edit(np.zeros((2, 2, 3), np.uint8), PROMPTS, seed=0)
    assert [int(np.asarray(one)[0, 0, 0]) for one in made] == [len(prompt) for prompt in PROMPTS]
    assert sorted(prompt for copy in copies for prompt in copy.asked) == sorted(PROMPTS)
    assert max(len(copy.asked) for copy in copies) - min(len(copy.asked) for copy in copies) <= 1


def test_more_copies_than_prompts() -> None:
    copies = [Copy() for _ in range(4)]
    assert len(SplitEditor(copies).edit(np.zeros((2, 2, 3), np.uint8), ["a", "b"], seed=0)) == 2


def test_two_workers_edit_as_one(tmp_path: Path) -> None:
    folder = tiny_models.build_instruct_pix2pix(tmp_path / "model")
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    one, two = open_editor(folder, steps=3), open_split(folder, ["cpu", "cpu"], steps=3)
    assert two.fingerprint == one.fingerprint
    for a, b in zip(edit(one, image, PROMPTS), edit(two, image, PROMPTS), strict=True):
        assert gap(a, b) <= 2
    explanation = explain("make it red", image, two)
    assert explanation.setting.details["devices"] == "2"
    two.stop_when(lambda: True)
    with pytest.raises(Cancelled):
        edit(two, image, PROMPTS)


def test_an_inpainting_model_is_split_too(tmp_path: Path) -> None:
    folder = tiny_models.build_inpainting(tmp_path / "model")
    image = np.zeros((32, 32, 3), np.uint8)
    split = open_split(folder, ["cpu", "cpu"], steps=2)
    pairs = zip(edit(split, image, PROMPTS[:2]), edit(open_editor(folder, steps=2), image, PROMPTS[:2]), strict=True)
    assert all(gap(a, b) <= 2 for a, b in pairs)


def test_what_is_no_copy() -> None:
    other, unknown = Copy(), Copy()
    other.fingerprint, unknown.fingerprint = "two", None
    for copies in ([Copy(), other], [unknown, unknown]):
        with pytest.raises(EditorError, match="not copies of one model"):
            SplitEditor(copies)
    with pytest.raises(EditorError, match="at least one device"):
        SplitEditor([])
