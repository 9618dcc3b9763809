"""Explanations as JSON and back."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from smile_core import Explanation, explain
from smile_core.errors import ExplanationError, SmileError
from smile_core.explanation_json import schema
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene


@pytest.fixture(scope="module")
def explanation(street: Scene, street_pixels: np.ndarray) -> Explanation:
    return explain("please make the car red and the sky stormy", street_pixels, OracleEditor(street))


def test_the_schema_is_valid_and_holds(explanation: Explanation) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    for pictures in (False, True):
        data = json.loads(explanation.to_json(pictures=pictures))
        jsonschema.Draft202012Validator(schema()).validate(data)


def test_round_trip_with_pictures_is_lossless(explanation: Explanation) -> None:
    text = explanation.to_json(pictures=True)
    again = Explanation.from_json(text)
    assert again.to_json(pictures=True) == text
    assert again.words == explanation.words
    assert (again.rows[0].picture == explanation.rows[0].picture).all()
    assert Explanation.from_json(explanation.to_json()).rows[0].picture is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 99}', "null", '{"schema": 1, "words": 3}']
)
def test_other_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ExplanationError) as caught:
        Explanation.from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["html", "json", "png"])
def test_save_writes_whole_files(explanation: Explanation, tmp_path: Path, suffix: str) -> None:
    path = explanation.save(tmp_path / "sub" / f"x.{suffix}")
    assert path.stat().st_size > 5_000
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_save_refuses_other_endings_and_places(explanation: Explanation, tmp_path: Path) -> None:
    with pytest.raises(SmileError, match=r"written as \.html, \.json or \.png"):
        explanation.save(tmp_path / "x.pdf")
    (tmp_path / "file").write_text("")
    with pytest.raises(SmileError, match="cannot write"):
        explanation.save(tmp_path / "file" / "x.html")
