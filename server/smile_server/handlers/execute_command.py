"""`workspace/executeCommand`: explain, preview, compare, export, cancel, clear, for editors without surfaces of ours.

Pictures and reports are written to a private temporary folder and shown by the client where it can open files.
"""

from __future__ import annotations

import base64
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from smile_server.handlers import smile_compare, smile_preview
from smile_server.handlers.asking import require_task
from smile_server.handlers.handler import Handler
from smile_server.jobs import JobFailed, Priority
from smile_server.protocol import COMMANDS, PromptParams
from smile_server.resolving import uri_of

if TYPE_CHECKING:
    from smile_core.hosts.tasks import Task
    from smile_server.session import Session


async def run(session: Session, name: str, arguments: list[Any]) -> Any:
    """Run a command by name.

    Raises:
        JsonRpcInvalidParams: there is no such command, or its argument does not fit.
        JsonRpcException: the job failed; the message says why.
    """
    from smile_server.session import failure

    if name not in COMMANDS:
        raise JsonRpcInvalidParams(f"there is no command {name!r}")
    given = arguments[0] if arguments else {}
    if not isinstance(given, dict):
        raise JsonRpcInvalidParams(f"{name} takes one object")
    try:
        return await _RUN[name](session, given)
    except JobFailed as error:
        raise failure(error) from None


async def _explain(session: Session, given: dict[str, Any]) -> Any:
    from smile_server.session import parsed

    tracked, prompt = session.prompt_in(parsed(PromptParams, given))
    task = require_task(session, prompt)
    prompt.trouble = None
    tracked.ask(prompt, Priority.ASKED)
    view = await _with_progress(session, task)
    if session.client is not None and session.client.show_document and not session.client.smile:
        path = _folder() / f"{uuid.uuid4().hex[:8]}.html"
        await session.engine.ask("export", task, path=str(path))
        await _show(session, path)
    return {"prompt": prompt.id, "summary": view["summary"], "note": view["note"]}


async def _with_progress(session: Session, task: Task) -> dict[str, Any]:
    """The finished view, with progress that the user can cancel."""
    client = session.client
    if client is None or not client.progress:
        return await session.engine.explained(task, Priority.ASKED)
    token = uuid.uuid4().hex  # A string: not every client takes numbers.
    await session.server.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token))
    begin = types.WorkDoneProgressBegin("Explaining", cancellable=True, percentage=0)
    session.server.protocol.progress.begin(token, begin)
    session.stops[token] = lambda: session.engine.cancel(task)

    def hear(update: Any) -> None:
        forecast = update.forecast
        if forecast is not None and not update.final:
            left = "" if forecast.seconds_left is None else f", {forecast.seconds_left:.0f} s left"
            text = f"{forecast.made} of about {forecast.expected} edits{left}"
            percent = min(99, 100 * forecast.made // max(forecast.expected, 1))
            session.server.protocol.progress.report(
                token, types.WorkDoneProgressReport(message=text, percentage=percent, cancellable=True)
            )

    watch = session.engine.watch(task, hear, Priority.ASKED)
    try:
        return await session.engine.explained(task, Priority.ASKED)
    finally:
        watch.close()
        session.stops.pop(token, None)
        session.server.protocol.progress.end(token, types.WorkDoneProgressEnd())


async def _preview(session: Session, given: dict[str, Any]) -> Any:
    found = await smile_preview.answer(session, given)
    client = session.client
    if client is not None and client.show_document and not client.smile and found["picture"]:
        path = _folder() / f"{uuid.uuid4().hex[:8]}.webp"
        path.write_bytes(base64.b64decode(found["picture"].partition(",")[2]))
        await _show(session, path)
    return found


async def _compare(session: Session, given: dict[str, Any]) -> Any:
    if "models" not in given:
        models = [model.name for model in session.engine.status().models]
        given = {**given, "models": models}
    return await smile_compare.answer(session, given)


async def _export(session: Session, given: dict[str, Any]) -> Any:
    from smile_server.session import parsed

    _, prompt = session.prompt_in(parsed(PromptParams, given))
    task = require_task(session, prompt)
    kind = given.get("format", "html")
    if kind not in ("html", "json", "png"):
        raise JsonRpcInvalidParams("format is html, json or png")
    path = Path(given["path"]) if given.get("path") else _folder() / f"report.{kind}"
    if path.suffix.lower() != f".{kind}":
        path = path.with_name(f"{path.name}.{kind}")
    await session.engine.explained(task, Priority.ASKED)
    found, _ = await session.engine.ask("export", task, path=str(path))
    return found


async def _cancel(session: Session, given: dict[str, Any]) -> None:
    from smile_server.session import parsed

    tracked, prompt = session.prompt_in(parsed(PromptParams, given))
    tracked.stop(prompt)


async def _clear(session: Session, given: dict[str, Any]) -> Any:
    from smile_core.hosts.tasks import Task

    found, _ = await session.engine.ask("clear", Task("", "", (0, 0), ""))
    session.engine.forget()
    return found


async def _show(session: Session, path: Path) -> None:
    params = types.ShowDocumentParams(uri_of(path), external=True)
    await session.server.window_show_document_async(params)


def _folder() -> Path:
    """A new folder that only this user can read."""
    return Path(tempfile.mkdtemp(prefix="smile-lens-"))


_RUN = {
    "smile.explain": _explain,
    "smile.preview": _preview,
    "smile.compare": _compare,
    "smile.export": _export,
    "smile.cancel": _cancel,
    "smile.clear": _clear,
}

HANDLERS: tuple[Handler, ...] = ()
