"""Lines and positions as LSP has them: lines end at \\n, \\r\\n or \\r and nowhere else; columns count code units.

`str.splitlines` also cuts at U+2028, U+0085, form feeds and more, which would shift every later position. Offsets
inside the product are code points; here, at the edge, they become positions in UTF-8, UTF-16 or UTF-32 units.
LSP 3.17, `textDocuments` and `positionEncodingKind`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal

from smile_server.protocol import Position, Range

Encoding = Literal["utf-8", "utf-16", "utf-32"]
_END = re.compile(r"\r\n|\r|\n")


class LineIndex:
    """Where the lines of a text begin; turns offsets into positions and back.

    A position past the end of its line means the line's end, one past the last line the text's end, as LSP says.
    """

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.text, self.encoding = text, encoding
        ends = list(_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]
        self._ascii = text.isascii()

    @property
    def lines(self) -> int:
        """How many lines there are; an empty text has one."""
        return len(self._starts)

    def line_of(self, offset: int) -> int:
        """The line, from 0, on which an offset stands."""
        return bisect_right(self._starts, min(max(offset, 0), len(self.text))) - 1

    def span(self, line: int) -> tuple[int, int]:
        """Offsets of a line's start and of its end, without its line ending."""
        return self._starts[line], self._ends[line]

    def position(self, offset: int) -> Position:
        """The position of an offset in code points."""
        offset = min(max(offset, 0), len(self.text))
        line = self.line_of(offset)
        start = self._starts[line]
        if self._ascii or self.encoding == "utf-32":
            return Position(line, offset - start)
        return Position(line, units(self.text[start:offset], self.encoding))

    def offset(self, line: int, character: int) -> int:
        """The offset of a position; inside a character it means the character's start."""
        if line < 0:
            return 0
        if line >= self.lines:
            return len(self.text)
        start, end = self.span(line)
        if self._ascii or self.encoding == "utf-32":
            return start + min(max(character, 0), end - start)
        at = start
        left = max(character, 0)
        while at < end:
            left -= units(self.text[at], self.encoding)
            if left < 0:
                break
            at += 1
        return at

    def range(self, start: int, end: int) -> Range:
        """The range between two offsets."""
        return Range(self.position(start), self.position(end))

    def ranges(self, start: int, end: int) -> tuple[Range, ...]:
        """The same, one range a line, without line endings and without white space at their ends."""
        found = []
        for line in range(self.line_of(start), self.line_of(end) + 1):
            first, last = self.span(line)
            piece = self.text[max(first, start) : min(last, end)]
            inner = piece.strip()
            if inner:
                begin = max(first, start) + len(piece) - len(piece.lstrip())
                found.append(self.range(begin, begin + len(inner)))
        return tuple(found)


def units(text: str, encoding: Encoding) -> int:
    """How many code units a text has; a lone surrogate counts as one of UTF-16 and three of UTF-8."""
    if encoding == "utf-32":
        return len(text)
    if encoding == "utf-16":
        return len(text) + sum(character > "\uffff" for character in text)
    return len(text.encode("utf-8", "surrogatepass"))
