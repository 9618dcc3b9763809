"""Editors from folders: tiny random pipelines, batches, paired noise, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from smile_core import explain
from smile_core.editors.diffusers_folder import characters_read, working_size
from smile_core.editors.known_pictures import colours
from smile_core.editors.registry import check_folder, open_editor
from smile_core.errors import EditorError
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene

PROMPTS = ["make the car red", "", "car red", "make the car red", "make it snow tonight in the street"]


def _gap(a: np.ndarray | None, b: np.ndarray | None) -> int:
    assert a is not None
    assert b is not None
    return int(np.abs(a.astype(int) - b.astype(int)).max())


class TestInstructPix2Pix:
    def test_equal_texts_give_equal_pictures_whatever_the_batch(self, pix2pix_folder: Path) -> None:
        editor, image = open_editor(pix2pix_folder), draw(random_scene(1))
        together = editor.edit(image, PROMPTS, seed=3)
        assert _gap(together[0], together[3]) <= 1
        for prompt, picture in zip(PROMPTS, together, strict=True):
            alone = editor.edit(image, [prompt], seed=3)[0]
            assert _gap(alone, picture) <= 2
        backwards = editor.edit(image, PROMPTS[::-1], seed=3)
        assert _gap(backwards[-1], together[0]) <= 2

    def test_the_seed_fixes_the_noise(self, pix2pix_folder: Path) -> None:
        editor, image = open_editor(pix2pix_folder), draw(random_scene(1))
        first = editor.edit(image, ["make the car red"], seed=1)[0]
        torch.manual_seed(99)
        assert _gap(first, editor.edit(image, ["make the car red"], seed=1)[0]) == 0
        assert _gap(first, editor.edit(image, ["make the car red"], seed=2)[0]) > 2

    @pytest.mark.parametrize("size", [(1, 1), (33, 77), (200, 40), (64, 64)])
    def test_any_picture_size(self, pix2pix_folder: Path, size: tuple[int, int]) -> None:
        image = np.full((*size, 3), 90, np.uint8)
        picture = open_editor(pix2pix_folder).edit(image, ["red"], seed=0)[0]
        assert picture is not None
        assert picture.shape == image.shape

    def test_a_whole_explanation(self, pix2pix_folder: Path) -> None:
        explanation = explain("make it snowy", draw(random_scene(2)), pix2pix_folder)
        assert len(explanation.rows) == 8
        assert explanation.setting.family == "InstructPix2Pix"
        assert explanation.setting.details["steps"] == "20"

    def test_the_fingerprint_changes_with_the_weights(self, pix2pix_folder: Path, tmp_path: Path) -> None:
        copy = tmp_path / "copy"
        shutil.copytree(pix2pix_folder, copy)
        assert open_editor(copy).fingerprint == open_editor(pix2pix_folder).fingerprint
        weights = next(copy.glob("unet/*.safetensors"))
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
        assert open_editor(copy).fingerprint != open_editor(pix2pix_folder).fingerprint


def _folder(path: Path, index: object) -> Path:
    path.mkdir()
    (path / "model_index.json").write_text(index if isinstance(index, str) else json.dumps(index))
    return path


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("no-such-model", "use scenes-turbo, .*a diffusers folder, or a hub id"),
            ("weights.ckpt", "pickle checkpoint"),
            ("oracle", "use a PNG made by `smile scene`"),
            ("some/where/deep", "no model"),
        ],
    )
    def test_names(self, name: str, message: str) -> None:
        with pytest.raises(EditorError, match=message):
            open_editor(name)

    @pytest.mark.parametrize(
        ("index", "message"),
        [
            ("{", "cannot be read"),
            ("[]", "cannot be read"),
            (
                {"_class_name": "StableDiffusionInstructPix2PixPipeline", "unet": ["os", "system"]},
                "would run foreign code",
            ),
        ],
    )
    def test_indices(self, tmp_path: Path, index: object, message: str) -> None:
        with pytest.raises(EditorError, match=message):
            check_folder(_folder(tmp_path / "model", index))

    @pytest.mark.parametrize(
        ("pipeline", "message"),
        [
            ("FluxPipeline", "is a FluxPipeline; supported are .*and what else"),
            ("MadeUpPipeline", "is a MadeUpPipeline; supported are"),
            ("DiffusionPipeline", "is a DiffusionPipeline; supported are"),
            ("StableDiffusionControlNetImg2ImgPipeline", "needs a second picture"),
            ("CogVideoXImageToVideoPipeline", "makes films"),
        ],
    )
    def test_pipelines_that_do_not_edit(self, tmp_path: Path, pipeline: str, message: str) -> None:
        with pytest.raises(EditorError, match=message):
            open_editor(_folder(tmp_path / "model", {"_class_name": pipeline}))

    def test_a_model_that_was_not_fetched(self) -> None:
        with pytest.raises(EditorError, match="fetch it once with: smile models pull some/model"):
            open_editor("some/model")

    def test_settings_that_the_model_lacks(self, pix2pix_folder: Path) -> None:
        with pytest.raises(EditorError, match="no setting 'strength'; it knows steps, guidance, image_guidance"):
            open_editor(pix2pix_folder, strength=0.5)
        with pytest.raises(EditorError, match="precision 'int4' is unknown; use one of: float32"):
            open_editor(pix2pix_folder, precision="int4")

    def test_a_folder_that_is_no_model(self, tmp_path: Path) -> None:
        with pytest.raises(EditorError, match=r"has no model_index\.json"):
            open_editor(tmp_path)
        (tmp_path / "model.ckpt").write_bytes(b"x")
        with pytest.raises(EditorError, match="pickle"):
            open_editor(tmp_path)

    def test_pickled_weights_inside_a_folder(self, pix2pix_folder: Path, tmp_path: Path) -> None:
        copy = tmp_path / "copy"
        shutil.copytree(pix2pix_folder, copy)
        weights = next(copy.glob("unet/*.safetensors"))
        weights.rename(weights.with_suffix(".bin"))
        with pytest.raises(EditorError, match="holds only pickles"):
            open_editor(copy)

    def test_damaged_weights(self, pix2pix_folder: Path, tmp_path: Path) -> None:
        copy = tmp_path / "copy"
        shutil.copytree(pix2pix_folder, copy)
        next(copy.glob("unet/*.safetensors")).write_bytes(b"nothing")
        with pytest.raises(EditorError, match="cannot be loaded") as caught:
            open_editor(copy).edit(draw(random_scene(0)), ["red"], seed=0)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (128, 128, (128, 128)),
        (1, 1, (128, 128)),
        (640, 427, (160, 112)),
        (427, 640, (112, 160)),
        (10_000, 10, (176, 96)),
        (192, 128, (192, 128)),
        (190, 128, (160, 112)),
        (256, 128, (176, 96)),
        (96, 128, (96, 128)),
    ],
)
def test_working_size_keeps_the_shape_and_the_area(width: int, height: int, size: tuple[int, int]) -> None:
    assert working_size(width, height, native=128, multiple=16) == size


def test_characters_read_stop_where_the_tokenizer_cuts(pix2pix_folder: Path) -> None:
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(pix2pix_folder / "tokenizer")
    assert characters_read(tokenizer, "make the car red") == 16
    long = " ".join(["car"] * 60)
    read = characters_read(tokenizer, long)
    assert long[:read].split() == ["car"] * (tokenizer.model_max_length - 2)


def test_scenes_use_fewer_colours_than_photographs() -> None:
    from sklearn.datasets import load_sample_images

    scenes = [colours(draw(random_scene(seed))) for seed in range(100)]
    photographs = [colours(photograph) for photograph in load_sample_images().images]
    assert max(scenes) < 28 < min(photographs)
