"""`smile/explain`: the whole explanation of a prompt, for the report panel."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from smile_server.handlers.asking import require_task
from smile_server.handlers.handler import Handler
from smile_server.jobs import JobFailed, Priority
from smile_server.protocol import EXPLAIN, ExplainResult, PromptParams, Quality, wire
from smile_server.showing import words_of

if TYPE_CHECKING:
    from smile_server.session import Session


async def answer(session: Session, params: Any) -> Any:
    """Explain first where that is not done yet; the answer is of the version that was asked about."""
    from smile_server.session import failure, parsed

    tracked, prompt = session.prompt_in(parsed(PromptParams, params))
    task = require_task(session, prompt)
    version = tracked.document.version
    tracked.ask(prompt, Priority.ASKED)
    try:
        view = await session.engine.explained(task, Priority.ASKED)
        report, blobs = await session.engine.ask("report", task)
    except JobFailed as error:
        raise failure(error) from None
    source, result = (_webp(blob) for blob in (*blobs, b"", b"")[:2])
    words = words_of(tracked, prompt) if prompt.task == task else ()
    return wire(
        ExplainResult(
            prompt=prompt.id,
            text=task.prompt,
            words=words,
            html=report["html"],
            style=report["style"],
            source=source,
            result=result,
            quality=Quality(**view["quality"]),
            setting=report["setting"],
            version=version,
        )
    )


def _webp(blob: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(blob).decode("ascii") if blob else ""


HANDLERS = (Handler(EXPLAIN, answer),)
