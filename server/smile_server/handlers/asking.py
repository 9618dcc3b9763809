"""What requests about a prompt share: the task behind it, or a refusal that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from smile_core.hosts.tasks import Task
    from smile_server.session import Session
    from smile_server.tracking import TrackedPrompt


def require_task(session: Session, prompt: TrackedPrompt) -> Task:
    """The prompt's task.

    Raises:
        JsonRpcException: there is none; the message is the prompt's trouble.
    """
    if prompt.task is None or not session.settings.trusted:
        trouble = prompt.trouble
        text = trouble.text if trouble is not None else "this prompt cannot be explained yet"
        raise JsonRpcException(text, code=-32803, data={"kind": trouble.kind if trouble is not None else "other"})
    return prompt.task
