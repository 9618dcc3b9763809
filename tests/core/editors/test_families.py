"""What holds for the editors of every family, on tiny random pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from families import FAMILIES, area_of, edit, gap

from smile_core import Evidence, Explainer
from smile_core.editors.protocol import PaintsInArea
from smile_core.errors import Cancelled, EditorError

PROMPTS = ["make the car red", "", "car red", "make the car red", "make it snow tonight in the street"]
TOLERANCE = 2
"""Of 255, between one batch and another: other shapes are summed in another order."""

DETERMINISTIC = ("Img2Img-Turbo",)
Open = Callable[..., Any]


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_texts_give_equal_pictures_whatever_the_batch_and_the_row(
    family: str, open_family: Open, image: np.ndarray
) -> None:
    editor = open_family(family)
    together = edit(editor, image, PROMPTS)
    assert gap(together[0], together[3]) <= 1
    assert gap(together[0], together[1]) > TOLERANCE, "the text changes nothing, so this test could not fail"
    backwards = edit(editor, image, PROMPTS[::-1])[::-1]
    for prompt, picture, other in zip(PROMPTS, together, backwards, strict=True):
        assert gap(edit(editor, image, [prompt])[0], picture) <= TOLERANCE
        assert gap(other, picture) <= TOLERANCE


@pytest.mark.parametrize("family", FAMILIES)
def test_the_seed_fixes_the_noise(family: str, open_family: Open, image: np.ndarray) -> None:
    editor = open_family(family)
    first = edit(editor, image, PROMPTS[:1], seed=1)[0]
    torch.manual_seed(99)
    assert gap(first, edit(editor, image, PROMPTS[:1], seed=1)[0]) == 0
    other = gap(first, edit(editor, image, PROMPTS[:1], seed=2)[0])
    assert other == 0 if family in DETERMINISTIC else other > TOLERANCE


@pytest.mark.parametrize("family", FAMILIES)
def test_a_request_to_stop_is_heard_between_steps(family: str, open_family: Open, image: np.ndarray) -> None:
    editor = open_family(family)
    whole = edit(editor, image, ["car"])[0]
    asked = 0

    def after_the_first() -> bool:
        nonlocal asked
        asked += 1
        return asked > (0 if family in DETERMINISTIC else 1)

    editor.stop_when(after_the_first)
    with pytest.raises(Cancelled):
        edit(editor, image, ["car"])
    assert asked == (1 if family in DETERMINISTIC else 2)
    editor.stop_when(lambda: False)
    assert gap(edit(editor, image, ["car"])[0], whole) == 0


@pytest.mark.parametrize("size", [(1, 1), (33, 77), (200, 90)])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_picture_of_any_size_comes_back_at_its_size(family: str, size: tuple[int, int], open_family: Open) -> None:
    editor = open_family(family)
    image = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    assert edit(editor, image, ["red"])[0].shape == image.shape
    width, height = editor._size(size[1], size[0])
    multiple, shape = editor._multiple(), min(max(size[1] / size[0], 0.5), 2)
    assert width % multiple == height % multiple == 0
    assert abs(width - shape * height) <= multiple * (1 + shape) / 2, "half a multiple a side, by rounding"


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_gives_nearly_the_same(family: str, open_family: Open, image: np.ndarray) -> None:
    whole = edit(open_family(family), image, PROMPTS[:1])[0].astype(float)
    editor = open_family(family, precision="bfloat16")
    half = edit(editor, image, PROMPTS[:1])[0]
    assert next(editor._pipeline.vae.parameters()).dtype == torch.bfloat16
    assert editor.fingerprint != open_family(family).fingerprint
    # Eight bits of mantissa, and steps that carry their errors on: a few levels on average.
    assert 0 < np.abs(whole - half).mean() < 6


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_explanation(family: str, open_family: Open, image: np.ndarray) -> None:
    explainer = Explainer(open_family(family), evidence=Evidence())
    area = area_of(image) if isinstance(explainer.editor, PaintsInArea) else None
    explanation = explainer.explain("make it snowy", image, area=area)
    assert len(explanation.rows) == 8
    assert explanation.counts.made == 8
    assert explanation.setting.family == family.removesuffix(" with 4 channels").removesuffix(" 2").replace(
        "image XL", "image"
    ).replace("inpainting XL", "inpainting")
    again = explainer.explain("make it snowy", image, area=area)
    assert again.counts.made == 0


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "Img2Img-Turbo"])
def test_fewer_steps_are_called_a_draft(family: str, open_family: Open, image: np.ndarray) -> None:
    exact = open_family(family, steps=open_family(family)._usual_steps)
    draft = open_family(family, steps=open_family(family)._usual_steps - 1)
    assert "draft" not in exact.describe()
    assert "steps instead of" in draft.describe()["draft"]
    assert exact.fingerprint != draft.fingerprint
    assert draft.remarks(image, ["red"])[0].startswith("this is a draft")


@pytest.mark.parametrize(
    "family", ["inpainting", "inpainting with 4 channels", "inpainting 2", "inpainting XL", "FluxInpaint"]
)
def test_nothing_outside_of_the_area_changes(family: str, open_family: Open, image: np.ndarray) -> None:
    area = area_of(image)
    edited = edit(open_family(family), image, ["a red car"])[0]
    assert (edited[~area] == image[~area]).all()
    assert (edited[area] != image[area]).any()


def test_an_inpainting_model_asks_for_an_area(open_family: Open, image: np.ndarray) -> None:
    with pytest.raises(EditorError, match="paints inside an area; give one"):
        Explainer(open_family("inpainting")).explain("a red car", image)
    with pytest.raises(EditorError, match="paints inside an area; give one"):
        open_family("inpainting").edit(image, ["a red car"], seed=0)
    with pytest.raises(EditorError, match="edits the whole picture; leave out the area"):
        Explainer(open_family("InstructPix2Pix")).explain("a red car", image, area=(0, 0, 8, 8))


def test_image_to_image_needs_a_step(open_family: Open, image: np.ndarray) -> None:
    with pytest.raises(EditorError, match="steps x strength must be 1 or more"):
        edit(open_family("image-to-image", steps=2, strength=0.3), image, ["red"])
