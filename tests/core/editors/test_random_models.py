"""The models of bench.editors, reduced: each is built and edits, so that the full-size ones will."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from families import edit

from bench.editors_gpu import denoiser_row
from bench.random_models import FULL, REDUCED, build
from smile_core.editors.registry import open_editor


@pytest.mark.parametrize("kind", REDUCED)
def test_a_reduced_model_edits(kind: str, tmp_path: Path) -> None:
    settings = {} if kind == "turbo" else {"steps": 2, "side": 64}
    editor = open_editor(build(kind, tmp_path / kind, REDUCED[kind]), **settings)
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    first, second = edit(editor, image, ["make the car red", ""])
    assert first.shape == image.shape
    assert (first != second).any()
    assert set(FULL) == set(REDUCED)


@pytest.mark.parametrize("kind", ["pix2pix", "kontext"])
def test_where_a_denoisers_time_goes(kind: str, tmp_path: Path) -> None:
    """What a GPU's figures are made of, in small."""
    editor = open_editor(build(kind, tmp_path / kind, REDUCED[kind]), steps=2, side=64, compile_with="eager")
    editor.batch = 4
    image = np.zeros((64, 64, 3), np.uint8)
    row = denoiser_row(editor, lambda texts: edit(editor, image, texts), peak=1e12)
    assert 0 < row["share_of_peak"] < 1
    assert sum(spent.of_time for spent in row["denoiser"]) == pytest.approx(1)
    assert {"matrix product", "attention"} <= {spent.kind for spent in row["denoiser"] if spent.of_operations}
