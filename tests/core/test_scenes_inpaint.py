"""scenes-inpaint's training and layout, on random weights: what is trained is what the pipeline gives the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image
from typer.testing import CliRunner

from bench.scenes import area_around, asked, edits
from smile_core import Evidence, Explainer
from smile_core.cli import app
from smile_core.editors.protocol import PaintsInArea
from smile_core.editors.registry import open_editor
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene
from smile_core.scenes.scene_png import scene_png
from smile_core.scenes.training import inpaint
from smile_core.scenes.training.pairs import Pairs
from smile_core.scenes.training.starting import Start
from smile_core.scenes.training.turbo import new_pipeline


@pytest.fixture(scope="module")
def turbo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """scenes-turbo with random weights."""
    torch.manual_seed(0)
    return new_pipeline(tmp_path_factory.mktemp("turbo"))


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """A few edits that paint a square white."""
    sources = np.stack([draw(random_scene(seed)) for seed in range(4)])
    targets = sources.copy()
    targets[:, 40:70, 30:80] = 255
    places = np.arange(4)
    labels = np.full((4, 12), -1, np.int16)
    kinds = np.zeros((8, 8, 8), np.uint16)
    return Pairs(np.concatenate([sources, targets]), kinds, ["paint it white"] * 4, labels, places, places + 4)


@pytest.fixture(scope="module")
def trained(turbo: Any, pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after two steps of every stage."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "pool").mkdir()
    pipe = inpaint.from_turbo(turbo)
    inpaint.train_all(pipe, Start(turbo, [pairs], [folder / "pool"], None, folder / "model", (2, 2, 2), 1e-3, 1))
    return folder / "model"


def test_at_first_it_is_turbo_beside_an_area(turbo: Any) -> None:
    """The mask and the bare picture count nothing yet, and what little noise there is hides nothing."""
    pipe = inpaint.from_turbo(turbo)
    latents, features = torch.randn(2, 4, 32, 32), torch.randn(2, 32, 96)
    time = torch.full((2,), inpaint.TIMESTEP)
    given = torch.cat([latents, torch.randn(2, 5, 32, 32)], 1)
    with torch.no_grad():
        expected = turbo.unet(latents, time, encoder_hidden_states=features).sample
        assert torch.allclose(pipe.unet(given, time, encoder_hidden_states=features).sample, expected, atol=1e-4)
    assert 0.9 < float(pipe.scheduler.alphas_cumprod[inpaint.TIMESTEP]) < 0.95


def test_the_network_is_given_in_training_what_the_pipeline_gives_it(trained: Path, pairs: Pairs) -> None:
    """All nine channels but the noise; one call, at the step that was trained."""
    pipe = StableDiffusionInpaintPipeline.from_pretrained(trained, dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    source = torch.from_numpy(pairs.pictures[:1]).permute(0, 3, 1, 2).float() / 127.5 - 1
    areas = torch.zeros(1, 1, 128, 128)
    areas[:, :, 32:80, 24:88] = 1
    seen = tiny_models.calls_of(pipe.unet)
    pipe(
        prompt="red",
        image=Image.fromarray(pairs.pictures[0]),
        mask_image=Image.fromarray((areas[0, 0].numpy() * 255).astype(np.uint8)),
        num_inference_steps=inpaint.EDITING["steps"],
        strength=inpaint.EDITING["strength"],
        guidance_scale=inpaint.EDITING["guidance"],
        width=128,
        height=128,
        generator=torch.Generator().manual_seed(0),
    )
    ((sample, time),) = seen
    assert time == inpaint.TIMESTEP
    with torch.no_grad():
        latents = pipe.vae.encode(source).latent_dist.mode() * pipe.vae.config.scaling_factor
        ours = inpaint.given_to(pipe, latents, source, areas)
    assert torch.allclose(sample[:, 4:], ours[:, 4:], atol=2e-2)
    noise = (sample[:, :4] - ours[:, :4]).std()
    assert noise < 2 * float(1 - pipe.scheduler.alphas_cumprod[time]) ** 0.5


def test_areas_hold_what_changes_or_lie_anywhere(pairs: Pairs) -> None:
    random = np.random.default_rng(0)
    source, target = (torch.from_numpy(pairs.pictures[i]).permute(2, 0, 1)[None].float() / 127.5 - 1 for i in (0, 4))
    batch = inpaint.areas_for(random, source.expand(100, -1, -1, -1), target.expand(100, -1, -1, -1))
    differs = (source != target).any(1, keepdim=True)
    held = [bool((area[None] > 0)[differs].all()) for area in batch]
    assert 70 <= sum(held) <= 95
    assert all(0 < float(area.mean()) < 0.9 for area in batch)


def test_what_is_trained_is_small_and_edits(trained: Path, street_pixels: np.ndarray) -> None:
    weights = list(trained.rglob("*.safetensors"))
    assert sum(file.stat().st_size for file in weights) <= 9_000_000
    editor = open_editor(trained)
    assert isinstance(editor, PaintsInArea)
    assert "draft" not in editor.describe()
    area = np.zeros(street_pixels.shape[:2], bool)
    area[40:90, 30:100] = True
    first, again, other = (
        np.asarray(one)
        for one in (
            *editor.edit_area(street_pixels, area, ["make it red", "make it red"], seed=0),
            *editor.edit_area(street_pixels, area, ["make it red"], seed=1),
        )
    )
    assert (first[~area] == street_pixels[~area]).all()
    assert np.abs(first.astype(int) - again).max() <= 2
    assert (first != other).any(), "a little noise lies on it"
    explanation = Explainer(editor, evidence=Evidence()).explain("make it red", street_pixels, area="30,40,100,90")
    assert len(explanation.rows) == 8


def test_training_goes_on_from_what_is_there(trained: Path, turbo: Any, pairs: Pairs, tmp_path: Path) -> None:
    pipe = StableDiffusionInpaintPipeline.from_pretrained(trained, dtype=torch.float32, safety_checker=None)
    before = pipe.unet.conv_in.weight.clone()
    inpaint.train_all(pipe, Start(turbo, [pairs], [tmp_path], None, tmp_path / "out", (0, 1, 0), 1e-4, 2))
    after = StableDiffusionInpaintPipeline.from_pretrained(tmp_path / "out", dtype=torch.float32, safety_checker=None)
    gap = (after.unet.conv_in.weight - before).abs().max()
    assert 0 < gap < 0.1


def test_the_benchmark_asks_for_edits_that_leave_room(trained: Path) -> None:
    editor = open_editor(trained)
    for question, differs, area in asked(editor, 3):
        assert area[differs].all()
        assert area.mean() <= 0.6
        (edited,) = edits(editor, question.source, [question.instruction], area)
        assert (edited[~area] == question.source[~area]).all()
    assert area_around(np.pad(np.ones((1, 1), bool), 20)).sum() == 11 * 11


def test_models_with_and_without_an_area_are_compared(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "scene.png").write_bytes(scene_png(random_scene(0)))
    models = f"scenes-turbo,{trained}"
    command = ["compare", "make it snowy", "-i", str(tmp_path / "scene.png"), "--models", models, "--private"]
    result = CliRunner().invoke(app, [*command, "--area", "30,40,100,90"])
    assert result.exit_code == 0, result.stderr
    assert "scenes-turbo edits the whole picture; the area is for the others" in result.stderr
    assert "rank correlation" in result.stdout
