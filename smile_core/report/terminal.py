"""An explanation for a terminal: the prompt with its numbers, a bar per word, and the verdict.

It reads the same without colour: numbers stand under the words, and bars that work against the edit
are shaded instead of solid.
"""

from __future__ import annotations

import io

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console
from rich.style import Style
from rich.text import Text

from smile_core.explanation import ExplainedWord, Explanation
from smile_core.report import verdict, wording
from smile_core.report.colours import theme, word_bucket
from smile_core.report.figures import Axis, influence_axis
from smile_core.report.headline import Piece, pieces

PROSE = 84
"""Widest line of prose, in cells."""

_LEAST_BAR = 6
_MOST_BAR = 60
_SHORT = {"effective": "", "partner": "partner", "idle": "none", "unsure": "unclear", "unread": "not read"}
_CELLS_OF_BAR = {1: "█", -1: "▒"}


def render_terminal(explanation: Explanation, *, width: int, colour: bool) -> str:
    """The explanation as text of at most `width` cells a line (40 and more look right), ending in a newline.

    With `colour` the words stand on 24-bit backgrounds with dark text, so that they can be read on light
    and on dark terminals; without, the text holds no escape codes.
    """
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        no_color=not colour,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    lines = [*_headline(explanation, width, padding=" " if colour else ""), Text()]
    if not explanation.effectless:
        lines += [*_table(explanation, width), Text()]
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
    for paragraph in _prose(explanation):
        console.print(paragraph, width=min(width, PROSE))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _headline(explanation: Explanation, width: int, *, padding: str) -> list[Text]:
    """The prompt with a number under each word that has one, broken between words."""
    lines: list[Text] = []
    above, below = Text(), Text()
    for piece in pieces(explanation):
        for top, bottom in _cells(piece, explanation, width, padding=padding):
            room = 1 if above and piece.spaced else 0
            if above and above.cell_len + room + top.cell_len > width:
                lines += _pair(above, below)
                above, below, room = Text(), Text(), 0
            above.append(" " * room).append_text(top)
            below.append(" " * room).append_text(bottom)
    return lines + _pair(above, below)


def _pair(above: Text, below: Text) -> list[Text]:
    below.rstrip()
    return [above, below] if below.plain else [above]


def _cells(piece: Piece, explanation: Explanation, width: int, *, padding: str) -> list[tuple[Text, Text]]:
    """One piece as a column of word over number; a word wider than the terminal as several."""
    word = explanation.words[piece.index] if piece.index is not None else None
    number, style = "", Style.null()
    if word and not explanation.effectless:
        number = {"effective": wording.signed(word.influence), "unsure": "?"}.get(word.state, "")
        style = _chip(word)
    if word and word.state == "unread":
        style = Style(strike=True, dim=True)
    room = padding if style.bgcolor else ""
    text = Text.assemble(piece.before, (f"{room}{piece.text}{room}", style), piece.after)
    if text.cell_len > width:
        parts = chop_cells(text.plain, width)
        return [(Text(part, style), Text(number if i == 0 else "")) for i, part in enumerate(parts)]
    wide = max(text.cell_len, len(number))
    text.pad_right(wide - text.cell_len)
    return [(text, Text(number.center(wide), "dim"))]


def _chip(word: ExplainedWord) -> Style:
    step, light = word_bucket(word), theme("light")
    if step == 0:
        return Style.null()
    red, green, blue = light.solid_fill(step)
    return Style(
        color="#1f1f1f", bgcolor=f"rgb({red},{green},{blue})", underline=step > 0 or None, underline2=step < 0 or None
    )


def _table(explanation: Explanation, width: int) -> list[Text]:
    """Word, bar with interval, numbers and state, in prompt order; parts that find no room are left out."""
    words, axis, ranks = explanation.words, influence_axis(explanation), explanation.ranks()
    names = [wording.printable(word.text) for word in words]
    name_width = min(max(map(cell_len, names)), max(10, width // 4))
    numbers = [wording.MISSING if word.state == "unread" else wording.influence_text(word) for word in words]
    states = [_SHORT[word.state] for word in words]
    places = [wording.rank_text(ranks[i]) if i in ranks else "" for i in range(len(words))]
    if width >= 72:
        places = [place and f"rank {place}" for place in places]
    if width >= 100:
        states = [_state(explanation, i) for i in range(len(words))]
    columns = [max(map(len, column)) for column in (numbers, states, places)]
    if width < 60:
        columns[2], places = 0, [""] * len(words)
    if width < name_width + columns[0] + columns[1] + 3 + _LEAST_BAR:
        numbers = [wording.MISSING if word.state == "unread" else wording.signed(word.influence) for word in words]
        columns[0] = max(map(len, numbers))
    taken = name_width + sum(column + 2 for column in columns if column)
    bar_width = min(_MOST_BAR, width - taken - 2)
    bars = bar_width >= _LEAST_BAR
    lines = [_legend(bars, width)] if bars else []
    for i, word in enumerate(words):
        line = Text(
            set_cell_size(names[i], name_width) if cell_len(names[i]) <= name_width else _cut(names[i], name_width)
        )
        if word.state != "effective":
            line.stylize("dim")
        if bars:
            line.append("  ").append_text(_bar(word, axis, bar_width))
        line.append("  " + numbers[i].rjust(columns[0]), "dim" if word.state in ("idle", "unread") else "")
        if columns[2]:
            line.append("  " + places[i].ljust(columns[2]), "dim")
        if columns[1]:
            line.append("  " + states[i], "dim")
        lines.append(line)
    return lines


def _legend(bars: bool, width: int) -> Text:
    full = f"█ {wording.TOWARDS}   ▒ {wording.AGAINST}   ├●┤ 95 % interval"
    short = "█ towards  ▒ against  ├●┤ 95 % interval"
    return Text(full if cell_len(full) <= width else short, "dim")


def _state(explanation: Explanation, index: int) -> str:
    word = explanation.words[index]
    if word.state == "partner":
        return wording.partner_text(explanation, index)
    if word.state == "effective":
        return wording.AGAINST if word.influence < 0 else ""
    return {"idle": wording.NO_EFFECT, "unsure": wording.NOT_CLEAR, "unread": wording.NOT_READ}[word.state]


def _cut(name: str, width: int) -> str:
    return set_cell_size(set_cell_size(name, width - 1).rstrip() + "…", width)


def _bar(word: ExplainedWord, axis: Axis, cells: int) -> Text:
    """The bar from zero to the influence, with the interval drawn over it."""
    if word.state == "unread":
        return Text(" " * cells)

    def cell(value: float) -> int:
        return min(cells - 1, max(0, round(axis.share(value) * (cells - 1))))

    zero, tip, low, high = cell(0), cell(word.influence), cell(word.low), cell(word.high)
    sign = 1 if word.influence > 0 else -1
    light = theme("light")
    red, green, blue = (light.positive if sign > 0 else light.negative).rgb
    line = [(" ", Style.null())] * cells
    line[zero] = ("│", Style(dim=True))
    if word.state == "effective":
        for i in range(min(zero, tip), max(zero, tip) + 1):
            line[i] = (_CELLS_OF_BAR[sign], Style(color=f"rgb({red},{green},{blue})"))
    for i in range(low, high + 1):
        line[i] = ("─", Style.null())
    if low < high:
        line[low], line[high] = ("├", Style.null()), ("┤", Style.null())
    line[tip] = ("●", Style.null())
    return Text.assemble(*line)


def _prose(explanation: Explanation) -> list[Text]:
    setting, counts = explanation.setting, explanation.counts
    paragraphs = [Text(note, "bold") for note in wording.drafts(explanation)]
    said = Text()
    for i, sentence in enumerate(verdict.verdict(explanation)):
        said.append(" " if i else "")
        for span in sentence:
            said.append(wording.quoted(span.text) if span.is_word else span.text, "bold" if span.is_word else "")
    paragraphs.append(said)
    together = verdict.together(explanation)
    if together:
        paragraphs.append(Text(verdict.plain_text(together)))
    instead = verdict.instead(explanation)
    if instead:
        paragraphs.append(Text(verdict.plain_text(instead)))
    finding, reason = verdict.reliance(explanation)
    question = "" if explanation.effectless else "Can you rely on it? "
    paragraphs += [Text.assemble(question, (finding, "bold"), " ", reason), Text()]
    facts = [wording.counts_text(counts), wording.seconds_text(explanation.seconds)]
    facts += [] if explanation.effectless else [wording.stop_text(explanation)]
    paragraphs.append(Text(" · ".join(facts), "dim"))
    paragraphs += [Text(note) for note in wording.remarks(explanation)]
    where = f"{wording.printable(setting.image_name)} · {wording.printable(setting.editor)} · "
    return [*paragraphs, Text(where + wording.scope_text(explanation), "dim")]
