"""`smile/preview`: the edit that a choice of words makes, known or made now."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from smile_server.handlers.asking import require_task
from smile_server.handlers.handler import Handler
from smile_server.jobs import JobFailed, Priority
from smile_server.protocol import PREVIEW, PreviewParams, PreviewResult, wire

if TYPE_CHECKING:
    from smile_server.session import Session


async def answer(session: Session, params: Any) -> Any:
    """One picture; the mask counts the prompt's words as written, phrases as one."""
    from smile_server.session import failure, parsed

    asked = parsed(PreviewParams, params)
    _, prompt = session.prompt_in(asked)
    task = require_task(session, prompt)
    mask = list(asked.mask) if asked.mask is not None else None
    if mask is not None and prompt.view is not None and len(mask) != len(prompt.words):
        mask = _opened(mask, prompt.view["words"], prompt.words)
    try:
        found, blobs = await session.engine.ask("preview", task, Priority.HOVER, mask=mask, make=asked.make)
    except JobFailed as error:
        raise failure(error) from None
    if found["picture"] and not found["known"]:
        session.engine.forget_cards(task)
    pictures = ["data:image/webp;base64," + base64.b64encode(blob).decode("ascii") for blob in blobs]
    return wire(
        PreviewResult(
            text=found["text"],
            picture=pictures[1] if len(pictures) > 1 else None,
            source=pictures[0],
            known=found["known"],
            response=found["response"],
            notes=tuple(found["notes"]),
        )
    )


def _opened(mask: list[int], shown: list[dict[str, Any]], words: Any) -> list[int]:
    """A mask over the view's words, some of which are phrases, as one over the prompt's words."""
    if len(mask) != len(shown):
        return mask
    spans = [(word["start"], word["end"]) for word, kept in zip(shown, mask, strict=True) if kept]
    return [int(any(a <= word.start and word.end <= b for a, b in spans)) for word in words]


HANDLERS = (Handler(PREVIEW, answer),)
