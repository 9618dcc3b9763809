"""scenes-ip2p's training and layout, on random weights: what is trained is what the pipeline gives the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from PIL import Image
from safetensors.torch import load_file

from smile_core import Evidence, Explainer
from smile_core.editors.registry import open_editor
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene
from smile_core.scenes.training import average, ip2p
from smile_core.scenes.training.pairs import Pairs
from smile_core.scenes.training.saving import save_half
from smile_core.scenes.training.starting import Start
from smile_core.scenes.training.turbo import TIMESTEP, new_pipeline


@pytest.fixture(scope="module")
def turbo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """scenes-turbo with random weights."""
    torch.manual_seed(0)
    return new_pipeline(tmp_path_factory.mktemp("turbo"))


@pytest.fixture(scope="module")
def trained(turbo: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after two steps of both stages."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "pool").mkdir()
    sources = np.stack([draw(random_scene(seed)) for seed in range(4)])
    labels, kinds, places = np.full((4, 12), -1, np.int16), np.zeros((8, 8, 8), np.uint16), np.arange(4)
    pairs = Pairs(np.concatenate([sources, 255 - sources]), kinds, ["invert it"] * 4, labels, places, places + 4)
    pipe = ip2p.from_turbo(turbo)
    ip2p.train_all(pipe, Start(turbo, [pairs], [folder / "pool"], None, folder / "model", (2, 2), 1e-3, 1))
    return folder / "model"


def test_a_decoder_that_was_trained_before_can_be_kept(turbo: Any, trained: Path, tmp_path: Path) -> None:
    beginning = ip2p.from_turbo(turbo).vae
    at = Start(turbo, [], [], None, tmp_path, (0, 0), 1e-3, 1)
    assert at.kept(beginning) is beginning
    kept = replace(at, decoder=trained).kept(beginning).state_dict()
    written = load_file(trained / "vae" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(kept[name], value.float()) for name, value in written.items())
    assert not torch.equal(kept["decoder.conv_out.weight"], beginning.state_dict()["decoder.conv_out.weight"])


@pytest.mark.parametrize("kept", [False, True], ids=["untrained", "trained"])
def test_an_average_with_it_has_turbos_layout_again(
    turbo: Any, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Before training it is turbo's own UNet, so that the mean of both is that one."""
    save_half(ip2p.from_turbo(turbo), ip2p.pipeline_of, tmp_path / "untrained", editing=ip2p.EDITING)
    other = trained if kept else tmp_path / "untrained"
    turbo.save_pretrained(tmp_path / "turbo")
    arguments = [str(tmp_path / "turbo"), str(other), "--out", str(tmp_path / "mean"), "--share", "0.25"]
    monkeypatch.setattr("sys.argv", ["average", *arguments])
    average.main()
    found, theirs = load_file(tmp_path / "mean" / average.UNET), load_file(other / average.UNET)
    ours = turbo.unet.state_dict()
    theirs[average.FIRST] = theirs[average.FIRST][:, 4:].float() / turbo.vae.config.scaling_factor
    for name, value in ours.items():
        mean = 0.75 * value + 0.25 * theirs[name].float()
        assert torch.allclose(found[name].float(), mean, atol=1e-3), name
        assert kept or torch.allclose(mean, value, atol=2e-3), name
    assert open_editor(str(tmp_path / "mean")).describe()["family"] == open_editor("scenes-turbo").describe()["family"]


def test_only_weights_of_one_layout_are_averaged() -> None:
    with pytest.raises(ValueError, match="same weights"):
        average.average({"a": torch.zeros(2)}, {"a": torch.zeros(3)}, 0.5)


def test_at_first_and_at_full_noise_it_is_turbo(turbo: Any, street_pixels: np.ndarray) -> None:
    """The noise counts nothing yet, and the picture's latents come as the pipeline gives them."""
    pipe = ip2p.from_turbo(turbo)
    pipe.set_progress_bar_config(disable=True)
    seen = tiny_models.calls_of(pipe.unet)
    pipe("red", Image.fromarray(street_pixels), num_inference_steps=ip2p.EDITING["steps"], guidance_scale=1.5)
    sample, time = seen[0]
    assert time == TIMESTEP == 999
    assert float(pipe.scheduler.alphas_cumprod[time]) < 1e-6, "the first step sees noise alone"
    pixels = torch.from_numpy(np.array(street_pixels)).permute(2, 0, 1)[None].float() / 127.5 - 1
    features = torch.randn(1, 32, 96)
    with torch.no_grad():
        latents, _ = turbo.vae.encode_with_skips(pixels)
        latents = latents * turbo.vae.config.scaling_factor
        expected = turbo.unet(latents, TIMESTEP, encoder_hidden_states=features).sample
        found = pipe.unet(sample[:1], torch.tensor(time), encoder_hidden_states=features).sample
    assert torch.allclose(found, expected, atol=1e-3)


def test_what_is_trained_is_small_and_edits(trained: Path, street_pixels: np.ndarray) -> None:
    assert sum(file.stat().st_size for file in trained.rglob("*.safetensors")) <= 9_000_000
    editor = open_editor(trained)
    assert "draft" not in editor.describe()
    first, again = (np.asarray(one) for one in editor.edit(street_pixels, ["make it red", "make it red"], seed=0))
    (other,) = (np.asarray(one) for one in editor.edit(street_pixels, ["make it red"], seed=1))
    assert first.shape == street_pixels.shape
    assert np.abs(first.astype(int) - again).max() <= 2
    assert (first != other).any(), "the noise is the seed's"
    explanation = Explainer(editor, evidence=Evidence()).explain("make it red", street_pixels)
    assert len(explanation.rows) == 8
