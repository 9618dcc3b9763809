"""What an explanation holds: words with influences and intervals, and the edits behind them.

Plain data. Numbers come from `explainer.py`; `report/` shows them; `explanation_json.py` writes and
reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from smile_core.counterfactual import Counterfactuals, counterfactuals
from smile_core.errors import SmileError
from smile_core.quality import Fidelity

State = Literal["effective", "partner", "idle", "unsure", "unread"]
Stop = Literal["exact", "settled", "order", "budget", "running"]

EFFECT_FLOOR = 0.05
"""An influence inside +-0.05 with its whole interval counts as none."""

TIE = 0.01
"""Influences that print alike share a rank."""


@dataclass(frozen=True)
class ExplainedWord:
    """One word, or one phrase that was kept together.

    `start` and `end` are code points of the prompt, without the word's own punctuation. `influence`
    is the word's coefficient: how much of the whole edit it adds on average when put back; positive
    pulls towards the full edit. `low` and `high` bound it with 95 % confidence. `without` is the
    response of the prompt without just this word, None where that edit was not made.
    """

    text: str
    start: int
    end: int
    influence: float
    low: float
    high: float
    state: State
    without: float | None = None


@dataclass(frozen=True)
class Pair:
    """Two words, by their places in `Explanation.words`, that do more (or less) together than each alone.

    `value` is the second difference of the response averaged over all other words' masks; `low` and
    `high` bound it with 95 % confidence and exclude zero.
    """

    first: int
    second: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Row:
    """One sub-prompt and what it did. `response` is 1 for the full prompt and 0 for the empty one.

    `mask` has one 0/1 per word that the model reads. `predicted` is what the influences say without
    having seen this row (None for full and empty, which always stay in). `picture` is uint8
    (height, width, 3), or None in an explanation that was read back without pictures. `failed` says
    why an edit is missing; then there is no distance, response or picture.
    """

    mask: tuple[int, ...]
    sub_prompt: str
    distance: float | None
    response: float | None
    weight: float
    predicted: float | None
    picture: np.ndarray | None
    reused: bool = False
    failed: str | None = None


@dataclass(frozen=True)
class Setting:
    """Everything that fixes the edits besides the text, and the method that chose and read them.

    `shell_name` is what `--model` calls the editor, None for one that only Python has.
    """

    editor: str
    shell_name: str | None
    family: str
    fingerprint: str
    image_name: str
    image_sha256: str
    image_size: tuple[int, int]
    edit_size: tuple[int, int]
    seed: int
    seeds: int
    method: dict[str, str | int | float | bool | None]
    versions: dict[str, str]
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Counts:
    """Editor calls: new ones, ones known before, ones that failed twice, and placebo edits, which are apart."""

    made: int
    reused: int
    failed: int
    placebo: int

    @property
    def edits(self) -> int:
        """All edits that the numbers rest on."""
        return self.made + self.reused


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """The answer: which words did what, how sure that is, and what it rests on.

    `words` are in prompt order. `rows` start with the full prompt and the empty one. `effect` is the
    distance between those two pictures and `noise_floor` twice the
    most that a placebo prompt moves the picture.
    `pairs` are those whose interval lies away from zero and reaches beyond +-0.05, strongest first.
    `stop` says why no more edits were made: "exact" (all sub-prompts were tried), "settled" (intervals
    are narrow), "order" (the strongest words are told apart) or "budget"; "running" when more are to
    come. `notes` are sentences for
    the user about what was changed or limited.
    """

    prompt: str
    words: tuple[ExplainedWord, ...]
    intercept: float
    rows: tuple[Row, ...]
    fidelity: Fidelity
    effect: float
    noise_floor: float
    stop: Stop
    setting: Setting
    counts: Counts
    seconds: float
    notes: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def __repr__(self) -> str:
        words = ", ".join(f"{word.text} {word.influence:+.2f}" for word in self.words)
        return f"<Explanation of {self.prompt!r}: {words}>"

    @property
    def effectless(self) -> bool:
        """Whether the full prompt leaves the picture as the empty one does."""
        return self.effect <= self.noise_floor

    @property
    def full(self) -> Row:
        """The row of the whole prompt."""
        return self.rows[0]

    @property
    def empty(self) -> Row:
        """The row of the empty prompt."""
        return self.rows[1]

    def without(self, index: int) -> Row | None:
        """The row that leaves out just the word at `index` of `words`, if that edit was made."""
        read = [i for i, word in enumerate(self.words) if word.state != "unread"]
        if index not in read:
            return None
        mask = tuple(int(i != index) for i in read)
        return next((row for row in self.rows if row.mask == mask and row.failed is None), None)

    def partners(self, index: int) -> tuple[tuple[int, Pair], ...]:
        """The words that the one at `index` acts together with, strongest first, each with its pair."""
        return tuple(
            (pair.second if pair.first == index else pair.first, pair)
            for pair in self.pairs
            if index in (pair.first, pair.second)
        )

    def counterfactuals(self) -> Counterfactuals | None:
        """What would do as well and what would change most, from the edits that were made.

        None for a prompt without effect, and for the published responses, which have no 0 and 1.
        """
        if self.effectless or self.full.response is None or self.empty.response is None:
            return None
        masks = np.array([row.mask for row in self.rows], np.uint8)
        responses = np.array([np.nan if row.response is None else row.response for row in self.rows])
        return counterfactuals(masks, responses)

    def ranks(self) -> dict[int, tuple[int, int]]:
        """First and last possible rank of each effective word among all effective ones, by size.

        Two words whose intervals of |influence| overlap share ranks.
        """
        shown = [i for i, word in enumerate(self.words) if word.state == "effective"]
        spans = {i: _absolute(self.words[i]) for i in shown}
        return {
            i: (
                1 + sum(spans[j][0] > spans[i][1] + TIE for j in shown),
                len(shown) - sum(spans[j][1] < spans[i][0] - TIE for j in shown),
            )
            for i in shown
        }

    def to_json(self, *, pictures: bool = False) -> str:
        """JSON after `explanation.schema.json`; with `pictures`, each edit as a base64 PNG."""
        from smile_core.explanation_json import to_json

        return to_json(self, pictures=pictures)

    @staticmethod
    def from_json(text: str) -> Explanation:
        """The inverse of `to_json`. Raises ExplanationError on anything else."""
        from smile_core.explanation_json import from_json

        return from_json(text)

    def save(self, path: str | Path) -> Path:
        """Write the explanation as .html, .json (with pictures) or .png, whole or not at all."""
        return save([self], path)

    def _repr_html_(self) -> str:
        from smile_core.report.html import render_words

        return render_words(self)


def _absolute(word: ExplainedWord) -> tuple[float, float]:
    low, high = sorted((abs(word.low), abs(word.high)))
    return low, high


def save(explanations: Sequence[Explanation], path: str | Path) -> Path:
    """Write one or more explanations into one .html file, or one explanation as .json or .png.

    The file appears whole or not at all.
    """
    from smile_core.whole_file import write_whole

    target = Path(path)
    kind = target.suffix.lower()
    if kind == ".html":
        from smile_core.report.html import render_page

        content = render_page(explanations).encode()
    elif kind == ".json" and len(explanations) == 1:
        content = explanations[0].to_json(pictures=True).encode()
    elif kind == ".png" and len(explanations) == 1:
        from smile_core.report.png import render_png

        content = render_png(explanations[0])
    else:
        what = "one explanation each; use .html for several" if kind in (".json", ".png") else "named so"
        raise SmileError(f"{target}: reports are written as .html, .json or .png, {what}")
    return write_whole(target, content)
