"""Tiny pipelines of every family, each built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
from families import FAMILIES, SETTINGS

from smile_core.editors.registry import open_editor
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny model."""
    root, built = tmp_path_factory.mktemp("families"), {}

    def folder(family: str) -> Path:
        if family not in built:
            built[family] = FAMILIES[family](root / family.replace(" ", "-"))
        return built[family]

    return folder


@pytest.fixture
def open_family(folder_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Open a family's tiny model with settings."""

    def opened(family: str, **settings: Any) -> Any:
        editor = open_editor(folder_of(family), **{**SETTINGS.get(family, {"steps": 4}), **settings})
        if family == "Qwen-Image-Edit":
            from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as source

            monkeypatch.setattr(source, "VAE_IMAGE_SIZE", 32 * 32)
            monkeypatch.setattr(source, "CONDITION_IMAGE_SIZE", 32 * 32)
            editor._pipeline.processor = tiny_models.PictureAndText(editor._pipeline.tokenizer)
        return editor

    return opened


@pytest.fixture(scope="session")
def image() -> np.ndarray:
    """A scene of 32 x 32, which is the size of all tiny models, so that nothing is resized."""
    return np.ascontiguousarray(draw(random_scene(1))[::4, ::4])
