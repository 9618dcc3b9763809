"""One explanation laid out for the page: what the template shows, already placed and named."""

from __future__ import annotations

from dataclasses import dataclass, field

from smile_core.explanation import ExplainedWord, Explanation, Row
from smile_core.report import wording
from smile_core.report.album import Album
from smile_core.report.colours import word_bucket
from smile_core.report.figures import Axis, influence_axis, response_axis
from smile_core.report.where import maps_of, where_picture
from smile_core.saliency import SaliencyMap

HERO_PIXELS, STRIP_PIXELS, SMALL_PIXELS, TINY_PIXELS = 460, 360, 240, 132
"""Widths that pictures need: twice what they take on the page, for dense screens."""

EDITS_SHOWN = 7


@dataclass(frozen=True)
class Picture:
    """A picture of the album with what it shows in words."""

    name: str
    label: str


@dataclass(frozen=True)
class WordView:
    """One word: how it is drawn, and where it is explained further down."""

    word: ExplainedWord
    number: int
    style: str
    mark: str
    label: str
    target: str | None
    rank: str
    rank_sentence: str | None
    picture: Picture | None
    where: Picture | None
    same_twice: bool


@dataclass(frozen=True)
class EditView:
    """One row of the table of edits."""

    number: int
    row: Row
    picture: Picture | None
    error: str


@dataclass(frozen=True)
class ExplanationView:
    """Everything that the template needs for one explanation."""

    explanation: Explanation
    id: str
    words: tuple[WordView, ...]
    before: Picture | None
    after: Picture | None
    edits: tuple[EditView, ...]
    bars: Axis
    strip: Axis
    weighted: bool
    aspect: float
    pixels: int
    longest: int
    by_state: dict[str, list[WordView]] = field(default_factory=dict)

    @property
    def effective(self) -> list[WordView]:
        """Words with an effect, the strongest first."""
        return sorted(self.by_state["effective"], key=lambda view: -abs(view.word.influence))


def view(explanation: Explanation, album: Album, *, identifier: str) -> ExplanationView:
    """Lay out one explanation; its pictures go into the album."""
    maps = maps_of(explanation)
    words = tuple(_word_view(explanation, i, album, identifier, maps.get(i)) for i in range(len(explanation.words)))
    size = next((row.picture.shape for row in explanation.rows if row.picture is not None), None)
    height, width = (size[0], size[1]) if size else (1, 1)
    weights = {round(row.weight, 9) for row in explanation.rows if row.failed is None}
    by_state = {state: [view for view in words if view.word.state == state] for state in _STATES}
    return ExplanationView(
        explanation=explanation,
        id=identifier,
        words=words,
        before=_picture(explanation.empty, album, HERO_PIXELS, "Before: the picture for the empty prompt"),
        after=_picture(explanation.full, album, HERO_PIXELS, "After: the picture for the whole prompt"),
        edits=tuple(_edit_view(i, row, album) for i, row in enumerate(explanation.rows, start=1)),
        bars=influence_axis(explanation),
        strip=response_axis(explanation.rows),
        weighted=len(weights) > 1,
        aspect=width / height,
        pixels=width,
        longest=max((len(wording.printable(word.text)) for word in explanation.words), default=1),
        by_state=by_state,
    )


def style(word: ExplainedWord, *, effectless: bool) -> str:
    """The classes of a word: its sign and step, or its state."""
    if word.state == "unread":
        return "unread"
    if effectless:
        return "idle"
    step = word_bucket(word)
    if step == 0:
        return word.state if word.state not in ("effective", "partner") else "idle"
    return f"{'pos' if step > 0 else 'neg'} s{abs(step)}"


_STATES = ("effective", "partner", "idle", "unsure", "unread")


def _word_view(
    explanation: Explanation, index: int, album: Album, identifier: str, acts: SaliencyMap | None
) -> WordView:
    word, ranks = explanation.words[index], explanation.ranks()
    nothing = explanation.effectless
    targets = {"effective": f"{identifier}-word-{index + 1}", **{s: f"{identifier}-{s}" for s in _STATES[1:]}}
    row = explanation.without(index)
    large = word.state == "effective"
    label = f"The picture without {wording.quoted(word.text)}."
    label += f" {wording.without_text(word.without)}" if word.without is not None else ""
    marks = {"effective": wording.signed(word.influence), "unsure": "?"}
    return WordView(
        word=word,
        number=index + 1,
        style=style(word, effectless=nothing),
        mark="" if nothing else marks.get(word.state, "·"),
        label=f"{wording.printable(word.text)}, " + _said_of(explanation, index),
        target=None if nothing else targets[word.state],
        rank=wording.rank_text(ranks[index]) if index in ranks else wording.MISSING,
        rank_sentence=wording.rank_sentence(ranks[index], len(ranks)) if index in ranks and len(ranks) > 1 else None,
        picture=_picture(row, album, STRIP_PIXELS if large else SMALL_PIXELS, label) if row and not nothing else None,
        where=_where(explanation, word, acts, album) if large and not nothing else None,
        same_twice=sum(other.text.lower() == word.text.lower() for other in explanation.words) > 1,
    )


def _said_of(explanation: Explanation, index: int) -> str:
    word = explanation.words[index]
    if explanation.effectless and word.state != "unread":
        return wording.NO_EFFECT
    partner = f", {wording.partner_text(explanation, index)}" if word.state == "partner" else ""
    return wording.word_text(word, explanation.counts) + partner


def _where(explanation: Explanation, word: ExplainedWord, acts: SaliencyMap | None, album: Album) -> Picture | None:
    result = explanation.full.picture
    if acts is None or result is None:
        return None
    share = "nowhere that could be seen" if acts.empty else f"on {wording.percent(acts.area)} of the picture"
    painted = where_picture(result, acts, towards=word.influence > 0)
    label = f"Where {wording.quoted(word.text)} acts: {share}."
    return Picture(album.add(painted, pixels=STRIP_PIXELS), label)


def _edit_view(number: int, row: Row, album: Album) -> EditView:
    error = wording.MISSING
    if row.response is not None and row.predicted is not None:
        error = wording.signed(row.response - row.predicted)
    return EditView(number, row, _picture(row, album, TINY_PIXELS, f"Edit {number}"), error)


def _picture(row: Row, album: Album, pixels: int, label: str) -> Picture | None:
    return None if row.picture is None else Picture(album.add(row.picture, pixels=pixels), label)
