"""Prompts in Markdown: every block fenced as ```` ```edit ```` is an `.edit` document of its own.

Fences are those of CommonMark 0.31 (section 4.5): three or more backticks or tildes, indented by at most three
spaces, closed by at least as many of the same kind; an open one ends with the text. A pure function; spans are
code points of the whole text.
"""

from __future__ import annotations

import re

from smile_core.documents.edit_document import EditDocument, read_edit_document

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\r\n]*)(?:\r\n|\r|\n|\Z)", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")


def edit_blocks(text: str) -> tuple[EditDocument, ...]:
    """The documents in a Markdown text, in order."""
    # In multi-line mode `^` knows only \n; a lone \r begins a line too.
    newlines = re.sub(r"\r(?!\n)", "\n", text)
    blocks: list[EditDocument] = []
    at = 0
    while (opening := _FENCE.search(newlines, at)) is not None:
        fence, info = opening.group("fence"), opening.group("info")
        if fence[0] == "`" and "`" in info:  # An inline code span, not a fence.
            at = opening.end()
            continue
        closing = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(newlines, opening.end())
        stop = end.start() if end else len(text)
        if info.split() and info.split()[0].lower() == "edit":
            line = 1 + len(_LINE_END.findall(text[: opening.end()]))
            blocks.append(read_edit_document(text[opening.end() : stop], start=opening.end(), line=line))
        at = end.end() if end else len(text)
        if at >= len(text):
            break
    return tuple(blocks)
