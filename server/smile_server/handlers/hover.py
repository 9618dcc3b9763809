"""`textDocument/hover`: the word's finding, its picture where the client shows pictures, and the rows behind it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lsprotocol import types

from smile_server.handlers.handler import Handler
from smile_server.handlers.positions import lsp_range
from smile_server.jobs import JobFailed, Priority
from smile_server.showing import UPDATING

if TYPE_CHECKING:
    from smile_server.session import Session
    from smile_server.tracking import TrackedDocument, TrackedPrompt

MOST_CHARACTERS = 90_000
"""VS Code cuts a hover at 100,000 characters, and a cut picture is shown as text."""

TALLEST = 190
"""Pixels that the picture may be high: VS Code shows 250 of a hover, and the finding stands above."""

PATIENCE = 0.8
"""Seconds that a hover waits for the edit without its word."""


async def answer(session: Session, params: types.HoverParams) -> types.Hover | None:
    """The hover of the word under the cursor."""
    place = session.at(params.text_document.uri, params.position)
    if place is None:
        return None
    tracked, offset = place
    prompt = tracked.prompt_of(None, offset)
    if prompt is None:
        return None
    if prompt.trouble is not None:
        where = tracked.document.index.range(prompt.found.start, prompt.found.end)
        return _hover(session, escaped(prompt.trouble.text), prompt.trouble.text, where)
    index = prompt.word_at(offset)
    if index is None or prompt.view is None:
        written = next((w for w in prompt.words if w.start <= offset - prompt.found.start <= w.end), None)
        if written is None:
            return None
        text = f"{written.text}: {UPDATING}"
        start = prompt.found.start
        return _hover(
            session, escaped(text), text, tracked.document.index.range(start + written.start, start + written.end)
        )
    word = prompt.view["words"][index]
    where = tracked.document.index.range(prompt.found.start + word["start"], prompt.found.start + word["end"])
    picture, acts = await _picture(session, prompt, index)
    rows = [tuple(row) for row in word["rows"]]
    if acts:
        rows.insert(len(rows) - 1, ("acts", acts))
    return _hover(session, _markdown(session, tracked, prompt, index, rows, picture), _plain(word, rows), where)


async def _picture(session: Session, prompt: TrackedPrompt, index: int) -> tuple[str, str | None]:
    """The card as a Markdown image (empty where there is none) and where the word acts."""
    view, task = prompt.view, prompt.task
    assert view is not None
    if session.settings.hover_images != "data" or view["words"][index]["state"] != "effective" or task is None:
        return "", None
    theme = session.settings.theme
    most = (MOST_CHARACTERS - 6_000) * 3 // 4
    try:
        drawn, webp = await session.engine.card(task, index, theme, most)
        if not drawn["without"] and session.settings.trusted:
            await _make_without(session, prompt, index)
            drawn, webp = await session.engine.card(task, index, theme, most)
    except JobFailed:
        return "", None
    data = base64.b64encode(webp).decode("ascii")
    alt = re.sub(r"[\[\]\\]", "", drawn["alt"])
    width = min(drawn["width"], drawn["width"] * TALLEST // drawn["height"])
    return f"![{alt}](data:image/webp;base64,{data}|width={width})", drawn["acts"]


async def _make_without(session: Session, prompt: TrackedPrompt, index: int) -> None:
    """Make the edit without one word; a slow editor goes on after the hover is shown."""
    task, mask = prompt.task, mask_without(prompt, index)
    assert task is not None

    async def make() -> None:
        try:
            await session.engine.ask("preview", task, Priority.HOVER, mask=list(mask))
            session.engine.forget_cards(task)
        except JobFailed:
            pass

    making = session.background(make())
    await asyncio.wait([making], timeout=PATIENCE)


def mask_without(prompt: TrackedPrompt, index: int) -> tuple[int, ...]:
    """One 0/1 a word of the prompt: all but those inside one word, or phrase, of the view."""
    assert prompt.view is not None
    word = prompt.view["words"][index]
    return tuple(int(not (word["start"] <= w.start and w.end <= word["end"])) for w in prompt.words)


def _markdown(
    session: Session,
    tracked: TrackedDocument,
    prompt: TrackedPrompt,
    index: int,
    rows: list[tuple[str, ...]],
    picture: str,
) -> str:
    assert prompt.view is not None
    word = prompt.view["words"][index]
    parts = [f"**{escaped(word['text'])}** {_strong(word['headline'], word['label'])}"]
    if picture:
        parts.append(picture)
    if rows:
        lines = [f"| {escaped(name)} | {escaped(text)} |" for name, text in rows]
        parts.append("\n".join(["| | |", "| --- | --- |", *lines]))
    if word["state"] == "effective":
        parts.append(f"for this picture and seed {prompt.view['seed']}")
    if session.settings.command_links:
        uri = tracked.document.uri
        links = [_link("Open report", "smileLens.explain", {"uri": uri, "prompt": prompt.id})]
        if word["state"] != "unread":
            given = {"uri": uri, "prompt": prompt.id, "mask": list(mask_without(prompt, index))}
            links.append(_link("Preview without it", "smileLens.preview", given))
        parts.append(" &nbsp;|&nbsp; ".join(links))
    return "\n\n".join(parts)


def _strong(headline: str, label: str) -> str:
    """The number in bold, the rest plain."""
    rest = headline.removeprefix(label)
    return f"**{escaped(label)}** {escaped(rest)}" if rest != headline and label else escaped(headline)


def _link(text: str, command: str, argument: dict[str, Any]) -> str:
    return f"[{text}](command:{command}?{quote(json.dumps([argument]))})"


def _plain(word: dict[str, Any], rows: list[tuple[str, ...]]) -> str:
    """The same for a client without Markdown."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join([f"{word['text']}  {word['headline']}", *(f"{name:{width}}  {text}" for name, text in rows)])


def escaped(text: str) -> str:
    """A user's text for Markdown: nothing in it is markup, so that no image or link in it is followed."""
    flat = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&$-])", r"\\\1", flat).replace("\\-", "-").replace("\\+", "+")


def _hover(session: Session, markdown: str, plain: str, where: Any) -> types.Hover:
    shown = session.client is not None and session.client.markdown
    kind = types.MarkupKind.Markdown if shown else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, markdown if shown else plain), lsp_range(where))


HANDLERS = (Handler(types.TEXT_DOCUMENT_HOVER, answer),)
