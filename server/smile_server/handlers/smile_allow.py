"""`smile/allow`: the user picked a picture outside the workspace folders, so this session may read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smile_server.handlers.handler import Handler
from smile_server.protocol import ALLOW, AllowParams
from smile_server.resolving import path_of

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: Any) -> None:
    """A notification; what is no local file is left out."""
    from smile_server.session import parsed

    path: Path | None = path_of(parsed(AllowParams, params).uri)
    if path is not None:
        picked = session.grounds.picked | {path.resolve()}
        session.allow(replace(session.grounds, picked=picked))


HANDLERS = (Handler(ALLOW, answer),)
