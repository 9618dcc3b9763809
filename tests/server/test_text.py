"""Lines and positions against LSP's own definition, by brute force over code units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_server.text import Encoding, LineIndex, units

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
TEXTS = st.text(alphabet="ab \n\r\u2028\u0085\x0cé字\U0001f697\t", max_size=40)


def by_hand(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    """Walk to an offset, counting lines and the code units of the codec that Python has for the encoding."""
    line, start, i = 0, 0, 0
    while i < offset:
        if text[i] == "\r" and i + 1 < len(text) and text[i + 1] == "\n":
            if i + 1 >= offset:
                break
            i += 2
            line, start = line + 1, i
        elif text[i] in "\r\n":
            i += 1
            line, start = line + 1, i
        else:
            i += 1
    codec, width = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    return line, len(text[start:offset].encode(codec)) // width


@given(TEXTS, st.sampled_from(ENCODINGS))
def test_positions_are_those_of_lsp_and_lead_back(text: str, encoding: Encoding) -> None:
    index = LineIndex(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # Between the two halves of a line ending there is no position.
        place = index.position(offset)
        assert (place.line, place.character) == by_hand(text, offset, encoding)
        assert index.offset(place.line, place.character) == offset


def test_u2028_and_form_feed_end_no_line() -> None:
    assert LineIndex("a\u2028b\x0cc\u0085d\ne").lines == 2


@pytest.mark.parametrize(
    ("line", "character", "offset"),
    [(0, 99, 2), (5, 0, 5), (-1, 3, 0), (1, -4, 3)],
    ids=["past the line", "past the text", "before the text", "before the line"],
)
def test_positions_outside_are_pulled_in(line: int, character: int, offset: int) -> None:
    assert LineIndex("ab\ncd").offset(line, character) == offset


def test_the_middle_of_a_character_is_its_start() -> None:
    assert LineIndex("a\U0001f697b", "utf-16").offset(0, 2) == 1
    assert LineIndex("a\U0001f697b", "utf-8").offset(0, 3) == 1


def test_a_lone_surrogate_is_counted_not_refused() -> None:
    assert (units("\ud800", "utf-8"), units("\ud800", "utf-16")) == (3, 1)


def test_a_word_over_two_lines_has_a_range_on_each() -> None:
    text = "make [[the red\r\n  car]] big"
    ranges = LineIndex(text).ranges(text.index("the"), text.index("]]"))
    assert [(r.start.line, r.start.character, r.end.character) for r in ranges] == [(0, 7, 14), (1, 2, 5)]
