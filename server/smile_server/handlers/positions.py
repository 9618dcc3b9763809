"""Our positions as lsprotocol's."""

from __future__ import annotations

from lsprotocol import types

from smile_server import protocol


def lsp_position(place: protocol.Position) -> types.Position:
    """One position."""
    return types.Position(place.line, place.character)


def lsp_range(stretch: protocol.Range) -> types.Range:
    """One range."""
    return types.Range(lsp_position(stretch.start), lsp_position(stretch.end))


def overlaps(a: types.Range, b: types.Range) -> bool:
    """Whether two ranges share a place; touching counts."""
    first, last = (a.start.line, a.start.character), (a.end.line, a.end.character)
    start, end = (b.start.line, b.start.character), (b.end.line, b.end.character)
    return first <= end and start <= last
