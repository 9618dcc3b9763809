"""The terminal text: it fits, it reads without colour, and it steers nothing."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from smile_core.report.terminal import render_terminal

EFFECT, IDLE, UNSURE, UNREAD = "effective", "idle", "unsure", "unread"
ESCAPE = re.compile(r"\x1b\[[0-9;:]*m")


@pytest.fixture(
    params=[
        ("make the car red", None, [0, 0, 0.5, 0.42], [IDLE, IDLE, EFFECT, EFFECT]),
        ("空を嵐に 🚗 red", ["空を", "嵐に", "🚗", "red"], [0.6, -0.2, 0.01, 0.0], [EFFECT, EFFECT, UNSURE, UNREAD]),
        ("supercalifragilistic" * 6, None, [1.0], [EFFECT]),
        (" ".join(f"w{i}" for i in range(60)), None, [1 / 60] * 60, [UNSURE] * 60),
    ],
    ids=["plain", "wide", "long", "many"],
)
def explanation(request, build):
    prompt, texts, influences, states = request.param
    return build(prompt, influences, states, texts=texts)


@pytest.mark.parametrize("width", [40, 57, 80, 120, 200])
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_wider_than_the_terminal(explanation, width: int, colour: bool) -> None:
    text = ESCAPE.sub("", render_terminal(explanation, width=width, colour=colour))
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_colour_off_means_no_escape_codes(explanation) -> None:
    assert "\x1b" not in render_terminal(explanation, width=80, colour=False)
    if any(word.state == "effective" for word in explanation.words):
        assert ESCAPE.search(render_terminal(explanation, width=80, colour=True))


def test_colour_changes_nothing_but_colour_and_padding(build) -> None:
    plain = render_terminal(build(), width=80, colour=False)
    coloured = ESCAPE.sub("", render_terminal(build(), width=80, colour=True))
    assert plain.split() == coloured.split()


def test_words_stand_in_order_over_their_numbers(build) -> None:
    lines = render_terminal(build(), width=80, colour=False).splitlines()
    assert lines[0].split() == ["make", "the", "car", "red"]
    assert lines[1].split() == ["+0.50", "+0.42"]
    for word, number in (("car", "+0.50"), ("red", "+0.42")):
        assert abs(lines[0].index(word) + 1 - (lines[1].index(number) + 2)) <= 1


def test_bars_grow_with_the_influence_and_show_the_sign(build) -> None:
    text = render_terminal(
        build("a b c d", [0.8, 0.4, -0.4, 0.0], [EFFECT, EFFECT, EFFECT, IDLE]), width=100, colour=False
    )
    table = {line.split()[0]: line for line in text.splitlines()[3:] if line[:2].strip() in set("abcd")}
    assert table["a"].count("█") > table["b"].count("█") > 0
    assert table["c"].count("▒") > 0 == table["c"].count("█")
    assert "█" not in table["d"]
    assert "+0.80 ± 0.03" in table["a"]
    assert "no measurable effect" in table["d"]
    assert "rank 1" in table["a"]
    assert "rank 2–3" in table["b"]


def test_a_prompt_that_does_nothing_has_no_table(build) -> None:
    text = render_terminal(build(effect=0.01, noise_floor=0.02), width=80, colour=True)
    assert "█" not in text
    assert "48;2;" not in text
    assert "This prompt does nothing to the picture" in text


def test_control_characters_of_the_prompt_are_dropped(build) -> None:
    explanation = build("a\x1b[2J red", [0.0, 0.9], [IDLE, EFFECT], texts=["a\x1b[2J", "red"])
    assert "\x1b" not in render_terminal(explanation, width=80, colour=False)


def test_the_limits_are_told(build) -> None:
    text = render_terminal(build(notes=("the picture was made smaller",)), width=80, colour=False)
    for part in (
        "Yes. Fidelity 0.97",
        "settled: every interval",
        "The picture was made smaller.",
        "for this picture and seed 0",
    ):
        assert part in text
