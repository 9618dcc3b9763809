"""Prompts in an `.edit` document: front matter, then one prompt a paragraph.

    ---
    image: street.png
    model: scenes-turbo
    seed: 0
    ---
    make the car red

    # a comment
    remove the tree

Pure functions from text to prompts with their spans; nothing is opened here. Lines end as LSP says:
at \\n, \\r\\n or \\r and nowhere else. Spans are code points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from smile_core.errors import PromptError

KEYS = ("image", "model", "seed", "area")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@dataclass(frozen=True)
class DocumentPrompt:
    """One prompt: its text, the line that it starts on (from 1) and its span in code points."""

    text: str
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Entry:
    """One setting of the front matter, with the spans of its key and of its value."""

    key: str
    value: str
    key_start: int
    key_end: int
    start: int
    end: int


@dataclass(frozen=True)
class Problem:
    """Something wrong in the front matter, where it stands, and what to do."""

    text: str
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class EditDocument:
    """A parsed document. `image`, and `area` where it is a file, are as written, relative to the document; keys
    left out are None.

    `front` is the span of the front matter with its two lines of dashes, None where there is none, and
    `body` where the prompts' part begins.
    """

    image: str | None
    model: str | None
    seed: int | None
    prompts: tuple[DocumentPrompt, ...]
    area: str | None = None
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    front: tuple[int, int] | None = None
    body: int = 0

    def entry(self, key: str) -> Entry | None:
        """The front matter's entry for a key; the last one counts."""
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)


@dataclass(frozen=True)
class _Line:
    """A line with its end, its offset in the text, and its number from 1."""

    text: str
    start: int
    number: int


def parse_edit_document(text: str) -> EditDocument:
    """Read an `.edit` document.

    Raises:
        PromptError: the front matter is not closed, or holds an unknown key or a seed that is no whole
            number; the message names the line.
    """
    document = read_edit_document(text)
    if document.problems:
        first = document.problems[0]
        raise PromptError(f"line {first.line}: {first.text}")
    return document


def read_edit_document(text: str, *, start: int = 0, line: int = 1) -> EditDocument:
    """Read as much of a document as can be understood; what cannot is in `problems`.

    Args:
        text: the document, or a block of a larger one.
        start, line: where the block begins in the larger one; spans and lines count from there.
    """
    lines = _lines(text, start, line)
    entries, problems, front, body = _front_matter(lines)
    values = {entry.key: entry.value for entry in entries if entry.value}
    seed = values.get("seed", "")
    return EditDocument(
        image=values.get("image"),
        model=values.get("model"),
        seed=int(seed) if re.fullmatch(r"-?[0-9]{1,18}", seed) else None,
        prompts=tuple(_prompts(lines[body:])),
        entries=tuple(entries),
        problems=tuple(problems),
        front=front,
        body=lines[body].start if body < len(lines) else start + len(text),
        area=values.get("area"),
    )


def _lines(text: str, start: int, number: int) -> list[_Line]:
    lines: list[_Line] = []
    for found in _LINE.finditer(text):
        content, offset = found.group(), start + found.start()
        if not content:
            break
        if not lines and content.startswith("\ufeff"):
            content, offset = content[1:], offset + 1
        lines.append(_Line(content, offset, number + len(lines)))
    return lines


def _front_matter(lines: list[_Line]) -> tuple[list[Entry], list[Problem], tuple[int, int] | None, int]:
    """Entries, problems, the span of the front matter, and the index of the first line after it."""
    first = next((i for i, line in enumerate(lines) if line.text.strip()), None)
    if first is None or lines[first].text.strip() != "---":
        return [], [], None, 0
    last = next((i for i in range(first + 1, len(lines)) if lines[i].text.strip() == "---"), None)
    if last is None:
        opening = lines[first]
        problem = _problem(opening, "the settings are not closed; end them with a line of ---")
        return [], [problem], None, len(lines)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for line in lines[first + 1 : last]:
        stripped = line.text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        entry = _entry(line)
        if entry is None:
            problems.append(_problem(line, f"{stripped!r} is no setting; use {', '.join(KEYS)}"))
            continue
        if entry.key == "seed" and entry.value and not re.fullmatch(r"-?[0-9]{1,18}", entry.value):
            problems.append(_problem(line, f"seed {entry.value!r} is no whole number"))
        entries.append(entry)
    closing = lines[last]
    return entries, problems, (lines[first].start, closing.start + len(closing.text.rstrip("\r\n"))), last + 1


def _problem(line: _Line, text: str) -> Problem:
    inner = line.text.strip()
    begin = line.start + line.text.find(inner)
    return Problem(text, line.number, begin, begin + len(inner))


def _entry(line: _Line) -> Entry | None:
    """The setting on a line, None where it is none."""
    raw_key, colon, raw_value = line.text.partition(":")
    key = raw_key.strip()
    if not colon or key not in KEYS:
        return None
    value = _unquoted(raw_value.strip())
    key_start = line.start + raw_key.find(key)
    begin = (
        line.start + len(raw_key) + 1 + (raw_value.find(value) if value else len(raw_value) - len(raw_value.lstrip()))
    )
    if not value:
        begin = min(begin, line.start + len(line.text.rstrip("\r\n")))
    return Entry(key, value, key_start, key_start + len(key), begin, begin + len(value))


def _unquoted(value: str) -> str:
    """A value without its quotes, or without a comment behind it."""
    if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
        return value[1 : value.find(value[0], 1)]
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()


def _prompts(lines: list[_Line]) -> list[DocumentPrompt]:
    """Paragraphs; comment lines end one, so that every prompt is one piece of the text."""
    prompts: list[DocumentPrompt] = []
    paragraph: list[_Line] = []
    for line in [*lines, _Line("\n", 0, 0)]:
        if line.text.strip() and not line.text.lstrip().startswith("#"):
            paragraph.append(line)
        elif paragraph:
            whole = "".join(part.text for part in paragraph)
            text = whole.strip()
            begin = paragraph[0].start + len(whole) - len(whole.lstrip())
            prompts.append(DocumentPrompt(text, paragraph[0].number, begin, begin + len(text)))
            paragraph = []
    return prompts
