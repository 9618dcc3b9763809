"""`textDocument/completion`: keys of the settings, names of models, and pictures in the document's folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from smile_core.documents.edit_document import KEYS
from smile_core.editors.names import shipped_names
from smile_server.handlers.handler import Handler
from smile_server.handlers.positions import lsp_range
from smile_server.resolving import path_of

if TYPE_CHECKING:
    from smile_server.session import Session
    from smile_server.tracking import TrackedDocument

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm")
MOST = 200
_ABOUT = {
    "image": "the picture to edit, relative to this file",
    "model": "the editing model",
    "seed": "of the model's noise",
    "area": "where an inpainting model may paint",
}


def answer(session: Session, params: types.CompletionParams) -> types.CompletionList | None:
    """Only inside the settings at the top; prompts are the user's own words."""
    place = session.at(params.text_document.uri, params.position)
    if place is None:
        return None
    tracked, offset = place
    index = tracked.document.index
    line = index.line_of(offset)
    start, end = index.span(line)
    before = tracked.document.text[start:offset]
    if not _in_settings(tracked, line):
        return None
    key = re.fullmatch(r"\s*(\w+)\s*:\s*(.*)", before)
    if key is None:
        written = before.lstrip()
        where = lsp_range(index.range(offset - len(written), offset))
        have = {entry.key for block in tracked.document.blocks for entry in block.entries}
        rest = tracked.document.text[offset:end].strip()
        items = [
            types.CompletionItem(
                name,
                kind=types.CompletionItemKind.Property,
                detail=_ABOUT.get(name),
                text_edit=types.TextEdit(where, name if rest.startswith(":") else f"{name}: "),
            )
            for name in KEYS
            if name not in have
        ]
        return types.CompletionList(False, items)
    name, typed = key.group(1), key.group(2)
    where = lsp_range(index.range(offset - len(typed), end))
    if name == "model":
        kind, values = types.CompletionItemKind.Value, [*shipped_names(), "oracle"]
    elif name == "image":
        kind, values = types.CompletionItemKind.File, _pictures(session, tracked, typed)
    elif name == "seed":
        kind, values = types.CompletionItemKind.Value, ["0"]
    else:
        return None
    items = [types.CompletionItem(v, kind=kind, text_edit=types.TextEdit(where, v), filter_text=v) for v in values]
    return types.CompletionList(False, items)


def _in_settings(tracked: TrackedDocument, line: int) -> bool:
    """Whether a line lies between the dashes, or below dashes that are not closed yet."""
    index = tracked.document.index
    for block in tracked.document.blocks:
        if block.front is not None:
            first, last = index.line_of(block.front[0]), index.line_of(block.front[1])
            if first < line < last:
                return True
        elif block.problems and "not closed" in block.problems[0].text:
            return index.line_of(block.problems[0].start) < line
    return False


def _pictures(session: Session, tracked: TrackedDocument, typed: str) -> list[str]:
    """Pictures and folders below the document's folder, one level at a time; never outside of it."""
    home = path_of(tracked.document.uri)
    if home is None:
        return []
    folder, _, _ = typed.rpartition("/")
    base = home.parent.resolve()
    try:
        inside = (base / folder).resolve()
        if not any(inside.is_relative_to(root) for root in (base, *session.grounds.folders)):
            return []
        found = sorted(inside.iterdir())[: 10 * MOST]
    except (OSError, ValueError):
        return []
    prefix = f"{folder}/" if folder else ""
    names = [f"{prefix}{path.name}/" for path in found if _visible(path) and path.is_dir()]
    names += [f"{prefix}{path.name}" for path in found if _visible(path) and path.suffix.lower() in PICTURES]
    return names[:MOST]


def _visible(path: Path) -> bool:
    return not path.name.startswith(".")


HANDLERS = (
    Handler(
        types.TEXT_DOCUMENT_COMPLETION,
        answer,
        types.CompletionOptions(trigger_characters=[":", "/", " "]),
    ),
)
