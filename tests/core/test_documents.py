"""Prompts in `.edit` documents, with their spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_core.documents.edit_document import parse_edit_document
from smile_core.errors import PromptError

DOCUMENT = """---
image: street.png          # relative to this file
model: scenes-turbo
seed: 4
---
make the car red

# a comment
remove the tree
  and the lamp
# another
make it night
"""


def test_front_matter_and_paragraphs() -> None:
    document = parse_edit_document(DOCUMENT)
    assert (document.image, document.model, document.seed) == ("street.png", "scenes-turbo", 4)
    assert [prompt.text for prompt in document.prompts] == [
        "make the car red",
        "remove the tree\n  and the lamp",
        "make it night",
    ]
    assert [prompt.line for prompt in document.prompts] == [6, 9, 12]
    assert all(DOCUMENT[p.start : p.end] == p.text for p in document.prompts)


def test_quotes_keep_a_hash() -> None:
    document = parse_edit_document('---\nimage: "my #1 photo.png" # first\nseed: -3 # odd\n---\nred')
    assert (document.image, document.seed) == ("my #1 photo.png", -3)


@pytest.mark.parametrize("area", ["10,20,200,180", "masks/sky.png", "segment:models/segformer#sky"])
def test_an_area_is_as_written(area: str) -> None:
    document = parse_edit_document(f"---\nimage: a.png\narea: {area}  # where it may paint\n---\na red car")
    assert document.area == area


def test_without_front_matter_everything_is_prompts() -> None:
    document = parse_edit_document("\n\nmake it snowy\r\n\r\nmake it night")
    assert document.image is None
    assert [prompt.text for prompt in document.prompts] == ["make it snowy", "make it night"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\nimage: a.png\n", "line 1: the settings are not closed"),
        ("---\nimage a.png\n---\n", "line 2: 'image a.png' is no setting; use image, model, seed, area"),
        ("---\nseed: four\n---\n", "line 2: seed 'four' is no whole number"),
        ("---\nseed: --5\n---\n", "line 2: seed '--5' is no whole number"),
    ],
)
def test_bad_front_matter_names_its_line(text: str, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        parse_edit_document(text)


@given(st.text(alphabet="ab #-\n\r\té猫", max_size=80))
def test_spans_hold_the_text(text: str) -> None:
    try:
        document = parse_edit_document(text)
    except PromptError:
        return
    for prompt in document.prompts:
        assert text[prompt.start : prompt.end] == prompt.text
        assert prompt.text.strip() == prompt.text != ""
