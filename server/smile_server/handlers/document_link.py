"""`textDocument/documentLink`: the picture that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from smile_server.handlers.handler import Handler
from smile_server.handlers.positions import lsp_range
from smile_server.resolving import Refused, find_image, uri_of

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: types.DocumentLinkParams) -> list[types.DocumentLink] | None:
    """One link for each `image:` that can be read."""
    tracked = session.documents.get(params.text_document.uri)
    if tracked is None:
        return None
    links = []
    for block in tracked.document.blocks:
        entry = block.entry("image")
        if entry is None or not entry.value:
            continue
        try:
            path, _ = find_image(entry.value, tracked.document.uri, session.grounds)
        except Refused:
            continue
        where = lsp_range(tracked.document.index.range(entry.start, entry.end))
        links.append(types.DocumentLink(where, target=uri_of(path), tooltip="Open the picture"))
    return links


HANDLERS = (Handler(types.TEXT_DOCUMENT_DOCUMENT_LINK, answer),)
