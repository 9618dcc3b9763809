"""`textDocument/codeLens`: actions and facts above each prompt; the commands come by `codeLens/resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from smile_core.report.wording import plain, seconds_text
from smile_server.handlers.handler import Handler
from smile_server.handlers.positions import lsp_position

if TYPE_CHECKING:
    from smile_server.session import Session
    from smile_server.tracking import TrackedPrompt


def answer(session: Session, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """One lens a part, without its command."""
    tracked = session.documents.get(params.text_document.uri)
    if tracked is None:
        return None
    lenses = []
    for prompt in tracked.prompts:
        start = lsp_position(tracked.document.index.position(prompt.found.start))
        for part, _ in enumerate(parts_of(prompt)):
            data = {"uri": tracked.document.uri, "prompt": prompt.id, "part": part}
            lenses.append(types.CodeLens(types.Range(start, start), data=data))
    return lenses


def resolve(session: Session, lens: types.CodeLens) -> types.CodeLens:
    """Give a lens its title and command, as they are now."""
    data = lens.data if isinstance(lens.data, dict) else {}
    tracked = session.documents.get(str(data.get("uri", "")))
    prompt = tracked.prompt_of(data.get("prompt"), None) if tracked else None
    parts = parts_of(prompt) if prompt is not None else []
    number = data.get("part", 0)
    title, command = parts[number] if number < len(parts) else ("", "")
    arguments = [{"uri": data.get("uri"), "prompt": data.get("prompt")}] if command else None
    lens.command = types.Command(title, command, arguments=arguments)
    return lens


def parts_of(prompt: TrackedPrompt) -> list[tuple[str, str]]:
    """Title and command of each part, left to right; facts have no command."""
    explain = ("Explain", "smile.explain")
    if prompt.phase == "failed" or prompt.task is None:
        return [explain] if prompt.task is not None else []
    if prompt.phase == "asking":
        text = prompt.trouble.text if prompt.trouble is not None else ""
        return [explain, ("Preview", "smile.preview"), (text, "")]
    if prompt.phase in ("waiting", "running"):
        return [explain, (_progress(prompt), ""), ("Cancel", "smile.cancel")]
    if prompt.phase == "stopped":
        return [explain, ("stopped", "")]
    view: dict[str, Any] = prompt.view or {}
    quality = view.get("quality", {})
    facts = []
    if quality.get("does_nothing"):
        facts.append(("no measurable effect", ""))
    elif quality.get("fidelity") is not None:
        low = ", low" if quality.get("grade") == "low" else ""
        facts.append((f"fidelity {plain(quality['fidelity'])}{low}", ""))
    edits = quality.get("edits", 0)
    facts.append((f"{edits} edit{'' if edits == 1 else 's'}", ""))
    facts.append((seconds_text(quality.get("seconds", 0.0)), ""))
    return [explain, ("Preview", "smile.preview"), ("Compare", "smile.compare"), *facts]


def _progress(prompt: TrackedPrompt) -> str:
    forecast = prompt.update.forecast if prompt.update is not None else None
    if forecast is None or prompt.phase == "waiting":
        return "waiting"
    seconds = forecast.seconds_left
    left = "" if seconds is None or seconds < 1 else f", {seconds_text(seconds)} left"
    return f"updating, {forecast.made} of about {forecast.expected} edits{left}"


HANDLERS = (
    Handler(types.TEXT_DOCUMENT_CODE_LENS, answer, types.CodeLensOptions(resolve_provider=True)),
    Handler(types.CODE_LENS_RESOLVE, resolve),
)
