"""`smile/compare`: one prompt on several models, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from smile_server.handlers.asking import require_task
from smile_server.handlers.handler import Handler
from smile_server.jobs import JobFailed
from smile_server.protocol import COMPARE, CompareParams, CompareResult, wire

if TYPE_CHECKING:
    from smile_server.session import Session

MOST_MODELS = 6


async def answer(session: Session, params: Any) -> Any:
    """Two to six models."""
    from smile_server.session import failure, parsed

    asked = parsed(CompareParams, params)
    _, prompt = session.prompt_in(asked)
    models = list(dict.fromkeys(map(str, asked.models)))
    if not 2 <= len(models) <= MOST_MODELS:
        raise JsonRpcInvalidParams(f"name two to {MOST_MODELS} different models to compare")
    try:
        found, _ = await session.engine.ask("compare", require_task(session, prompt), models=models)
    except JobFailed as error:
        raise failure(error) from None
    return wire(CompareResult(found["text"], found["html"], found["style"]))


HANDLERS = (Handler(COMPARE, answer),)
