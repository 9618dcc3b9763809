"""`window/workDoneProgress/cancel`: the user stopped an explanation that was asked for by command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from smile_server.handlers.handler import Handler

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: types.WorkDoneProgressCancelParams) -> None:
    """Stop what the token stands for."""
    stop = session.stops.pop(params.token, None)
    if stop is not None:
        stop()


HANDLERS = (Handler(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, answer),)
