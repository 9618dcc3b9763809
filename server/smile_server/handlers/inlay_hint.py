"""`textDocument/inlayHint`: numbers behind words, where the user wants them; tooltips by `inlayHint/resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from smile_core.report.wording import signed
from smile_server.handlers.handler import Handler
from smile_server.handlers.hover import answer as hover
from smile_server.handlers.positions import lsp_position, overlaps
from smile_server.showing import words_of

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    """Short labels: `+0.42`, `?` for a word that is not clear; nothing where there is no effect."""
    tracked = session.documents.get(params.text_document.uri)
    if tracked is None or not session.settings.inlay_numbers:
        return None
    hints = []
    for prompt in tracked.prompts:
        for word in words_of(tracked, prompt):
            if word.state not in ("effective", "unsure") or not word.ranges:
                continue
            end = lsp_position(word.ranges[-1].end)
            if not overlaps(params.range, types.Range(end, end)):
                continue
            label = "?" if word.state == "unsure" or word.influence is None else signed(word.influence)
            data = {"uri": tracked.document.uri, "version": tracked.document.version}
            hints.append(types.InlayHint(end, f"{label}~" if word.stale else label, padding_left=True, data=data))
    return hints


async def resolve(session: Session, hint: types.InlayHint) -> types.InlayHint:
    """The tooltip is the word's hover, picture included."""
    data = hint.data if isinstance(hint.data, dict) else {}
    tracked = session.documents.get(str(data.get("uri", "")))
    if tracked is None or tracked.document.version != data.get("version"):
        return hint
    inside = types.Position(hint.position.line, max(hint.position.character - 1, 0))
    found = await hover(session, types.HoverParams(types.TextDocumentIdentifier(tracked.document.uri), inside))
    if found is not None and isinstance(found.contents, types.MarkupContent):
        hint.tooltip = found.contents
    return hint


def _tooltips(session: Session) -> bool:
    return session.client is not None and session.client.hint_tooltips


HANDLERS = (
    Handler(types.TEXT_DOCUMENT_INLAY_HINT, answer, types.InlayHintOptions(resolve_provider=True)),
    Handler(types.INLAY_HINT_RESOLVE, resolve, wanted=_tooltips),
)
