"""Comparisons of explanations whose differences are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from smile_core import explain
from smile_core.cli import app
from smile_core.compare import compare
from smile_core.editors.names import short_names
from smile_core.report.comparison import comparison_text
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene
from smile_core.scenes.scene_png import scene_png

GREY = np.full((32, 32, 3), 100, np.uint8)


class Shades:
    """Each word adds its own amount of grey."""

    def __init__(self, **shifts: float) -> None:
        self.shifts, self.fingerprint = shifts, str(shifts)

    def describe(self) -> dict[str, str]:
        return {"name": "shades", "family": "test"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        levels = [round(100 + sum(self.shifts.get(word, 0.0) for word in prompt.split())) for prompt in prompts]
        return [np.full_like(image, level) for level in levels]


def test_agreement_of_two_editors() -> None:
    first = explain("one two three four", GREY, Shades(one=60, two=30, three=10))
    second = explain("one two three four", GREY, Shades(one=60, two=-30, three=10))
    found = compare([first, second], ["a", "b"])
    (agreement,) = found.agreements
    assert [line.text for line in found.lines] == ["one", "two", "three", "four"]
    assert [found.lines[i].text for i in agreement.differ] == ["two"]
    same = compare([first, first], ["a", "b"]).agreements[0]
    assert same.ranks == pytest.approx(1)
    assert same.jaccard == pytest.approx(1)
    assert same.differ == ()
    # Influences .6 .3 .1 0 against 1.5 -.75 .25 0: minima over maxima of sizes.
    assert agreement.jaccard == pytest.approx((0.6 + 0.3 + 0.1) / (1.5 + 0.75 + 0.25), abs=0.01)


def test_two_prompts_keep_their_own_words_in_place(street: Scene, street_pixels: np.ndarray) -> None:
    prompts = ("make the car red", "make the small car blue now")
    explanations = [explain(prompt, street_pixels, OracleEditor(street)) for prompt in prompts]
    found = compare(explanations, ["a", "b"])
    assert [line.text for line in found.lines] == ["make", "the", "small", "car", "blue", "now", "red"]
    assert [line.words[0] is None for line in found.lines] == [False, False, True, False, True, True, False]
    text = comparison_text(found, width=100)
    assert "rank correlation" in text
    with pytest.raises(ValueError, match="two explanations"):
        compare(explanations[:1], ["a"])


def test_the_command(street: Scene, tmp_path: Path) -> None:
    path = tmp_path / "street.png"
    path.write_bytes(scene_png(street))
    ask = ["compare", "make the car red", "-i", str(path), "-m", "oracle", "--private"]
    result = CliRunner().invoke(app, [*ask, "--seeds", "0,7", "--json", "--html", str(tmp_path / "both.html")])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["agreements"][0]["jaccard"] == 1
    assert (tmp_path / "both.html").is_file()
    assert CliRunner().invoke(app, ask).exit_code == 1
    assert "whole numbers" in CliRunner().invoke(app, [*ask, "--seeds", "a,b"]).output


def test_folders_are_called_by_their_last_part_unless_two_would_be_called_the_same() -> None:
    assert short_names(["scenes-turbo", "/data/mine"]) == ("scenes-turbo", "mine")
    assert short_names(["/a/mine", "/b/mine", "c"]) == ("/a/mine", "/b/mine", "c")
