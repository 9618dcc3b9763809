"""`textDocument/semanticTokens`: the words' states for editors that draw no colours of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from smile_server.handlers.handler import Handler
from smile_server.handlers.positions import lsp_range, overlaps
from smile_server.showing import words_of

if TYPE_CHECKING:
    from smile_server.protocol import WordInfluence
    from smile_server.session import Session
    from smile_server.tracking import TrackedDocument

TYPES = ("smileTowards", "smileAgainst", "smileNoEffect", "smileNotClear")
MODIFIERS = ("weak", "medium", "strong", "stale")
LEGEND = types.SemanticTokensLegend(list(TYPES), list(MODIFIERS))


def full(session: Session, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """All words of the document."""
    return types.SemanticTokens(_data(session.documents.get(params.text_document.uri), None))


def part(session: Session, params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
    """The words in a range."""
    return types.SemanticTokens(_data(session.documents.get(params.text_document.uri), params.range))


def _data(tracked: TrackedDocument | None, inside: types.Range | None) -> list[int]:
    """Five numbers a token, positions relative to the token before, as LSP has it."""
    data: list[int] = []
    line = column = 0
    for prompt in tracked.prompts if tracked is not None else ():
        assert tracked is not None
        for word in words_of(tracked, prompt):
            kind = _kind(word)
            if kind is None:
                continue
            for stretch in word.ranges:
                if inside is not None and not overlaps(lsp_range(stretch), inside):
                    continue
                start, length = stretch.start, stretch.end.character - stretch.start.character
                down = start.line - line
                data += [down, start.character - (0 if down else column), length, kind, _modifiers(word)]
                line, column = start.line, start.character
    return data


def _kind(word: WordInfluence) -> int | None:
    if word.state == "effective" and word.bucket:
        return 0 if word.bucket > 0 else 1
    return {"idle": 2, "unsure": 3}.get(word.state)


def _modifiers(word: WordInfluence) -> int:
    size = abs(word.bucket)
    strength = 0 if word.state != "effective" else 1 << (0 if size <= 3 else 1 if size <= 6 else 2)
    return strength | (8 if word.stale else 0)


def _draws_nothing(session: Session) -> bool:
    return session.client is not None and not session.client.smile


HANDLERS = (
    Handler(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, full, LEGEND, wanted=_draws_nothing),
    Handler(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, part, LEGEND, wanted=_draws_nothing),
)
