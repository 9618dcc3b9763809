"""Number formats and phrases, against the tables of the design's mockups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smile_core.explanation import Counts, ExplainedWord
from smile_core.report import wording


def word(influence: float, low: float, high: float, state: str = "effective") -> ExplainedWord:
    return ExplainedWord("red", 0, 3, influence, low, high, state)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.42, "+0.42"),
        (-0.07, "−0.07"),
        (0.0, "0.00"),
        (0.004, "0.00"),
        (-0.004, "0.00"),
        (1.258, "+1.26"),
        (-1.0, "−1.00"),
    ],
)
def test_influences_have_a_sign_two_decimals_and_a_true_minus(value: float, text: str) -> None:
    assert wording.signed(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.3, "0.30"), (1.26, "1.26"), (-0.11, "−0.11"), (0.0, "0.00")])
def test_responses_have_no_plus(value: float, text: str) -> None:
    assert wording.plain(value) == text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (word(0.42, 0.39, 0.45), "+0.42 ± 0.03"),
        (word(0.42, 0.31, 0.46), "+0.42 (+0.31 to +0.46)"),
        (word(-0.07, -0.10, -0.04), "−0.07 ± 0.03"),
        (word(-0.2, -0.4, 0.0), "−0.20 ± 0.20"),
        (word(-0.2, -0.5, 0.0), "−0.20 (−0.50 to 0.00)"),
        (word(0.5, 0.5, 0.5), "+0.50 ± 0.00"),
        (word(0.0, -0.03, 0.03), "0.00 ± 0.03"),
        (word(0.99, -6.18, 8.16), "+0.99 ± more than 1"),
    ],
)
def test_influence_and_interval(shown: ExplainedWord, text: str) -> None:
    assert wording.influence_text(shown) == text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (word(0.0, -0.03, 0.03, "idle"), "no measurable effect · 0.00 ± 0.03"),
        (word(0.04, -0.05, 0.13, "unsure"), "not clear: +0.04 ± 0.09 after 64 edits"),
        (word(0.0, 0.0, 0.0, "unread"), "not read by this model"),
        (word(0.42, 0.39, 0.45), "+0.42 ± 0.03"),
    ],
)
def test_each_state_of_a_word(shown: ExplainedWord, text: str) -> None:
    assert wording.word_text(shown, Counts(made=60, reused=4, failed=0, placebo=0)) == text


@pytest.mark.parametrize(
    ("r2", "grade"),
    [
        (0.97, "good"),
        (0.90, "good"),
        (0.899, "fair"),
        (0.70, "fair"),
        (0.699, "low"),
        (-3.0, "low"),
        (None, "not measured"),
    ],
)
def test_grades_of_fidelity(r2: float | None, grade: str) -> None:
    assert wording.fidelity_grade(r2) == grade


@pytest.mark.parametrize(
    ("counts", "text", "failed"),
    [
        (Counts(28, 12, 0, 3), "40 edits, 12 already known", None),
        (Counts(1, 0, 0, 3), "1 edit", None),
        (Counts(38, 0, 2, 3), "38 edits", "2 of 40 edits failed twice and were left out"),
        (Counts(39, 0, 1, 3), "39 edits", "1 of 40 edits failed twice and was left out"),
    ],
)
def test_counts(counts: Counts, text: str, failed: str | None) -> None:
    assert wording.counts_text(counts) == text
    assert wording.failed_text(counts) == failed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.9, "0.9 s"),
        (3.1, "3.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (31.2, "31 s"),
        (120, "2 min"),
        (4200, "1 h 10 min"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert wording.seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("rank", "short", "long"),
    [
        ((3, 3), "3", "3rd of 9"),
        ((1, 2), "1–2", "1st or 2nd of 9"),
        ((2, 5), "2–5", "2nd to 5th of 9"),
        ((11, 11), "11", "11th of 9"),
        ((21, 22), "21–22", "21st or 22nd of 9"),
    ],
)
def test_ranks(rank: tuple[int, int], short: str, long: str) -> None:
    assert wording.rank_text(rank) == short
    assert wording.rank_sentence(rank, 9) == long


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0001, "0.0001"), (0.031, "0.031"), (12.34, "12.3"), (1523.0, "1520"), (0.0, "0"), (3.2e-7, "3.20 × 10⁻⁷")],
)
def test_distances_have_three_digits(value: float, text: str) -> None:
    assert wording.significant(value) == text


def test_why_no_more_edits_were_made(build, build_setting) -> None:
    settled = build()
    assert wording.stop_text(settled) == "settled: every interval is under ±0.04"
    assert wording.stop_text(build(half=0.06)) == "settled: intervals up to ±0.06"
    assert wording.stop_text(replace(build(half=0.09), stop="budget")) == "stopped at 7 edits; intervals up to ±0.09"
    exact = replace(settled, stop="exact")
    assert wording.stop_text(exact) == "exact: all 16 sub-prompts were tried, so there is no sampling error"
    seeds = replace(exact, setting=build_setting(seeds=3))
    assert wording.stop_text(seeds) == "exact: all 16 sub-prompts were tried; intervals are over 3 seeds"
    order = replace(build(half=0.06), stop="order")
    assert wording.stop_text(order) == "settled: the order of the strongest words; intervals up to ±0.06"
    assert wording.scope_text(settled) == "for this picture and seed 0"
    assert wording.scope_text(seeds) == "for this picture and seeds 0 to 2"


def test_failed_edits_are_told_once(build) -> None:
    explanation = build(
        failed="moderated",
        notes=("1 of 8 edits failed twice and were left out", "draft: 2 steps", "the picture is large"),
    )
    assert wording.remarks(explanation) == ["1 of 7 edits failed twice and was left out.", "The picture is large."]
    assert wording.drafts(explanation) == ["Draft: 2 steps."]


def test_user_text_cannot_steer_a_terminal() -> None:
    assert wording.printable("a\x1b[31m\nb\u202ec\x07") == "a[31m bc"


def test_ways_to_leave_words_out() -> None:
    assert wording.ways(9) == "512"
    assert wording.ways(60) == "2⁶⁰"


def test_without_a_word() -> None:
    assert wording.without_text(0.3) == "Without it the edit gets to 0.30 of the way."
