"""Open documents: changes applied as LSP says, against rebuilding the text by hand in each encoding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smile_server.documents import Change, OpenDocument
from smile_server.text import Encoding, LineIndex

PIECES = st.text(alphabet="ab \n\r\U0001f697é", max_size=8)


@given(
    st.text(alphabet="ab\n\r\U0001f697é ", max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12), PIECES), max_size=6),
    st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_changes_are_those_of_a_plain_string(text: str, edits: list[tuple[int, int, str]], encoding: Encoding) -> None:
    document = OpenDocument("file:///a.edit", "edit-prompt", 1, text, encoding)
    for version, (start, length, new) in enumerate(edits, start=2):
        index = LineIndex(text, encoding)
        first = min(start, len(text))
        last = min(first + length, len(text))
        if any(text[at - 1 : at + 1] == "\r\n" for at in (first, last)):
            continue
        a, b = index.position(first), index.position(last)
        document = document.changed(version, [Change(new, (a.line, a.character), (b.line, b.character))])
        text = text[:first] + new + text[last:]
        assert document.text == text
        assert document.touched == first + len(new)


def test_several_changes_each_see_the_one_before() -> None:
    document = OpenDocument("file:///a.edit", "edit-prompt", 1, "one\ntwo", "utf-16")
    document = document.changed(2, [Change("", (0, 0), (1, 0)), Change("!", (0, 3), (0, 3))])
    assert (document.text, document.version) == ("two!", 2)


def test_a_change_without_a_range_is_the_whole_text() -> None:
    document = OpenDocument("file:///a.edit", "edit-prompt", 1, "one", "utf-16").changed(2, [Change("two")])
    assert (document.text, document.touched) == ("two", None)


def test_markdown_holds_one_document_a_fence() -> None:
    text = (
        "# Ideas\n\n```edit\n---\nimage: a.png\n---\nmake it snow\n```\n\n"
        "~~~python\nmake it rain\n~~~\n\n````edit\nremove the car\n````\n"
    )
    blocks = OpenDocument("file:///a.md", "markdown", 1, text, "utf-16").blocks
    assert [prompt.text for block in blocks for prompt in block.prompts] == ["make it snow", "remove the car"]
    assert [block.image for block in blocks] == ["a.png", None]
    for block in blocks:
        for prompt in block.prompts:
            assert text[prompt.start : prompt.end] == prompt.text


def test_a_very_long_document_is_kept_but_not_read() -> None:
    assert OpenDocument("file:///a.edit", "edit-prompt", 1, "make it snow " * 200_000, "utf-16").blocks == ()
