"""`workspace/didChangeWorkspaceFolders`: pictures may be read in other folders from now on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from smile_server.handlers.handler import Handler
from smile_server.resolving import path_of

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Add and take away folders."""
    gone = {path_of(folder.uri) for folder in params.event.removed}
    kept = [path for path in session.grounds.folders if path not in gone]
    new = [path for path in (path_of(folder.uri) for folder in params.event.added) if path is not None]
    session.allow(replace(session.grounds, folders=(*kept, *(path for path in new if path not in kept))))


HANDLERS = (Handler(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, answer),)
