"""The models of bench.editors, reduced: each is built and edits, so that the full-size ones will."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from families import edit

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
