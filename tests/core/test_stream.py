"""Explanations that come piece by piece, can be stopped, and pay only for what is new."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from smile_core import Evidence, EvidenceStore, Explainer, explain
from smile_core.errors import Cancelled
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene

PROMPT = "please make the car red and remove the tree"


class Counting(OracleEditor):
    """The oracle, counting its edits but for placebos, which are made once a setting."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.texts: list[str] = []

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> np.ndarray:
        self.texts += prompts
        return super().edit(image, prompts, seed=seed)


def test_better_and_better_then_the_same_as_explain(street: Scene, street_pixels: np.ndarray) -> None:
    stream = list(Explainer(OracleEditor(street)).stream(PROMPT, street_pixels))
    assert [one.stop for one in stream[:-1]] == ["running"] * (len(stream) - 1)
    assert len(stream[0].rows) == 13
    counts = [len(one.rows) for one in stream]
    assert counts == sorted(counts)
    widths = [max(word.high - word.low for word in one.words) for one in stream]
    assert widths[-1] < widths[0] / 2
    whole = explain(PROMPT, street_pixels, OracleEditor(street))
    assert whole.stop == stream[-1].stop == "settled"
    np.testing.assert_allclose([w.influence for w in stream[-1].words], [w.influence for w in whole.words], atol=0.02)


def test_the_first_answer_is_the_last_only_where_the_budget_ends(street: Scene, street_pixels: np.ndarray) -> None:
    n = len(PROMPT.split())
    explainer = Explainer(OracleEditor(street), half_width=0.9)
    assert len(explainer.explain(PROMPT, street_pixels).rows) == n + 24
    assert len(Explainer(OracleEditor(street), half_width=0.9, budget=13).explain(PROMPT, street_pixels).rows) == 13


def test_a_cancelled_stream_loses_nothing_and_goes_on(street: Scene, street_pixels: np.ndarray) -> None:
    editor, evidence = Counting(street), Evidence()
    calls = 0

    def after_three_batches() -> bool:
        nonlocal calls
        calls += 1
        return calls > 3

    with pytest.raises(Cancelled, match="ask again"):
        list(Explainer(editor, evidence=evidence).stream(PROMPT, street_pixels, cancelled=after_three_batches))
    done = list(editor.texts)
    assert len(done) == 13
    explanation = Explainer(editor, evidence=evidence).explain(PROMPT, street_pixels)
    assert explanation.stop == "settled"
    assert len(set(editor.texts)) == len(editor.texts)
    assert explanation.counts.reused >= 13


def test_a_stream_left_halfway_is_no_trouble(street: Scene, street_pixels: np.ndarray) -> None:
    explainer = Explainer(OracleEditor(street))
    first = next(iter(explainer.stream(PROMPT, street_pixels)))
    assert first.stop == "running"
    assert explainer.explain(PROMPT, street_pixels).counts.reused >= len(first.rows)


def _made(editor: Counting, explainer: Explainer, prompt: str, pixels: np.ndarray) -> tuple[int, float]:
    before = len(editor.texts)
    explanation = explainer.explain(prompt, pixels)
    return len(editor.texts) - before, max(word.high - word.low for word in explanation.words) / 2


def test_asking_again_or_changing_back_makes_no_edit(street: Scene, street_pixels: np.ndarray) -> None:
    editor = Counting(street)
    explainer = Explainer(editor)
    first = explainer.explain(PROMPT, street_pixels)
    assert _made(editor, explainer, PROMPT, street_pixels)[0] == 0
    explainer.explain(PROMPT, 255 - street_pixels)
    explainer.explain(PROMPT, street_pixels, seed=3)
    again = explainer.explain(PROMPT, street_pixels)
    assert (again.counts.made, again.counts.placebo) == (0, 0)
    assert [w.influence for w in again.words] == pytest.approx([w.influence for w in first.words], abs=0.01)


def test_a_deleted_word_costs_nothing_for_the_first_answer(street: Scene, street_pixels: np.ndarray) -> None:
    editor = Counting(street)
    explainer = Explainer(editor)
    explainer.explain(PROMPT, street_pixels)
    before = len(editor.texts)
    stream = explainer.stream("make the car red and remove the tree", street_pixels)
    first = next(stream)
    assert len(editor.texts) == before
    assert {w.text for w in first.words if w.influence > 0.1} >= {"car", "red", "remove", "tree"}
    assert list(stream)
    cold = explain("make the car red and remove the tree", street_pixels, OracleEditor(street))
    assert len(editor.texts) - before <= cold.counts.made / 2


def test_a_replaced_word_pays_only_for_what_holds_it(street: Scene, street_pixels: np.ndarray) -> None:
    editor = Counting(street)
    explainer = Explainer(editor)
    explainer.explain(PROMPT, street_pixels)
    before = len(editor.texts)
    changed = explainer.explain(PROMPT.replace("red", "white"), street_pixels)
    new = editor.texts[before:]
    cold = explain(PROMPT.replace("red", "white"), street_pixels, OracleEditor(street))
    assert 0 < len(new) <= 2 / 3 * cold.counts.made
    assert sum("white" in text.split() for text in new) >= 0.6 * len(new)
    for old, word in zip(cold.words, changed.words, strict=True):
        assert word.low - 0.03 <= old.influence <= word.high + 0.03


def test_evidence_of_others_counts(
    street: Scene, street_pixels: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("store") / "evidence"
    with EvidenceStore(folder) as store:
        Explainer(OracleEditor(street), evidence=store).explain(PROMPT, street_pixels)
    editor = Counting(street)
    with EvidenceStore(folder) as store:
        again = Explainer(editor, evidence=store).explain(PROMPT, street_pixels)
    assert editor.texts == []
    assert again.counts.reused == len({row.sub_prompt for row in again.rows})
