"""Evaluations of editors whose truth is known."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from smile_core import Explainer
from smile_core.cli import app
from smile_core.evaluate import evaluate
from smile_core.report.evaluation import evaluation_json, evaluation_png, evaluation_text
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene
from smile_core.scenes.scene_png import scene_png

GREY = np.full((32, 32, 3), 100, np.uint8)
SHIFTS = {"dark": 50.0, "deep": 30.0, "mild": 20.0}


class Shades:
    """Each known word adds its own amount of grey, in whatever case."""

    fingerprint = "shades"

    def describe(self) -> dict[str, str]:
        return {"name": "shades", "family": "test"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        levels = [sum(SHIFTS.get(word.lower(), 0.0) for word in prompt.split()) for prompt in prompts]
        return [image + np.uint8(level) for level in levels]


class Moody(Shades):
    """What a word does changes with the seed."""

    fingerprint = "moody"

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        word = ("dark", "deep", "mild")[seed % 3]
        return [image + np.uint8(60 * (word in prompt.lower().split())) for prompt in prompts]


def test_a_faithful_explanation_of_an_additive_editor() -> None:
    explainer = Explainer(Shades(), feature="pixels", response="projection")
    found = evaluate(explainer, "dark and deep and mild", GREY, needed=[True, False, True, False, True])
    assert found.infidelity == pytest.approx(0, abs=1e-4)
    assert found.rank_correlation == pytest.approx(1, abs=0.02)  # Ties of words that do nothing.
    assert found.stability == pytest.approx(1, abs=1e-3)
    assert found.consistency == pytest.approx(1)
    assert found.auroc == 1
    assert found.accuracy is not None
    assert found.accuracy.f1 == 1
    # Deletion of 0.5, 0.3, 0.2 over five words, then two that do nothing.
    assert found.deletion_curve == pytest.approx((1, 0.5, 0.2, 0, 0, 0), abs=1e-3)
    assert found.deletion == pytest.approx((0.75 + 0.35 + 0.1) / 5, abs=1e-3)
    assert found.insertion_curve == pytest.approx((0, 0.5, 0.8, 1, 1, 1), abs=1e-3)
    assert found.deletion < found.deletion_random - 0.1
    assert found.insertion > found.insertion_random + 0.1


def test_an_editor_that_changes_its_mind_is_not_consistent() -> None:
    found = evaluate(Explainer(Moody(), feature="pixels"), "dark deep mild", GREY)
    assert found.consistency == pytest.approx(0, abs=0.05)
    assert found.stability == pytest.approx(1, abs=0.05)
    assert found.auroc is None


def test_labels_must_fit() -> None:
    with pytest.raises(ValueError, match="2 labels for 3 words"):
        evaluate(Explainer(Shades()), "dark deep mild", GREY, needed=[True, False])


def test_text_json_and_plot(street: Scene, street_pixels: np.ndarray) -> None:
    prompts = ("make the car red", "remove the tree")
    results = [evaluate(Explainer(OracleEditor(street)), prompt, street_pixels) for prompt in prompts]
    text = evaluation_text(results)
    assert "make the car red" in text
    assert "mean over 2 prompts" in text
    data = json.loads(evaluation_json(results))
    assert [one["prompt"] for one in data["prompts"]] == ["make the car red", "remove the tree"]
    assert data["mean"]["insertion"] > data["mean"]["insertion_at_random"]
    assert data["mean"]["AUROC"] is None
    plot = Image.open(io.BytesIO(evaluation_png(results)))
    assert plot.size == (900, 560)
    assert len(plot.getcolors(1 << 16) or []) > 10


def test_the_command(tmp_path, street: Scene) -> None:  # type: ignore[no-untyped-def]
    path, plot = tmp_path / "street.png", tmp_path / "plot.png"
    path.write_bytes(scene_png(street))
    asked = ["evaluate", "make the car red", "-i", str(path), "-m", "oracle", "--private", "--json", "--png", str(plot)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["prompts"][0]["deletion"] < 0.5
    assert plot.is_file()
    assert CliRunner().invoke(app, ["evaluate"]).exit_code == 1
    assert "no suite" in CliRunner().invoke(app, ["evaluate", "--suite", "cars"]).output
