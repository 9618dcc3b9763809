"""Published Img2Img-Turbo checkpoints become folders, and nothing that they hold is run. Canny's edges."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from PIL import Image, ImageDraw

from smile_core.editors.canny import canny
from smile_core.editors.registry import open_editor
from smile_core.editors.turbo_checkpoint import convert_turbo, merged, read_checkpoint
from smile_core.errors import EditorError

RANK = 2


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for SD-Turbo: a text-to-image folder."""
    folder = tiny_models.build_image_to_image(tmp_path_factory.mktemp("models") / "sd-turbo")
    scheduler = folder / "scheduler" / "scheduler_config.json"
    text = scheduler.read_text().replace('"linspace"', '"trailing"')
    scheduler.write_text(text)
    return folder


def _checkpoint(base: Path, path: Path, *, zero: bool = False) -> Path:
    """A file with the names and kinds that the published training code writes."""
    import diffusers

    random = torch.Generator().manual_seed(1)
    unet = diffusers.UNet2DConditionModel.from_pretrained(base, subfolder="unet")
    parts: dict[str, dict[str, torch.Tensor]] = {"unet": {}, "vae": {}}
    parts["unet"]["conv_in.weight"] = unet.conv_in.weight.detach() * (1 if zero else 2)
    parts["unet"]["conv_in.bias"] = unet.conv_in.bias.detach()
    name, shape = "mid_block.attentions.0.proj_in", unet.mid_block.attentions[0].proj_in.weight.shape
    for kind, size in (("A", (RANK, *shape[1:])), ("B", (shape[0], RANK, 1, 1))):
        drawn = torch.randn(size, generator=random) * 0.1
        parts["unet"][f"{name}.lora_{kind}.default.weight"] = drawn * (0 if zero and kind == "B" else 1)
    for level, (source, target) in enumerate(((16, 32), (16, 32)), start=1):
        drawn = torch.randn((target, source, 1, 1), generator=random) * 0.1
        parts["vae"][f"decoder.skip_conv_{level}.base_layer.weight"] = drawn
    torch.save(
        {
            "unet_lora_target_modules": ["proj_in"],
            "vae_lora_target_modules": ["skip_conv_1"],
            "rank_unet": RANK,
            "rank_vae": RANK,
            "state_dict_unet": parts["unet"],
            "state_dict_vae": parts["vae"],
        },
        path,
    )
    return path


def test_a_converted_checkpoint_edits(base: Path, tmp_path: Path) -> None:
    out = convert_turbo(_checkpoint(base, tmp_path / "edge.pkl"), base, tmp_path / "edge-to-image")
    assert not list(out.rglob("*.bin"))
    editor = open_editor(out)
    assert editor.describe()["sees"] == "Canny 100 to 200"
    flat = np.full((32, 32, 3), 60, np.uint8)
    square = flat.copy()
    square[8:24, 8:24] = 200
    brighter = np.where(square == 200, 250, square).astype(np.uint8)
    blank, first, second = (np.asarray(editor.edit(one, ["red car"], seed=0)[0]) for one in (flat, square, brighter))
    assert (first == second).all(), "only edges are seen"
    assert (first != blank).any()


def test_low_rank_changes_are_multiplied_out() -> None:
    """Against the form that peft computes: the layer's output and, scaled by 8 / rank, the two small layers'."""
    torch.manual_seed(0)
    plain, down = (torch.nn.Conv2d(6, channels, 3, bias=False) for channels in (5, RANK))
    up = torch.nn.Conv2d(RANK, 5, 1, bias=False)
    changes = {"conv.lora_A.vae_skip.weight": down.weight, "conv.lora_B.vae_skip.weight": up.weight}
    result = merged({"conv.weight": plain.weight}, changes, rank=RANK)["conv.weight"]
    pixels = torch.randn(2, 6, 7, 7)
    expected = plain(pixels) + 8 / RANK * up(down(pixels))
    assert torch.allclose(torch.nn.functional.conv2d(pixels, result), expected, atol=1e-5)


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self._path}",)


def test_nothing_in_a_checkpoint_is_run(base: Path, tmp_path: Path) -> None:
    torch.save({"state_dict_unet": Evil(tmp_path / "ran")}, tmp_path / "evil.pkl")
    with pytest.raises(EditorError, match="holds more than weights and was not opened"):
        convert_turbo(tmp_path / "evil.pkl", base, tmp_path / "out")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()
    # The same file does run when it is opened carelessly, so the test above could fail.
    torch.load(tmp_path / "evil.pkl", weights_only=False)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[1, 2], {"state_dict_unet": {}}, {"state_dict_unet": {"a": 1}, "rank_unet": 2}])
def test_what_is_no_checkpoint(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "other.pkl")
    with pytest.raises(EditorError, match="is no Img2Img-Turbo checkpoint"):
        read_checkpoint(tmp_path / "other.pkl")
    (tmp_path / "noise.pkl").write_bytes(b"nothing of the kind")
    with pytest.raises(EditorError, match="noise"):
        read_checkpoint(tmp_path / "noise.pkl")


def test_a_checkpoint_of_another_base(base: Path) -> None:
    other = {"nowhere.weight": torch.zeros(3)}
    with pytest.raises(EditorError, match="does not fit the base"):
        merged({"conv.weight": torch.zeros(3)}, other, rank=RANK)
    with pytest.raises(EditorError, match="fits nothing in the base"):
        merged({"conv.weight": torch.zeros(3)}, {"conv.lora_A.default.weight": torch.zeros(RANK, 3)}, rank=RANK)


class TestCanny:
    def test_a_square_has_its_outline_and_nothing_else(self) -> None:
        image = np.full((40, 40, 3), 50, np.uint8)
        image[10:30, 12:28] = 220
        edges = canny(image) > 0
        ys, xs = np.nonzero(edges)
        assert (ys.min(), ys.max(), xs.min(), xs.max()) == (9, 29, 11, 27)
        assert not edges[12:28, 14:26].any()
        assert all(edges[row].sum() == 2 for row in range(13, 27)), "one pixel a side"

    @pytest.mark.parametrize(("step", "found"), [(24, False), (26, False), (51, True)])
    def test_thresholds_are_on_the_sum_of_the_gradients(self, step: int, found: bool) -> None:
        # A vertical step of s has |dx| = 4 s: 96 is under low, 104 between low and high, 204 above high.
        image = np.full((20, 20, 3), 50, np.uint8)
        image[:, 10:] += step
        assert canny(image, 100, 200).any() == found

    def test_a_weak_edge_lives_where_it_touches_a_strong_one(self) -> None:
        image = np.full((40, 20, 3), 50, np.uint8)
        image[:20, 10:] = 80
        image[20:, 10:] = 150
        edges = canny(image)
        assert edges[2:18, 9].all()
        assert not canny(image[:18]).any()

    def test_a_disc_is_one_thin_closed_line(self) -> None:
        from scipy.ndimage import label

        picture = Image.new("RGB", (80, 80), (30, 30, 30))
        ImageDraw.Draw(picture).ellipse((15, 15, 64, 64), fill=(30, 230, 30))
        edges = canny(np.asarray(picture)) > 0
        assert label(edges, np.ones((3, 3)))[1] == 1
        assert label(~edges)[1] == 2, "inside and outside"
        assert 0.8 * np.pi * 50 < edges.sum() < 1.3 * np.pi * 50
