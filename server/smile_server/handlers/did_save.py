"""`textDocument/didSave`: prompts that run on save, run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from smile_server.handlers.handler import Handler

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: types.DidSaveTextDocumentParams) -> None:
    """Ask for what waited for this."""
    tracked = session.documents.get(params.text_document.uri)
    if tracked is not None:
        tracked.saved()


HANDLERS = (Handler(types.TEXT_DOCUMENT_DID_SAVE, answer),)
