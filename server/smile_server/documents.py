"""The open documents of a session: their text as the client changes it, and the prompts in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from smile_core.documents.edit_document import EditDocument, read_edit_document
from smile_core.documents.markdown import edit_blocks
from smile_server.text import Encoding, LineIndex

MOST_CHARACTERS = 2_000_000
"""A longer document is kept in step but not read."""

MARKDOWN = ("markdown", "quarto", "rmd")


@dataclass(frozen=True)
class Change:
    """One content change: new text for a range, or for the whole document where there is none."""

    text: str
    start: tuple[int, int] | None = None
    end: tuple[int, int] | None = None


@dataclass(frozen=True)
class OpenDocument:
    """A version of a document; changing it makes a new one. `touched` is the offset behind the last insertion."""

    uri: str
    language: str
    version: int
    text: str
    encoding: Encoding
    touched: int | None = None
    index: LineIndex = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", LineIndex(self.text, self.encoding))

    @property
    def is_markdown(self) -> bool:
        """Whether prompts stand in fenced blocks."""
        return self.language in MARKDOWN or self.uri.lower().endswith((".md", ".markdown"))

    @cached_property
    def blocks(self) -> tuple[EditDocument, ...]:
        """The `.edit` documents in it: itself, or its fenced blocks."""
        if len(self.text) > MOST_CHARACTERS:
            return ()
        return edit_blocks(self.text) if self.is_markdown else (read_edit_document(self.text),)

    def changed(self, version: int, changes: list[Change]) -> OpenDocument:
        """The document after some changes, each applied to the result of the one before."""
        document = self
        for change in changes:
            if change.start is None or change.end is None:
                text, touched = change.text, None
            else:
                start = document.index.offset(*change.start)
                end = max(start, document.index.offset(*change.end))
                text = document.text[:start] + change.text + document.text[end:]
                touched = start + len(change.text)
            document = OpenDocument(self.uri, self.language, version, text, self.encoding, touched)
        return document
