"""Prompts in an `.edit` document: front matter, then one prompt a paragraph.

    ---
    image: street.png
    model: scenes-turbo
    seed: 0
    ---
    make the car red

    # a comment
    remove the tree

A pure function from text to prompts with their spans; nothing is opened here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from smile_core.errors import PromptError

KEYS = ("image", "model", "seed", "area")


@dataclass(frozen=True)
class DocumentPrompt:
    """One prompt: its text, the line that it starts on (from 1) and its span in code points."""

    text: str
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class EditDocument:
    """A parsed document. `image`, and `area` where it is a file, are as written, relative to the document; keys
    left out are None."""

    image: str | None
    model: str | None
    seed: int | None
    prompts: tuple[DocumentPrompt, ...]
    area: str | None = None


def parse_edit_document(text: str) -> EditDocument:
    """Read an `.edit` document.

    Raises:
        PromptError: the front matter is not closed, or holds an unknown key or a seed that is no whole
            number; the message names the line.
    """
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    front, body = _front_matter(lines)
    offset = len(text) - len(text.removeprefix("\ufeff")) + sum(len(line) for line in lines[:body])
    seed = front.get("seed")
    return EditDocument(
        image=front.get("image"),
        model=front.get("model"),
        seed=None if seed is None else int(seed),
        prompts=tuple(_prompts(lines[body:], offset, body + 1)),
        area=front.get("area"),
    )


def _front_matter(lines: list[str]) -> tuple[dict[str, str], int]:
    """The keys of the front matter, and the index of the first line after it."""
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None or lines[first].strip() != "---":
        return {}, 0
    keys: dict[str, str] = {}
    for number in range(first + 1, len(lines)):
        line = lines[number].strip()
        if line == "---":
            return keys, number + 1
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        key, value = key.strip(), _unquoted(value.strip())
        if not colon or key not in KEYS:
            raise PromptError(f"line {number + 1}: {line!r} is no setting; use {', '.join(KEYS)}")
        if key == "seed" and not re.fullmatch(r"-?[0-9]+", value):
            raise PromptError(f"line {number + 1}: seed {value!r} is no whole number")
        if value:
            keys[key] = value
    raise PromptError(f"line {first + 1}: the settings are not closed; end them with a line of ---")


def _unquoted(value: str) -> str:
    """A value without its quotes, or without a comment behind it."""
    if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
        return value[1 : value.find(value[0], 1)]
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()


def _prompts(lines: list[str], offset: int, line_number: int) -> list[DocumentPrompt]:
    """Paragraphs; comment lines end one, so that every prompt is one piece of the text."""
    prompts: list[DocumentPrompt] = []
    paragraph, start, first = "", 0, 0
    for line in [*lines, "\n"]:
        if line.strip() and not line.lstrip().startswith("#"):
            if not paragraph:
                start, first = offset, line_number
            paragraph += line
        elif paragraph:
            text = paragraph.strip()
            begin = start + len(paragraph) - len(paragraph.lstrip())
            prompts.append(DocumentPrompt(text, first, begin, begin + len(text)))
            paragraph = ""
        offset += len(line)
        line_number += 1
    return prompts
