"""`smile/focus`: where the cursor is and what is visible, so that it goes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smile_server.handlers.handler import Handler
from smile_server.protocol import FOCUS, FocusParams

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: Any) -> None:
    """A notification; malformed ones are dropped."""
    from smile_server.session import parsed

    focus = parsed(FocusParams, params)
    tracked = session.documents.get(focus.uri)
    if tracked is not None:
        place = focus.position
        cursor = None if place is None else tracked.document.index.offset(place.line, place.character)
        tracked.focus(cursor, (focus.first_line, focus.last_line))


HANDLERS = (Handler(FOCUS, answer),)
