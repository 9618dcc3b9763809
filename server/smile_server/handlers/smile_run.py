"""`smile/run`: explain this prompt now, whatever the settings say about when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smile_server.handlers.asking import require_task
from smile_server.handlers.handler import Handler
from smile_server.jobs import Priority
from smile_server.protocol import RUN, PromptParams

if TYPE_CHECKING:
    from smile_server.session import Session


def answer(session: Session, params: Any) -> None:
    """The results come as `smile/influence`."""
    from smile_server.session import parsed

    tracked, prompt = session.prompt_in(parsed(PromptParams, params))
    require_task(session, prompt)
    prompt.trouble = None
    tracked.ask(prompt, Priority.ASKED)


HANDLERS = (Handler(RUN, answer),)
