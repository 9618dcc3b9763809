"""The prompt cut into pieces to draw: each word with its own punctuation, in order, nothing lost."""

from __future__ import annotations

import re
from dataclasses import dataclass

from smile_core.explanation import Explanation
from smile_core.report.wording import printable


@dataclass(frozen=True)
class Piece:
    """A word as the prompt writes it, with the punctuation that touches it.

    `index` counts `Explanation.words`; it is None for loose punctuation between words, which then
    stands in `before`. `spaced` says whether white space comes before the piece.
    """

    text: str
    before: str = ""
    after: str = ""
    index: int | None = None
    spaced: bool = False


def pieces(explanation: Explanation) -> tuple[Piece, ...]:
    """The whole prompt in order; the brackets of `[[phrases]]` are left out."""
    prompt = explanation.prompt
    found: list[Piece] = []
    cursor, before, spaced = 0, "", False
    for index, word in enumerate(explanation.words):
        after, loose, next_before, gap = _shared(prompt[cursor : word.start], first=not found)
        if found:
            found[-1] = _with_after(found[-1], after)
        found += [Piece("", before=mark, spaced=bool(found)) for mark in loose]
        before, spaced = next_before, gap and bool(found)
        found.append(Piece(printable(prompt[word.start : word.end]), before=before, index=index, spaced=spaced))
        cursor = word.end
    after, loose, last, _ = _shared(prompt[cursor:], first=not found)
    if found:
        found[-1] = _with_after(found[-1], after)
    return (*found, *(Piece("", before=mark, spaced=True) for mark in (*loose, *([last] if last else []))))


def _shared(gap: str, *, first: bool) -> tuple[str, list[str], str, bool]:
    """What of the text between two words touches the one before, stands alone, and touches the next."""
    gap = re.sub(r"\[\[|\]\]", "", gap)
    if not re.search(r"\s", gap):
        return ("", [], printable(gap), False) if first else (printable(gap), [], "", False)
    marks = gap.split()
    after = printable(marks.pop(0)) if marks and not gap[0].isspace() else ""
    before = printable(marks.pop()) if marks and not gap[-1].isspace() else ""
    return after, [printable(mark) for mark in marks], before, True


def _with_after(piece: Piece, after: str) -> Piece:
    return Piece(piece.text, piece.before, piece.after + after, piece.index, piece.spaced)
