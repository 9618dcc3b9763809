"""The command to run again, and the list of what fixed the edits."""

from __future__ import annotations

import shlex

import pytest

from smile_core.report.figures import axis
from smile_core.report.setting import command, setting_rows, shell_quoted


def test_only_what_is_not_usual_stands_in_the_command(build, build_setting) -> None:
    words = shlex.split(command(build()).replace("\\\n", " "))
    assert words == [
        "smile",
        "explain",
        "make the car red",
        "--image",
        "street.png",
        "--model",
        "scenes-turbo",
        "--seed",
        "0",
    ]
    method = {
        "half_width": 0.1,
        "design": "exact",
        "budget": 40,
        "response": "projection",
        "kernel": "uniform",
        "seeds": 3,
    }
    words = shlex.split(command(build(setting=build_setting(method=method, seeds=3, seed=7))).replace("\\\n", " "))
    assert words[8:] == ["7", "--seeds", "3", "--budget", "40", "--half-width", "0.1", "--design", "exact"]


@pytest.mark.parametrize(
    "text", ["red", "a b", "don't", 'say "hi"', "$HOME `x` \\ !", "", "two\nlines", "空 🚗", "'\"'"]
)
def test_arguments_survive_the_shell(text: str) -> None:
    assert shlex.split(shell_quoted(text)) == [text]


def test_the_setting_is_listed(build) -> None:
    rows = dict(setting_rows(build()))
    assert rows["picture"] == "street.png · 32 × 32 · sha256 bbbb…bbbb"
    assert rows["half width"] == "0.04"
    assert "budget" not in rows


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([0.5], 0.0, 0.5), ([], 0.0, 0.1), ([-0.07, 0.42], -0.1, 0.5), ([1.26, -0.2], -0.5, 1.5), ([36, -24], -40, 40)],
)
def test_axes_hold_zero_and_all_values_and_end_on_ticks(values: list[float], low: float, high: float) -> None:
    made = axis(values)
    assert (made.low, made.high) == (made.ticks[0], made.ticks[-1]) == (low, high)
    assert 0.0 in made.ticks
    assert made.share(low) == 0
    assert made.share(high) == 1
