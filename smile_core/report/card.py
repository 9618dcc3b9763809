"""The hover's one picture: result, without this word, where it acts; below, the word's bar on the common axis.

Drawn at twice the size it is shown in. Captions are ours; no text of the user goes into the picture, and signs
are plain ASCII, since Pillow's built-in face lacks others. Sizes and colours: mockups of the hover.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from smile_core.explanation import Explanation
from smile_core.report import wording
from smile_core.report.colours import Theme, ThemeName, theme, word_bucket
from smile_core.report.figures import influence_axis
from smile_core.report.typeface import typeface
from smile_core.report.where import where_picture
from smile_core.saliency import SaliencyMap

SHOWN_WIDTH = 480
_WIDTH = 2 * SHOWN_WIDTH
_PANE, _GAP = 312, 12
_CAPTION, _BAR = 40, 96
_SIDE = 44
_NOT_MADE = "not made yet"


@dataclass(frozen=True)
class Card:
    """A WebP picture, its size as shown, what it says in words, and where the word acts in words (None: unknown)."""

    webp: bytes
    width: int
    height: int
    alt: str
    acts: str | None


def card(
    explanation: Explanation,
    index: int,
    *,
    without: np.ndarray | None,
    acts: SaliencyMap | None,
    kind: ThemeName = "dark",
    most_bytes: int = 60_000,
) -> Card:
    """Draw the card of an effective word.

    Args:
        explanation: with pictures.
        index: of the word in `explanation.words`.
        without: the edit without the word, uint8 (h, w, 3); None where it was not made.
        acts: the word's map; None where there is none.
        kind: which theme it is painted for.
        most_bytes: the quality steps down, then the size halves, until the file is no larger.

    Raises:
        ValueError: the explanation holds no picture of the full prompt.
    """
    result = explanation.full.picture
    if result is None:
        raise ValueError("a card needs the picture of the full prompt")
    colours = theme(kind)
    word = explanation.words[index]
    where = None if acts is None else where_picture(result, acts, towards=word.influence > 0)
    height = round(_PANE * result.shape[0] / result.shape[1])
    canvas = Image.new("RGB", (_WIDTH, height + _CAPTION + _BAR), colours.background)
    pen = ImageDraw.Draw(canvas)
    panes = ((result, "result"), (without, "without this word"), (where, "where it acts"))
    for place, (pixels, caption) in enumerate(panes):
        x = place * (_PANE + _GAP)
        _pane(canvas, pen, pixels, (x, 0, _PANE, height), colours)
        typeface(23).draw(pen, (x, height + 30), caption, fill=colours.text)
    _bar(pen, explanation, index, height + _CAPTION, colours)
    data = _encoded(canvas, most_bytes)
    said = _acts_text(acts)
    alt = f"{wording.printable(word.text)} {wording.influence_text(word)}"
    alt += f"; it acts {said}" if said else ""
    return Card(data, SHOWN_WIDTH, round(canvas.height / 2), alt, said)


def webp_picture(pixels: np.ndarray, *, most_side: int = 1024, most_bytes: int = 400_000) -> bytes:
    """A picture uint8 (h, w, 3) as WebP, scaled down to `most_side` at its longer side."""
    image = Image.fromarray(pixels)
    image.thumbnail((most_side, most_side), Image.Resampling.LANCZOS)
    return _encoded(image, most_bytes)


def _pane(
    canvas: Image.Image, pen: ImageDraw.ImageDraw, pixels: np.ndarray | None, box: tuple[int, int, int, int], to: Theme
) -> None:
    x, y, width, height = box
    if pixels is None:
        pen.rectangle((x, y, x + width - 1, y + height - 1), outline=to.neutral_line, width=2)
        face = typeface(23)
        face.draw(pen, (x + (width - face.width(_NOT_MADE)) / 2, y + height / 2 + 8), _NOT_MADE, fill=to.neutral_line)
        return
    small = pixels.shape[1] < width
    how = Image.Resampling.BICUBIC if small else Image.Resampling.LANCZOS
    canvas.paste(Image.fromarray(pixels).resize((width, height), how), (x, y))


def _bar(pen: ImageDraw.ImageDraw, explanation: Explanation, index: int, top: int, to: Theme) -> None:
    """The word's bar with its interval on the common axis; the other words are ticks."""
    axis = influence_axis(explanation)
    word = explanation.words[index]

    def x(value: float) -> float:
        return _SIDE + min(1.0, max(0.0, axis.share(value))) * (_WIDTH - 2 * _SIDE)

    line, base = top + 62, top + 12
    pen.line((x(axis.low), line, x(axis.high), line), fill=to.neutral_line, width=2)
    small = typeface(21)
    for tick in axis.ticks:
        pen.line((x(tick), line - 4, x(tick), line + 5), fill=to.neutral_line, width=2)
        label = f"{tick:+.1f}" if tick else "0"
        small.draw(pen, (x(tick) - small.width(label) / 2, line + 30), label, fill=to.neutral_line)
    for other in explanation.words:
        if other is not word and other.state != "unread":
            pen.line((x(other.influence), line - 12, x(other.influence), line), fill=to.text, width=3)
    left, right = sorted((x(0.0), x(word.influence)))
    step = word_bucket(word)
    pen.rectangle((left, base, right, base + 32), fill=to.solid_fill(step), outline=to.line(step), width=2)
    pen.line((x(0.0), base - 10, x(0.0), line), fill=to.text, width=2)
    middle, ends = base + 16, (x(word.low), x(word.high))
    pen.line((*((ends[0], middle)), *((ends[1], middle))), fill=to.text, width=4)
    for end in ends:
        pen.line((end, middle - 10, end, middle + 10), fill=to.text, width=4)
    dot = x(word.influence)
    pen.ellipse((dot - 8, middle - 8, dot + 8, middle + 8), fill=to.text)


def _acts_text(acts: SaliencyMap | None) -> str | None:
    """`lower right, 11 % of the picture`."""
    if acts is None:
        return None
    if acts.empty:
        return "nowhere that could be seen"
    x, y = acts.peak()
    rows = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    columns = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    if acts.area > 0.6:
        place = "all over"
    elif rows or columns:
        place = " ".join(part for part in (rows, columns or ("middle" if rows else "")) if part)
        place = place if rows else f"{columns}"
    else:
        place = "in the middle"
    return f"{place}, {wording.percent(acts.area)} of the picture"


def _encoded(image: Image.Image, most_bytes: int) -> bytes:
    while True:
        for quality in (82, 70, 55, 40):
            file = io.BytesIO()
            image.save(file, "WEBP", quality=quality, method=3)
            if file.tell() <= most_bytes or image.width < 64:
                return file.getvalue()
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
