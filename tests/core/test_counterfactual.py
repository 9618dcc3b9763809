"""Counterfactuals, against brute force over all sub-prompts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_core import Explanation, explain
from smile_core.counterfactual import ENOUGH, counterfactuals, shorten
from smile_core.design import enumerate_masks
from smile_core.explanation_json import to_data
from smile_core.plan import design_rows
from smile_core.report.terminal import render_terminal
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene
from smile_core.surrogate import fit_linear

GAMES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden/games.json").read_text())


def _at(game: dict[str, Any], masks: np.ndarray) -> np.ndarray:
    n = len(game["words"])
    return np.asarray(np.array(game["proj"])[masks.astype(int) @ (1 << np.arange(n - 1, -1, -1))])


@pytest.mark.parametrize("game", GAMES[::3], ids=lambda game: " ".join(game["words"]))
def test_with_all_rows_it_is_the_shortest_there_is(game: dict[str, Any]) -> None:
    n = len(game["words"])
    masks = enumerate_masks(n)[::-1]
    responses = _at(game, masks)
    found = counterfactuals(masks, responses)
    enough = [mask for mask, value in zip(masks, responses, strict=True) if value >= ENOUGH]
    assert found.exhaustive
    assert masks[found.shortest].sum() == min(int(mask.sum()) for mask in enough)
    assert responses[found.shortest] >= ENOUGH
    assert set(found.can_go) == {i for i in range(n) if not masks[found.shortest][i]}
    losses = [1 - _at(game, np.delete(np.eye(n), i, 0).sum(0)[None])[0] for i in range(n)]
    assert found.strongest is not None
    assert abs(losses[found.strongest]) == pytest.approx(max(map(abs, losses)))
    assert found.without == pytest.approx(1 - losses[found.strongest])


@pytest.mark.parametrize("game", GAMES[::3], ids=lambda game: " ".join(game["words"]))
def test_shortening_ends_where_no_word_can_go(game: dict[str, Any]) -> None:
    n = len(game["words"])
    masks = design_rows(n)
    asked: list[np.ndarray] = []

    def respond(more: np.ndarray) -> np.ndarray:
        asked.extend(more)
        return _at(game, more)

    influences = np.asarray(fit_linear(enumerate_masks(n), game["proj"]).coefficients)
    best = shorten(influences, masks, _at(game, masks), respond, most=200)
    assert _at(game, best[None])[0] >= ENOUGH
    for word in np.flatnonzero(best):
        shorter = best.copy()
        shorter[word] = 0
        assert _at(game, shorter[None])[0] < ENOUGH
    assert len({mask.tobytes() for mask in asked}) == len(asked)
    asked.clear()
    few = shorten(influences, masks, _at(game, masks), respond, most=2)
    assert len(asked) <= 2
    assert _at(game, few[None])[0] >= ENOUGH


def test_failed_edits_say_nothing() -> None:
    masks = np.array([[1, 1], [0, 0], [0, 1], [1, 0]], np.uint8)
    found = counterfactuals(masks, np.array([1.0, 0.0, np.nan, 0.3]))
    assert (found.shortest, found.can_go, found.strongest, found.without) == (0, (), None, None)


def test_no_word_is_called_strongest_before_each_was_left_out_alone() -> None:
    masks = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 1], [1, 1, 0], [0, 1, 1]], np.uint8)
    responses = np.array([1.0, 0.0, 0.8, 0.9, 0.3])
    assert counterfactuals(masks[:4], responses[:4]).strongest is None
    found = counterfactuals(masks, responses)
    assert (found.strongest, found.without) == (0, 0.3)
    assert not found.exhaustive
    nothing = counterfactuals(masks[:2], np.array([1.0, 0.0]))
    assert (nothing.strongest, nothing.without) == (None, None)


def test_an_explanation_says_them(street: Scene, street_pixels: np.ndarray) -> None:
    explanation = explain("please make the car red", street_pixels, OracleEditor(street))
    found = explanation.counterfactuals()
    assert found is not None
    row = explanation.rows[found.shortest]
    assert row.sub_prompt == "car red"
    assert [explanation.words[i].text for i in found.can_go] == ["please", "make", "the"]
    text = " ".join(render_terminal(explanation, width=80, colour=False).split())
    assert "‘car red’ does as much" in text
    data = to_data(explanation, pictures=False)["counterfactuals"]
    assert data["shortest"] == {"sub_prompt": "car red", "response": row.response, "exhaustive": True}
    assert data["can_go"] == [0, 1, 2]
    assert data["strongest"]["word"] in (3, 4)
    assert data["strongest"]["without"] == found.without
    assert Explanation.from_json(explanation.to_json()).counterfactuals() == found


def test_an_effectless_prompt_has_none(street: Scene, street_pixels: np.ndarray) -> None:
    explanation = explain("hello my friend", street_pixels, OracleEditor(street))
    assert explanation.effectless
    assert explanation.counterfactuals() is None
    assert to_data(explanation, pictures=False)["counterfactuals"] is None


def test_a_comma_is_no_part_of_the_shorter_prompt(street: Scene, street_pixels: np.ndarray) -> None:
    explanation = explain("make it stormy, please", street_pixels, OracleEditor(street))
    text = " ".join(render_terminal(explanation, width=80, colour=False).split())
    assert "‘stormy’ does as much" in text
