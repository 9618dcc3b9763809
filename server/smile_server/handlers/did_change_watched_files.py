"""`workspace/didChangeWatchedFiles`: a picture changed, so what was said of it is of another picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from smile_server.handlers.completion import PICTURES
from smile_server.handlers.handler import Handler

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: types.DidChangeWatchedFilesParams) -> None:
    """Resolve all open documents anew; a picture that is the same to the bit costs no edit."""
    if any(change.uri.lower().endswith(PICTURES) for change in params.changes):
        for tracked in session.documents.values():
            tracked.again()


class _Watch:
    """Asks the client to watch pictures, once it is ready."""

    def register(self, session: Session) -> None:
        """Send `client/registerCapability` where the client allows it."""
        if session.client is None or not session.client.watch_files:
            return
        glob = "**/*.{" + ",".join(suffix[1:] for suffix in PICTURES) + "}"
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(glob)])
        wanted = types.Registration("pictures", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)

        async def ask() -> None:
            await session.server.client_register_capability_async(types.RegistrationParams([wanted]))

        session.background(ask())


WATCH = _Watch()
HANDLERS = (Handler(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, answer),)
