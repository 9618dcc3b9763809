"""Published figures: what the SMILE authors' notebooks printed must come out of our code.

`golden/` holds masks, responses, weights, coefficients and measures of three runs (MIT licensed
sources are named in the files).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_core import Explainer, Method
from smile_core.design import Rows, base_rows, bernoulli, bernoulli_rows, enumerate_masks, later_rows
from smile_core.estimate import estimate_rows
from smile_core.kernel import text_kernel
from smile_core.prompt import Prompt
from smile_core.quality import auroc, fidelity, jaccard
from smile_core.surrogate import fit_weighted_linear

GOLDEN = Path(__file__).parent / "golden"
RUNS: list[dict[str, Any]] = json.loads((GOLDEN / "replay.json").read_text())
KEYWORDS: dict[str, Any] = json.loads((GOLDEN / "keywords.json").read_text())


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run["id"])
class TestReplay:
    def test_weighted_least_squares_gives_the_printed_coefficients(self, run: dict[str, Any]) -> None:
        intercept, coefficients = fit_weighted_linear(run["masks"], run["y"], run["weights"])
        np.testing.assert_allclose(coefficients, run["coef"], rtol=0, atol=1e-7)
        assert intercept == pytest.approx(run["intercept_recomputed"], abs=1e-7)

    def test_the_kernel_gives_the_printed_weights(self, run: dict[str, Any]) -> None:
        np.testing.assert_allclose(text_kernel(run["wmd"]), run["weights"], rtol=0, atol=2e-4)

    def test_the_generator_gives_the_printed_masks(self, run: dict[str, Any]) -> None:
        rule = "plain" if run["id"].startswith("R1") else "fill2"
        np.testing.assert_array_equal(bernoulli(len(run["words"]), 30, seed=1024, rule=rule), run["masks"])


class _Numbered:
    """An editor whose every edit is another picture of one grey, so that a feature can look its number up."""

    fingerprint = None

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []

    def describe(self) -> dict[str, str]:
        """See `Editor`."""
        return {"name": "numbered", "family": "test"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray]:
        """See `Editor`."""
        return [self._picture(prompt, seed) for prompt in prompts]

    def _picture(self, prompt: str, seed: int) -> np.ndarray:
        if (prompt, seed) not in self.made:
            self.made.append((prompt, seed))
        return np.full((8, 8, 3), self.made.index((prompt, seed)), np.uint8)


def test_r1_through_the_explainer() -> None:
    """Preset paper-a from prompt to coefficients; what DINOv2 and the word vectors would say is R1's own."""
    run = RUNS[0]
    prompt, editor = Prompt(" ".join(run["words"])), _Numbered()
    texts = {prompt.render(mask): i for i, mask in enumerate(run["masks"])}
    explainer = Explainer(editor, method=Method.preset("paper-a").changed(feature="pixels", kernel="uniform"))

    def feature(pictures: np.ndarray) -> np.ndarray:
        made = [editor.made[int(picture[0, 0, 0])] for picture in pictures]
        # The second sample of a text lies as far from the first as the published run says.
        return np.array([[[(text != prompt.text) + (run["y"][texts[text]] if seed else 0)]] for text, seed in made])

    explainer.feature = feature
    explainer.kernel = lambda prompt, sub_prompts: np.array([run["weights"][texts.get(t, 0)] for t in sub_prompts])
    explanation = explainer.explain(prompt.text, np.zeros((8, 8, 3), np.uint8))
    drawn = explanation.rows[2:]
    assert [list(row.mask) for row in drawn] == run["masks"]
    np.testing.assert_allclose([row.response for row in drawn], run["y"], atol=1e-12)
    np.testing.assert_allclose([word.influence for word in explanation.words], run["coef"], rtol=0, atol=1e-7)
    assert any("W1" in note for note in explanation.notes)


@pytest.mark.parametrize("run", RUNS[1:], ids=lambda run: run["id"])
def test_r3_and_r5_through_the_preset_s_rows_and_fit(run: dict[str, Any]) -> None:
    """Their base edit is not that of the unshuffled prompt (W12), so their responses enter as printed."""
    method = Method.preset("paper-b")
    rows = bernoulli_rows(len(run["words"]), method.budget or 0, filled=True)
    np.testing.assert_array_equal(rows.masks[rows.fitted], run["masks"])
    responses = np.array([[np.nan, np.nan, *run["y"]]])
    weights = np.array([1.0, 1.0, *run["weights"]])
    found = estimate_rows(rows.masks, responses, weights, rows.fitted, confidence=0.95, surrogate=method.surrogate)
    np.testing.assert_allclose(found.influences, run["coef"], rtol=0, atol=1e-7)


def test_nine_fidelity_measures_of_r1() -> None:
    run = next(run for run in RUNS if run["metrics"])
    intercept, coefficients = fit_weighted_linear(run["masks"], run["y"], run["weights"])
    predicted = intercept + np.array(run["masks"]) @ coefficients
    ours = fidelity(run["y"], predicted, run["weights"], len(run["words"]))
    printed = run["metrics"]
    pairs = {
        "mse_w": ours.mse,
        "r2_w": ours.r2,
        "mae_w": ours.mae,
        "mean_loss": ours.mean_loss,
        "mean_l1": ours.mean_l1,
        "mean_l2": ours.mean_l2,
        "weighted_l1_over_n": ours.weighted_l1,
        "weighted_l2_over_n": ours.weighted_l2,
        "adj_r2_w": ours.adjusted_r2,
    }
    assert set(pairs) == set(printed)
    assert pairs == pytest.approx(printed, abs=2e-8)


GAMES: list[dict[str, Any]] = json.loads((GOLDEN / "games.json").read_text())


def _rows_of(game: dict[str, Any], rows: Rows) -> np.ndarray:
    n = len(game["words"])
    index = rows.masks.astype(int) @ (1 << np.arange(n - 1, -1, -1))
    return np.array(game["proj"])[index]


@pytest.mark.parametrize("seeds", [1, 16])
@pytest.mark.parametrize("budget", [0, 64])
def test_intervals_cover_the_exhaustive_coefficients_of_measured_games(budget: int, seeds: int) -> None:
    """95 % intervals on a trained editor's responses; identical seeds must not narrow what is not noise."""
    covered = []
    for game in GAMES:
        n = len(game["words"])
        _, truth = fit_weighted_linear(enumerate_masks(n), game["proj"])
        for seed in range(3):
            rows = later_rows(n, budget, seed=seed) if budget else base_rows(n, seed=seed)
            response = np.tile(_rows_of(game, rows), (seeds, 1))
            estimate = estimate_rows(rows.masks, response, np.ones(len(rows.masks)), rows.fitted, confidence=0.95)
            if estimate.exact:
                np.testing.assert_allclose(estimate.influences, truth, atol=1e-9)
            covered.append(np.abs(estimate.influences - truth) <= estimate.half_widths + 1e-9)
    assert np.concatenate(covered).mean() >= 0.93


def test_stability_of_r3_against_r5() -> None:
    by_id = {run["id"][:2]: dict(zip(run["words"], run["coef"], strict=True)) for run in RUNS}
    assert jaccard(by_id["R3"], by_id["R5"]) == pytest.approx(0.508112, abs=1e-6)


@pytest.mark.parametrize("item", KEYWORDS["items"], ids=lambda item: item["category"])
def test_keywords_have_a_label_per_white_space_word(item: dict[str, Any]) -> None:
    assert item["words"] == item["prompt"].split()
    assert len(item["truth"]) == len(item["words"])
    assert auroc(item["truth"], item["truth"]) == 1.0
    assert auroc(item["truth"], [-label for label in item["truth"]]) == 0.0
