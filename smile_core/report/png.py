"""An explanation as one picture: the coloured prompt, what it does, before and after.

For READMEs, slides and chats. Light background, drawn at twice its size for dense screens.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from smile_core.explanation import ExplainedWord, Explanation
from smile_core.report import verdict, wording
from smile_core.report.colours import STEPS, theme, word_bucket
from smile_core.report.headline import pieces
from smile_core.report.typeface import Typeface, typeface

WIDTH = 1400
_MARGIN, _GAP = 56, 44
_STRONG, _MUTE = "#1f1f1f", "#616161"
_PANE, _PANE_GAP = 340, 14
_TALLEST = 6000


@dataclass(frozen=True)
class _Box:
    """A stretch of the prompt placed on its line; `y` is the top of its fill."""

    text: str
    x: float
    y: float
    width: float
    word: ExplainedWord | None


def render_png(explanation: Explanation) -> bytes:
    """A PNG 1400 pixels wide, as high as the prompt needs."""
    canvas = Image.new("RGB", (WIDTH, _TALLEST), theme("light").background)
    pen = ImageDraw.Draw(canvas)
    y = _draw_prompt(pen, explanation, _MARGIN)
    panes = [row.picture for row in (explanation.empty, explanation.full) if row.picture is not None]
    beside = 2 * _PANE + _PANE_GAP + _GAP if len(panes) == 2 else 0
    left = _draw_words_about(pen, explanation, y, WIDTH - 2 * _MARGIN - beside)
    right = _draw_pair(canvas, pen, panes, y) if beside else y
    bottom = min(_TALLEST, max(left, right) + _MARGIN)
    file = io.BytesIO()
    canvas.crop((0, 0, WIDTH, round(bottom))).save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_prompt(pen: ImageDraw.ImageDraw, explanation: Explanation, top: float) -> float:
    large = typeface(46 if len(explanation.prompt) <= 160 else 34)
    small = typeface(22)
    boxes = _placed(explanation, large, top)
    for box in boxes:
        _draw_box(pen, box, large, effectless=explanation.effectless)
        number = _number(box.word, explanation)
        if number:
            x = box.x + (box.width - small.width(number)) / 2
            small.draw(pen, (x, box.y + 1.5 * large.size + 26), number, fill=_MUTE)
    numbers = 0 if explanation.effectless else 40
    return max((box.y for box in boxes), default=top) + 1.5 * large.size + numbers + 24


def _placed(explanation: Explanation, face: Typeface, top: float) -> list[_Box]:
    """Pieces of the prompt on lines no wider than the picture; a wider word is cut over lines."""
    boxes: list[_Box] = []
    inner, height = WIDTH - 2 * _MARGIN, 1.5 * face.size + (20 if explanation.effectless else 52)
    x, y = float(_MARGIN), top
    small = typeface(22)
    for piece in pieces(explanation):
        word = explanation.words[piece.index] if piece.index is not None else None
        coloured = word is not None and not explanation.effectless and word_bucket(word) != 0
        pad = 8 if coloured else 0
        parts = [(piece.before, None, 0), *((part, word, pad) for part in _cut(piece.text, face, inner - 2 * pad))]
        parts = [part for part in (*parts, (piece.after, None, 0)) if part[0]]
        needed = max(face.width(_number(word, explanation)) * small.size / face.size if word else 0, 0)
        total = sum(face.width(text) + 2 * space for text, _, space in parts)
        x += 12 if piece.spaced and x > _MARGIN else 0
        if x > _MARGIN and x + min(max(total, needed), inner) > WIDTH - _MARGIN:
            x, y = float(_MARGIN), y + height
        for text, of, space in parts:
            wide = face.width(text) + 2 * space
            if x > _MARGIN and x + wide > WIDTH - _MARGIN:
                x, y = float(_MARGIN), y + height
            if of is not None:
                wide = max(wide, min(needed, inner))
            boxes.append(_Box(text, x, y, wide, of))
            x += wide
        x += 0 if coloured else 4
    return boxes


def _cut(text: str, face: Typeface, width: float) -> list[str]:
    parts, current = [], ""
    for sign in text:
        if current and face.width(current + sign) > width:
            parts.append(current)
            current = ""
        current += sign
    return [*parts, current]


def _number(word: ExplainedWord | None, explanation: Explanation) -> str:
    if word is None or explanation.effectless or word.state in ("idle", "unread"):
        return ""
    return wording.signed(word.influence) if word.state == "effective" else "?"


def _draw_box(pen: ImageDraw.ImageDraw, box: _Box, face: Typeface, *, effectless: bool) -> None:
    light = theme("light")
    word = box.word
    step = word_bucket(word) if word else 0
    bottom = box.y + 1.5 * face.size
    if word and step and not effectless:
        pen.rectangle((box.x, box.y, box.x + box.width - 1, bottom - 1), fill=light.solid_fill(step))
        _line(pen, box.x, bottom, box.width, 2 * light.width(step), light.line(step), dashed=step < 0)
    elif word and word.state == "unsure" and not effectless:
        _line(pen, box.x, bottom, box.width, 2, light.neutral_line, dashed=True, dash=(3, 5))
    faded = word is not None and word.state == "unread"
    x = box.x + (box.width - face.width(box.text)) / 2
    baseline = box.y + 1.08 * face.size
    face.draw(pen, (x, baseline), box.text, fill=_MUTE if faded else _STRONG)
    if faded:
        pen.line((x, baseline - 0.3 * face.size, x + face.width(box.text), baseline - 0.3 * face.size), _MUTE, 2)


def _line(
    pen: ImageDraw.ImageDraw,
    x: float,
    bottom: float,
    length: float,
    width: int,
    colour: str,
    *,
    dashed: bool,
    dash: tuple[int, int] = (12, 7),
) -> None:
    """A line that ends at `bottom`, whole or in dashes."""
    on, off = dash if dashed else (max(1, round(length)), 1)
    start = 0
    while start < length:
        end = min(start + on, length) - 1
        pen.rectangle((x + start, bottom - width, x + max(start, end), bottom - 1), fill=colour)
        start += on + off


def _draw_words_about(pen: ImageDraw.ImageDraw, explanation: Explanation, top: float, width: float) -> float:
    """Legend, verdict, and what it rests on, in the left column; returns where it ends."""
    y = top
    if not explanation.effectless:
        y = _draw_legend(pen, explanation, y, min(width, 640)) + 34
    words = [
        (token, span.is_word)
        for sentence in verdict.verdict(explanation)
        for span in (*sentence, verdict.Span(" "))
        for token in _tokens(wording.printable(span.text) if span.is_word else span.text)
    ]
    y = _draw_wrapped(pen, words, y, width, size=30, fill=theme("light").text) + 14
    facts = [wording.counts_text(explanation.counts), explanation.setting.editor, wording.scope_text(explanation)]
    if not explanation.effectless:
        facts.insert(0, wording.fidelity_text(explanation.fidelity.held_out_r2))
    return _draw_wrapped(pen, [(t, False) for t in _tokens(" · ".join(facts))], y, width, size=24, fill=_MUTE)


def _draw_legend(pen: ImageDraw.ImageDraw, explanation: Explanation, top: float, width: float) -> float:
    light, small = theme("light"), typeface(20)
    steps = [*range(-STEPS, 0), 0, *range(1, STEPS + 1)]
    cell = width / len(steps)
    for i, step in enumerate(steps):
        x = _MARGIN + i * cell
        if step:
            pen.rectangle((round(x), top, round(x + cell) - 1, top + 31), fill=light.solid_fill(step))
        _line(
            pen,
            round(x),
            top + 32,
            round(cell),
            2 * light.width(step) if step else 2,
            light.line(step),
            dashed=step < 0,
        )
    baseline = top + 32 + 26
    left, right = scale_ends(small, width)
    small.draw(pen, (_MARGIN, baseline), left, fill=_MUTE)
    small.draw(pen, (_MARGIN + width - small.width(right), baseline), right, fill=_MUTE)
    also = [text for state, text in _LEGEND.items() if any(word.state == state for word in explanation.words)]
    if also:
        baseline += 28
        small.draw(pen, (_MARGIN, baseline), " · ".join(also), fill=_MUTE)
    return baseline + 8


def scale_ends(face: Typeface, width: float) -> tuple[str, str]:
    """What the two ends of the scale say: the fullest wording that leaves a gap between them."""
    said = ((wording.AGAINST, wording.TOWARDS), ("against the edit", "towards the edit"), ("against", "towards"))
    ends = [(f"{wording.MINUS}1  dashed: {against}", f"solid: {towards}  +1") for against, towards in said]
    return next((pair for pair in ends if sum(map(face.width, pair)) + 40 <= width), ends[-1])


_LEGEND = {"unsure": f"dotted: {wording.NOT_CLEAR}", "unread": f"struck through: {wording.NOT_READ}"}


def _tokens(text: str) -> list[str]:
    """The text cut after each space, so that lines can break there."""
    return [part for part in text.replace(" ", " \n").split("\n") if part]


def _draw_wrapped(
    pen: ImageDraw.ImageDraw, tokens: list[tuple[str, bool]], top: float, width: float, *, size: int, fill: str
) -> float:
    """Text in lines no wider than `width`, the user's words in bold; returns where it ends."""
    faces = {False: typeface(size), True: typeface(size, bold=True)}
    x, y = 0.0, top + size
    for index, (token, bold) in enumerate(tokens):
        glued = tokens[index + 1][0].rstrip() if index + 1 < len(tokens) and not token.endswith(" ") else ""
        if x and x + faces[bold].width(token.rstrip()) + faces[False].width(glued) > width:
            x, y = 0.0, y + 1.45 * size
        if not x and not token.strip():
            continue
        for part in _cut(token, faces[bold], width):
            if x and x + faces[bold].width(part.rstrip()) > width:
                x, y = 0.0, y + 1.45 * size
            faces[bold].draw(pen, (_MARGIN + x, y), part, fill=_STRONG if bold else fill)
            x += faces[bold].width(part)
    return y + 0.4 * size


def _draw_pair(canvas: Image.Image, pen: ImageDraw.ImageDraw, panes: list[np.ndarray], top: float) -> float:
    """Before and after side by side at the right; returns where their captions end."""
    small, bottom = typeface(22), top
    left = WIDTH - _MARGIN - 2 * _PANE - _PANE_GAP
    for picture, caption in zip(panes, ("before", "after"), strict=True):
        image = Image.fromarray(picture)
        size = (_PANE, min(2 * _PANE, max(1, round(_PANE * image.height / image.width))))
        canvas.paste(image.resize(size, Image.Resampling.LANCZOS), (left, round(top)))
        small.draw(pen, (left, top + size[1] + 30), caption, fill=_MUTE)
        left += _PANE + _PANE_GAP
        bottom = max(bottom, top + size[1] + 38)
    return bottom
