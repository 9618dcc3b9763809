"""A folder of pictures, as people have them, goes through `smile explain` with both kinds of model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images
from typer.testing import CliRunner

from smile_core.cli import app

PHOTOGRAPH = Image.fromarray(load_sample_images().images[1])
PICTURES: dict[str, tuple[Callable[[Path], None], str]] = {
    "photograph.jpg": (lambda path: PHOTOGRAPH.save(path), ""),
    "tiny.png": (lambda path: PHOTOGRAPH.resize((1, 1)).save(path), ""),
    "huge.jpg": (lambda path: PHOTOGRAPH.resize((5500, 3700)).save(path), ""),
    "print.jpg": (lambda path: PHOTOGRAPH.convert("CMYK").save(path), "CMYK"),
    "glass.png": (lambda path: PHOTOGRAPH.convert("LA").convert("RGBA").save(path), "put on white"),
    "scan.tiff": (lambda path: Image.fromarray(np.full((30, 50), 9_000, np.uint16)).save(path), "16 bits"),
    "moving.gif": (
        lambda path: PHOTOGRAPH.save(path, save_all=True, append_images=[PHOTOGRAPH.rotate(90)]),
        "first frame",
    ),
    "long.webp": (lambda path: PHOTOGRAPH.resize((900, 30)).save(path), ""),
}


@pytest.mark.parametrize("model", ["scenes-turbo", "local InstructPix2Pix"])
@pytest.mark.parametrize("name", PICTURES)
def test_explained(name: str, model: str, tmp_path: Path, pix2pix_folder: Path) -> None:
    write, note = PICTURES[name]
    write(tmp_path / name)
    chosen = model if model == "scenes-turbo" else str(pix2pix_folder)
    result = CliRunner().invoke(app, ["explain", "make it night", "-i", str(tmp_path / name), "-m", chosen, "--json"])
    assert result.exit_code == 0, result.stderr
    explanation = json.loads(result.stdout)
    assert [word["text"] for word in explanation["words"]] == ["make", "it", "night"]
    assert note in " ".join(explanation["notes"])
