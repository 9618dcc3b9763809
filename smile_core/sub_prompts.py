"""The sub-prompts of a prompt, told apart without listing its 2^n masks.

`SubPrompts` is an automaton over the texts that `Prompt.render` can give, built as far as it is used
(subset construction: a state is the set of places in the prompt where a text can stand). It is exact
for double spaces, line breaks, phrases, scripts without spaces and words that occur twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from smile_core.prompt import Word

_TOKEN = re.compile("\\s*(?:[^\\s\u0e00-\U0010ffff]+|[\u0e00-\U0010ffff])|\\s+")

Place = tuple[int, str]
"""The last word begun (-1: none) and what of it, or of the gap before it, is still to be read."""


def tokens_of(text: str) -> list[str]:
    """A text in pieces that depend on nothing but the text: its words, each with the white space before it.

    Characters from U+0E00 on (scripts without spaces among them) are pieces of their own. Joined, the
    pieces give the text again.
    """
    return _TOKEN.findall(text)


def _first_token(text: str, start: int = 0) -> str:
    found = _TOKEN.match(text, start)
    return found.group() if found else ""


class SubPrompts:
    """Reads a text token by token and says whether some mask of the prompt yields it.

    States are small whole numbers; they are valid for this object only.
    """

    DEAD, START = 0, 1

    def __init__(self, words: Sequence[Word]) -> None:
        """Args: the words of a prompt, as `Prompt.words` or those of a merged prompt."""
        self._words = words
        self._states: list[frozenset[Place]] = [frozenset(), frozenset({(-1, "")})]
        self._number = {places: number for number, places in enumerate(self._states)}
        self._after: dict[int, list[Place]] = {}
        self._heads: dict[int, dict[str, list[Place]]] = {}
        self._tails = [word.raw[len(_first_token(word.raw)) :] for word in words]
        edges = any(word.raw != word.raw.strip() for word in words)
        self._glued = edges or any(word.gap == "" for word in words[1:])

    def accepts(self, state: int) -> bool:
        """Whether the text read so far is a sub-prompt."""
        return any(rest == "" for _, rest in self._states[state])

    def read(self, state: int, token: str) -> int:
        """The state after one more token of `tokens_of`; DEAD when no mask yields such a text."""
        places = frozenset(self._reached(self._states[state], token))
        after = self._number.setdefault(places, len(self._states))
        if after == len(self._states):
            self._states.append(places)
        return after

    def _reached(self, places: Iterable[Place], token: str) -> set[Place]:
        reached: set[Place] = set()
        if not self._glued:
            # Tokens begin and end with words here, so a step takes in one whole token.
            for word, rest in places:
                if not rest:
                    reached.update(self._heads_after(word).get(token, ()))
                elif rest.startswith(token):
                    reached.add((word, rest[len(token) :]))
            return reached
        todo = [(place, token) for place in places]
        seen = set(todo)
        while todo:
            (word, rest), left = todo.pop()
            ahead: list[tuple[Place, str]] = []
            if rest.startswith(left):
                reached.add((word, rest[len(left) :]))
            elif not rest:
                ahead = [(place, left) for place in self._joined(word)]
            elif left.startswith(rest):
                ahead = [((word, ""), left[len(rest) :])]
            todo += [step for step in ahead if step not in seen]
            seen.update(ahead)
        return reached

    def tokens_among(self, vocabulary: Collection[str]) -> list[str]:
        """Those tokens of a vocabulary that a sub-prompt can hold, and perhaps a few more."""
        gaps = {"", *(word.gap for word in self._words[1:])}
        bodies = {token for word in self._words for token in tokens_of(word.raw)}
        found = {gap + body for gap in gaps for body in bodies if gap + body in vocabulary}
        if self._glued:
            characters = "".join({*"".join(gaps), *"".join(word.raw for word in self._words)})
            found.update(token for token in vocabulary if token and not token.strip(characters))
        return sorted(found)

    def masks_of(self, text: str, *, most: int = 64) -> list[tuple[int, ...]]:
        """The masks whose sub-prompt is this text, one 0/1 per word; none when it is not a sub-prompt.

        A prompt that says a word again and again has very many masks for one text ("the" fifty times:
        1e14 for half of them). Beyond `most`, masks spread evenly over all of them are given, in the
        order that keeps early words first.

        Args:
            text: what was edited.
            most: most masks in the result, at least 1.
        """
        ways: dict[tuple[int, int], int] = {}
        total = self._count(text, -1, 0, ways)
        ranks = range(total) if total <= most else [total * k // most for k in range(most)]
        return [self._mask(text, rank, ways) for rank in ranks]

    def _count(self, text: str, last: int, start: int, ways: dict[tuple[int, int], int]) -> int:
        """In how many ways words after `last` yield the text from `start`; parts are kept in `ways`."""
        todo = [(last, start)]
        while todo:
            last, start = todo[-1]
            if (last, start) in ways:
                todo.pop()
                continue
            steps = self._steps(text, last, start)
            unknown = [step for step in steps if step not in ways]
            if unknown:
                todo += unknown
            else:
                ways[last, start] = (start == len(text)) + sum(ways[step] for step in steps)
        return ways[last, start]

    def _steps(self, text: str, last: int, start: int) -> list[tuple[int, int]]:
        """Each word that can come next and where the text stands after it."""
        if self._glued or start == len(text):
            return [(word, start + len(raw)) for word, raw in self._joined(last) if text.startswith(raw, start)]
        head = _first_token(text, start)
        end = start + len(head)
        heads = self._heads_after(last).get(head, ())
        return [(word, end + len(rest)) for word, rest in heads if text.startswith(rest, end)]

    def _mask(self, text: str, rank: int, ways: dict[tuple[int, int], int]) -> tuple[int, ...]:
        mask = [0] * len(self._words)
        last, start = -1, 0
        while start < len(text):
            for step in self._steps(text, last, start):
                if rank < ways[step]:
                    last, start = step
                    mask[last] = 1
                    break
                rank -= ways[step]
        return tuple(mask)

    def _heads_after(self, last: int) -> dict[str, list[Place]]:
        """The first tokens that can follow a word, where words are apart, each with the places it leads to."""
        if last not in self._heads:
            heads: dict[str, list[Place]] = {}
            for word, joined in self._joined(last):
                tail = self._tails[word]
                heads.setdefault(joined[: len(joined) - len(tail)], []).append((word, tail))
            self._heads[last] = heads
        return self._heads[last]

    def _joined(self, last: int) -> list[Place]:
        """Every word after `last`, with the gap that `Prompt.render` would put before it."""
        if last not in self._after:
            joined, gap = [], ""
            for index in range(last + 1, len(self._words)):
                word = self._words[index]
                gap = max(gap, word.gap, key=len)
                joined.append((index, word.raw if last < 0 else gap + word.raw))
            self._after[last] = joined
        return self._after[last]
