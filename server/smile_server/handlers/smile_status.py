"""`smile/status`: what the daemon is doing; never waits for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smile_server.handlers.handler import Handler
from smile_server.protocol import STATUS, wire

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: Any) -> Any:
    """A `StatusResult`."""
    return wire(session.engine.tell_status())


HANDLERS = (Handler(STATUS, answer),)
