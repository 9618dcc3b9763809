"""Arcs: they end at the middle of their words' rows, lie beside each other, and say in words what they show."""

from __future__ import annotations

import itertools
import re

import pytest

from smile_core.explanation import Pair
from smile_core.report.arcs import FIRST_LANE, LANE, MOST, arcs
from smile_core.report.html import render_page

PROMPT = "make the car red and add snow"
STATES = ["idle"] * 2 + ["effective"] * 2 + ["idle"] + ["effective"] * 2


def pair(first: int, second: int, value: float) -> Pair:
    return Pair(first, second, value, value - 0.04, value + 0.04)


@pytest.fixture
def explained(build):
    def of(*pairs: Pair):
        return build(PROMPT, [0, 0, 0.3, 0.2, 0, 0.2, 0.3], STATES, pairs=pairs)

    return of


def test_arcs_end_where_their_words_stand(explained) -> None:
    drawn = arcs(explained(pair(2, 3, 0.5), pair(6, 5, -0.2)), 30)
    assert drawn is not None
    assert [arc.ends for arc in drawn.arcs] == [(75, 105), (165, 195)]
    assert [arc.path.split()[0] for arc in drawn.arcs] == ["M3,75", "M3,165"]
    assert [arc.sign for arc in drawn.arcs] == ["pos", "neg"]
    assert [arc.value for arc in drawn.arcs] == ["+0.50", "−0.20"]
    assert drawn.arcs[0].stroke > drawn.arcs[1].stroke
    assert drawn.height == 7 * 30
    assert drawn.label == "Pairs of words that act together: car and red +0.50 ± 0.04; add and snow −0.20 ± 0.04"


def test_arcs_that_overlap_lie_side_by_side(explained) -> None:
    drawn = arcs(explained(pair(0, 6, 0.3), pair(2, 3, 0.2), pair(3, 5, 0.1)), 30)
    assert drawn is not None
    for one, two in itertools.combinations(drawn.arcs, 2):
        apart = one.ends[1] < two.ends[0] or two.ends[1] < one.ends[0]
        assert apart or one.at[0] != two.at[0]
    # The longest lies outside, and its value still inside the figure.
    outer = max(drawn.arcs, key=lambda arc: arc.at[0])
    assert outer.ends == (15, 195)
    assert drawn.width == FIRST_LANE + 3 * LANE > outer.at[0] + 36


def test_only_the_strongest_are_drawn(explained) -> None:
    many = [pair(i, i + 1, 0.5 - 0.05 * i) for i in range(6)]
    drawn = arcs(explained(*many), 30)
    assert drawn is not None
    assert len(drawn.arcs) == MOST
    assert "+0.25" not in {arc.value for arc in drawn.arcs}


@pytest.mark.parametrize("words", ["make the car red and add snow", f"make the car red and add {'s' * 29}"])
def test_no_figure_without_a_pair_or_room(build, words: str) -> None:
    pairs = (pair(2, 3, 0.5),) if "sss" in words else ()
    assert arcs(build(words, [0, 0, 0.3, 0.2, 0, 0.2, 0.3], STATES, pairs=pairs), 30) is None


def test_the_page_shows_them_and_says_them(explained) -> None:
    page = render_page([explained(pair(2, 3, 0.5))])
    assert 'aria-label="Pairs of words that act together: car and red +0.50 ± 0.04"' in page
    assert 'rowspan="7"' in page
    assert "Arcs join words" in page
    assert len(re.findall("<tr>.*</tr>", page)) >= 7
    assert "Arcs join words" not in render_page([explained()])
