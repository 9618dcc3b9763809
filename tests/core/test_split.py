"""Rows split among copies of an editor."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from families import edit, gap
from PIL import Image
from typer.testing import CliRunner

from smile_core import Evidence, explain
from smile_core.cli import app
from smile_core.editors.registry import open_editor
from smile_core.errors import Cancelled, EditorError
from smile_core.hosts.device_worker import DeviceWorker
from smile_core.hosts.split import SplitEditor, chosen_devices, devices_here, open_split
from smile_core.hosts.warm_models import WarmModels
from smile_core.scenes.scene import random_scene
from smile_core.scenes.scene_png import scene_png

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


def test_devices_that_a_user_names() -> None:
    assert chosen_devices("all") == devices_here()
    assert chosen_devices("cpu") == ["cpu"]
    for names in ("cuda:99", "cpu,cuda:99"):
        with pytest.raises(EditorError, match=r"no device 'cuda:99' here; name some of .*cpu"):
            chosen_devices(names)
    with pytest.raises(EditorError, match="no device is named"):
        chosen_devices(" , ")


def test_a_process_that_has_ended_is_one_line(tmp_path: Path) -> None:
    worker = DeviceWorker(str(tiny_models.build_instruct_pix2pix(tmp_path / "model")), device="cpu", steps=1)
    worker._process.kill()
    with pytest.raises(EditorError, match="the process for cpu has ended"):
        worker.edit(np.zeros((32, 32, 3), np.uint8), ["red"], seed=0)
    with pytest.raises(EditorError, match="no model 'nowhere'"):
        DeviceWorker("nowhere", device="cpu")


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scene's file, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "scene.png"
    made.write_bytes(scene_png(random_scene(0)))
    return made


def test_the_shell_splits(picture: Path, tmp_path: Path) -> None:
    base = ["preview", "make it red", "-i", str(picture), "--private"]
    results = []
    for devices in ("cpu", "cpu,cpu"):
        out = tmp_path / f"{len(results)}.png"
        result = CliRunner().invoke(app, [*base, "--devices", devices, "-o", str(out)])
        assert result.exit_code == 0, result.stderr
        assert "one device" not in result.stderr
        results.append(np.asarray(Image.open(out)))
    assert gap(*results) <= 2
    refused = CliRunner().invoke(app, [*base, "--devices", "cuda:99"])
    assert refused.exit_code == 1
    assert "no device 'cuda:99' here" in refused.stderr


@pytest.mark.skipif(len(devices_here()) > 1, reason="there are several devices")
def test_where_there_is_one_device_the_shell_says_so(picture: Path, tmp_path: Path) -> None:
    command = ["preview", "make it red", "-i", str(picture), "-o", str(tmp_path / "o.png"), "--private"]
    alone = CliRunner().invoke(app, [*command, "--devices", "all"])
    assert alone.exit_code == 0
    assert f"smile: there is one device here, {devices_here()[0]}; it makes all edits" in alone.stderr


def test_warm_models_are_split(tmp_path: Path) -> None:
    folder = tiny_models.build_instruct_pix2pix(tmp_path / "model")
    models = WarmModels(Evidence(), devices="cpu,cpu")
    explainer = models.get(str(folder), Path())
    assert explainer.editor.describe()["devices"] == "2"
    state, size, _ = models.states()[str(folder)]
    alone = WarmModels(Evidence())
    alone.get(str(folder), Path())
    assert (state, size) == ("warm", 2 * alone.states()[str(folder)][1])
