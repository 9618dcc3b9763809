"""The single picture: right size, coloured where the words are, and made from any text."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from smile_core.report import typeface
from smile_core.report.colours import bucket, theme
from smile_core.report.png import WIDTH, render_png, scale_ends

EFFECT = "effective"


def drawn(explanation) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(render_png(explanation))).convert("RGB"))


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("make the car red", None),
        ("空を嵐に 🚗 (x) don't", ["空を", "嵐に", "🚗", "x", "don't"]),
        ("supercalifragilistic" * 8, None),
        (" ".join(f"word{i}" for i in range(60)), None),
    ],
)
def test_any_prompt_is_drawn(build, prompt: str, texts: list[str] | None) -> None:
    count = len(texts or prompt.split())
    picture = drawn(build(prompt, [0.3] * count, [EFFECT] * count, texts=texts))
    assert picture.shape[1] == WIDTH
    assert (picture[:, -20:] == 255).all()
    assert (picture[-20:] == 255).all()


def test_fills_are_those_of_the_ramp(build) -> None:
    with_effect = drawn(build(with_pictures=False))
    fill = np.array(theme("light").solid_fill(bucket(0.5)))
    assert (with_effect[56:120] == fill).all(axis=2).sum() > 1000
    nothing = drawn(build(with_pictures=False, effect=0.01, noise_floor=0.02))
    assert not (nothing == fill).all(axis=2).any()


def test_before_and_after_are_shown(build) -> None:
    explanation = build()
    red = np.zeros((32, 32, 3), np.uint8) + np.array([200, 10, 20], np.uint8)
    explanation.full.picture[:] = red
    assert (drawn(explanation) == [200, 10, 20]).all(axis=2).sum() >= 340 * 340


def test_no_installed_font_is_needed(build, monkeypatch) -> None:
    monkeypatch.setattr(typeface, "_installed", lambda name, size: None)
    typeface.typeface.cache_clear()
    assert drawn(build()).shape[1] == WIDTH
    typeface.typeface.cache_clear()


@pytest.mark.parametrize("width", [480, 550, 640, 900, 1300])
def test_what_the_ends_of_the_scale_say_never_touches(width: int) -> None:
    face = typeface.typeface(20)
    left, right = scale_ends(face, width)
    assert face.width(left) + 40 + face.width(right) <= width
    assert "against" in left
    assert "towards" in right
