"""What the verdict says, against what the numbers say."""

from __future__ import annotations

import pytest

from smile_core.report.verdict import plain_text, reading_note, reliance, verdict

EFFECT, IDLE, UNSURE, UNREAD = "effective", "idle", "unsure", "unread"


@pytest.mark.parametrize(
    ("prompt", "influences", "states", "text"),
    [
        ("sunset", [1.0], [EFFECT], "‘sunset’ carries the edit."),
        ("a sunset", [0.0, 1.0], [IDLE, EFFECT], "‘sunset’ carries the edit. ‘a’ has no measurable effect."),
        (
            "car red sky slightly",
            [0.2, 0.42, 0.1, -0.07],
            [EFFECT, EFFECT, EFFECT, EFFECT],
            "‘red’ pulls most towards the edit; ‘car’ and ‘sky’ add to it. ‘slightly’ works against it.",
        ),
        (
            "the red and stormy the sky",
            [0, 0.42, 0, 0.4, 0, 0.04],
            [IDLE, EFFECT, IDLE, EFFECT, IDLE, UNSURE],
            "‘red’ and ‘stormy’ carry the edit. 3 words have no measurable effect; ‘sky’ is not clear after 9 edits.",
        ),
        ("not red", [-0.3, -0.2], [EFFECT, EFFECT], "‘not’ and ‘red’ work against the edit."),
        ("a b c", [0, 0, 0], [IDLE, IDLE, IDLE], "None of the 3 words has a measurable effect by itself."),
        (
            "red x y",
            [0.9, 0, 0],
            [EFFECT, UNREAD, UNREAD],
            "‘red’ carries the edit. 2 words are not read by this model.",
        ),
        ("up up up on", [0.3, 0.3, 0.3, 0.3], [EFFECT] * 4, "‘up’ (3 times) and ‘on’ carry the edit."),
    ],
)
def test_verdict(build, prompt: str, influences: list[float], states: list[str], text: str) -> None:
    assert plain_text(verdict(build(prompt, influences, states))) == text


def test_long_lists_are_counted(build) -> None:
    letters = list("abcdefgh")
    explanation = build(" ".join(letters), [0.2] * 8, [EFFECT] * 8)
    assert plain_text(verdict(explanation)) == "‘a’, ‘b’, ‘c’ and 5 more words carry the edit."


def test_low_fidelity_comes_first_and_three_sentences_are_enough(build) -> None:
    explanation = build("a b c d", [0.4, -0.3, 0.0, 0.1], [EFFECT, EFFECT, IDLE, UNSURE], held_out=0.48)
    sentences = verdict(explanation)
    assert len(sentences) == 3
    assert plain_text(sentences[-1:]) == "The words do not add up here: fidelity 0.48."
    assert "‘b’ works against it" in plain_text(sentences)


def test_a_prompt_that_does_nothing_names_no_word(build) -> None:
    explanation = build(effect=0.01, noise_floor=0.02)
    assert plain_text(verdict(explanation)) == "This prompt does nothing to the picture; name a thing and a change."
    assert reliance(explanation)[0] == "There is no edit to explain."


@pytest.mark.parametrize(
    ("held_out", "finding"),
    [(0.97, "Yes. Fidelity 0.97"), (0.8, "Mostly. Fidelity 0.80"), (0.3, "No. Fidelity 0.30"), (None, "Not measured.")],
)
def test_reliance_opens_with_the_finding(build, held_out: float | None, finding: str) -> None:
    assert reliance(build(held_out=held_out))[0] == finding


def test_give_or_take_is_the_root_mean_square_error_of_held_out_rows(build) -> None:
    assert reliance(build())[1].endswith("gets, give or take 0.01.")


def test_order_is_left_open_between_overlapping_words_only(build) -> None:
    tied = build("red stormy car", [0.42, 0.40, 0.2], [EFFECT, EFFECT, EFFECT])
    note = plain_text(reading_note(tied))
    assert "‘red’ back into a prompt that lacks it and the picture moves 0.42 of the way" in note
    assert "The order of ‘red’ and ‘stormy’ is open" in note
    apart = build("red stormy", [0.42, 0.2], [EFFECT, EFFECT])
    assert "order" not in plain_text(reading_note(apart))
