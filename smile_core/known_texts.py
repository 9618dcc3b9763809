"""The texts known for one setting, and which of them are sub-prompts of a prompt.

All texts are read at once, a token at a time, by the automaton of `sub_prompts.py`; those that leave
it are dropped, so that nearly all are gone after a word or two. A prefix tree would visit fewer nodes,
but in Python one node of it costs as much as a hundred rows here, and rows need no rebuilding when
another edit comes in: see `python -m bench.store`.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np

from smile_core.prompt import Word
from smile_core.sub_prompts import SubPrompts, tokens_of

_END = ""
"""The token after the last of every text."""


class KnownTexts:
    """A growing set of texts. Not safe between threads."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: list[str] = []
        self._row: dict[str, int] = {}
        self._vocabulary: defaultdict[str, int] = defaultdict(count().__next__)
        self._tokens, self._starts = array("q"), array("q")
        self.add(texts)

    def __len__(self) -> int:
        return len(self._row)

    def add(self, texts: Iterable[str]) -> None:
        """Take in texts; those that are known already stay as they are."""
        for text in texts:
            if text in self._row:
                continue
            self._row[text] = len(self._texts)
            self._texts.append(text)
            self._starts.append(len(self._tokens))
            self._tokens.extend(map(self._vocabulary.__getitem__, [*tokens_of(text), _END]))

    def discard(self, text: str) -> None:
        """Forget a text, if it is there."""
        if self._row.pop(text, None) is not None and len(self._texts) > 2 * len(self._row) + 1024:
            kept = list(self._row)
            self.__init__(kept)  # type: ignore[misc]

    def find(self, words: Sequence[Word]) -> list[str]:
        """Every text that some mask of a prompt with these words yields, in the order they came in."""
        if not self._row:
            return []
        table = _Table(SubPrompts(words), self._vocabulary)
        tokens = np.asarray(self._tokens)  # A view: nothing may come in before this function is left.
        at = np.array(self._starts)
        rows = np.arange(len(at))
        states = np.full(len(at), table.start)
        found = []
        while len(rows):
            states = table.after(states, tokens.take(at, mode="clip"))
            at += 1
            going = states > table.found
            if 5 * np.count_nonzero(going) < 4 * len(going):
                found.append(rows[states == table.found])
                rows, at, states = rows[going], at[going], states[going]
        known = np.sort(np.concatenate(found)).tolist()
        if len(self._row) < len(self._texts):
            known = [row for row in known if self._row.get(self._texts[row]) == row]
        return list(map(self._texts.__getitem__, known))


class _Table:
    """The automaton's transitions as an array, filled in where they are asked for.

    A state stands here as the place where its row begins, so that adding a token's column gives the
    place of the transition. `dead` and `found` lead to themselves; `found` is after the end of a sub-prompt.
    """

    def __init__(self, reader: SubPrompts, vocabulary: dict[str, int]) -> None:
        self._reader = reader
        self._held = ["", _END, *reader.tokens_among(vocabulary.keys())]
        self._column = np.zeros(len(vocabulary), np.intp)
        for column, token in enumerate(self._held[1:], start=1):
            self._column[vocabulary[token]] = column
        width = len(self._held)
        self.found, self.start = width, 2 * width
        self._next = np.full(16 * width, -1)
        self._next[::width] = 0
        self._next[:width], self._next[width : 2 * width] = 0, self.found

    def after(self, states: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """The states (m,) after one more token each, (m,)."""
        places = self._column.take(tokens)
        places += states
        after = self._next.take(places)
        if after.min() >= 0:
            return after
        asked = np.zeros(len(self._next), bool)
        asked[places[after < 0]] = True
        for place in np.flatnonzero(asked).tolist():
            self._fill(place)
        return self._next.take(places)

    def _fill(self, place: int) -> None:
        row, column = divmod(place, len(self._held))
        state = row - 1
        if self._held[column] == _END:
            self._next[place] = self.found if self._reader.accepts(state) else 0
            return
        after = self._reader.read(state, self._held[column])
        if after == self._reader.DEAD:
            self._next[place] = 0
            return
        self._next[place] = (after + 1) * len(self._held)
        if self._next[place] == len(self._next):
            more = np.full(len(self._next), -1)
            more[:: len(self._held)] = 0
            self._next = np.concatenate([self._next, more])
