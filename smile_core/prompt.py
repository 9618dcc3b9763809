"""A prompt and its words: where each stands, and the text that a mask leaves.

Words are what white space separates; in scripts without spaces a segmenter (BudouX) finds them.
`[[stop sign]]` keeps a phrase together as one word. Offsets are Unicode code points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from smile_core.errors import PromptError

if TYPE_CHECKING:
    from budoux import Parser

_CHUNK = re.compile(r"\[\[(?P<phrase>[^\[\]]*\S[^\[\]]*)\]\][^\s\[]*|\S+?(?=\[\[)|\S+")
_UNSPACED = re.compile(
    "[\u0e00-\u0e7f]+|[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\u3001-\u3007\uff01-\uff20"
    "\U00020000-\U0002fa1f]+"
)


@dataclass(frozen=True)
class Word:
    """One word or phrase. `raw` goes into sub-prompts; `start` to `end` is the span that is coloured.

    `gap` is the white space between this word and the one before.
    """

    text: str
    start: int
    end: int
    raw: str
    gap: str


@dataclass(frozen=True)
class Prompt:
    """An instruction, as written. Order, punctuation and duplicates are kept.

    Raises:
        PromptError: on the first use of `words`, when there is none.
    """

    text: str

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The prompt's words in order."""
        words = tuple(_split(self.text))
        if not words:
            raise PromptError("the prompt is empty; write what should change, for example: make the car red")
        if not any(unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "So" for c in self.text):
            raise PromptError(f"the prompt {self.text.strip()!r} holds no word; name a thing and a change")
        return words

    def __len__(self) -> int:
        return len(self.words)

    def render(self, mask: Sequence[int]) -> str:
        """The sub-prompt that a mask leaves: kept words in order, joined as in the prompt.

        Args:
            mask: one 0/1 per word.

        Raises:
            ValueError: the mask has another length.
        """
        if len(mask) != len(self.words):
            raise ValueError(f"mask has {len(mask)} entries for {len(self.words)} words")
        text, gap = "", ""
        for keep, word in zip(mask, self.words, strict=True):
            gap = max(gap, word.gap, key=len)
            if keep:
                text += (gap if text else "") + word.raw
                gap = ""
        return text

    def merged(self, groups: Sequence[Sequence[int]]) -> Prompt:
        """The same prompt with neighbouring words kept together, one phrase per group of indices."""
        return _Merged(self.text, tuple(_join(self.text, [self.words[i] for i in group]) for group in groups))


@dataclass(frozen=True)
class _Merged(Prompt):
    phrases: tuple[Word, ...] = ()

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return self.phrases


def _join(text: str, words: Sequence[Word]) -> Word:
    start, end = words[0].start, words[-1].end
    raw = words[0].raw + "".join(word.gap + word.raw for word in words[1:])
    return Word(text[start:end].replace("[[", "").replace("]]", ""), start, end, raw, words[0].gap)


def _split(text: str) -> Iterator[Word]:
    end_of_last = 0
    for chunk in _CHUNK.finditer(text):
        gap = text[end_of_last : chunk.start()] if end_of_last else ""
        end_of_last = chunk.end()
        phrase = chunk.group("phrase")
        if phrase is not None:
            start = chunk.start("phrase")
            yield _word(phrase, start, phrase + text[chunk.end("phrase") + 2 : chunk.end()], gap)
            continue
        for piece, offset in _pieces(chunk.group()):
            yield _word(piece, chunk.start() + offset, piece, gap)
            gap = ""


def _word(text: str, start: int, raw: str, gap: str) -> Word:
    """A word whose coloured span leaves out punctuation at its ends, unless it is nothing else."""
    inner = [i for i, c in enumerate(text) if unicodedata.category(c)[0] not in "PZC"]
    first, last = (inner[0], inner[-1] + 1) if inner else (0, len(text))
    return Word(text[first:last], start + first, start + last, raw, gap)


def _pieces(chunk: str) -> Iterator[tuple[str, int]]:
    """A chunk without spaces, cut where an unspaced script begins or its segmenter finds a word."""
    if not _UNSPACED.search(chunk):
        yield chunk, 0
        return
    pieces: list[str] = []
    cursor = 0
    for run in _UNSPACED.finditer(chunk):
        if run.start() > cursor:
            _append(pieces, chunk[cursor : run.start()])
        for piece in _segment(run.group()):
            _append(pieces, piece)
        cursor = run.end()
    if cursor < len(chunk):
        _append(pieces, chunk[cursor:])
    offset = 0
    if len(pieces) > 1 and not _has_word(pieces[-1]):
        last = pieces.pop()
        pieces[-1] += last
    for piece in pieces:
        yield piece, offset
        offset += len(piece)


def _append(pieces: list[str], piece: str) -> None:
    """Add a piece; punctuation belongs to the word before it, an opening bracket or quote to the next."""
    opening = len(piece) - len(piece.rstrip("".join(c for c in piece if unicodedata.category(c) in ("Ps", "Pi"))))
    body, tail = piece[: len(piece) - opening], piece[len(piece) - opening :]
    before = pieces.pop() if pieces and not _has_word(pieces[-1]) else ""
    body = before + body
    if pieces and body and not _has_word(body) and unicodedata.category(body[0]) not in ("Ps", "Pi"):
        pieces[-1] += body
    elif body:
        pieces.append(body)
    if tail:
        pieces.append(tail)


def _has_word(piece: str) -> bool:
    return not all(unicodedata.category(c)[0] == "P" for c in piece)


def _segment(run: str) -> list[str]:
    if "\u0e00" <= run[0] <= "\u0e7f":
        language = "thai"
    elif any("\u3040" <= c <= "\u30ff" for c in run):
        language = "japanese"
    else:
        language = "simplified_chinese"
    return [piece for piece in _segmenter(language).parse(run) if piece]


@cache
def _segmenter(language: str) -> Parser:
    import budoux

    parser: Parser = getattr(budoux, f"load_default_{language}_parser")()
    return parser
