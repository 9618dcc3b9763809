"""A comparison for a terminal, as JSON, and for the editor's panel."""

from __future__ import annotations

import json
from importlib.resources import files

from markupsafe import escape
from rich.cells import cell_len, set_cell_size

from smile_core.compare import Agreement, Comparison
from smile_core.explanation import ExplainedWord
from smile_core.explanation_json import to_data
from smile_core.report import wording
from smile_core.report.album import Album
from smile_core.report.html import Fragment
from smile_core.report.tokens import page_tokens, word_rules
from smile_core.report.view import style as view_style

_SHORT = {"idle": "none", "partner": "partner", "unsure": "unclear", "unread": "not read"}


def comparison_text(comparison: Comparison, *, width: int) -> str:
    """A line for each word, a column for each explanation, then how far each two agree."""
    names = [wording.printable(name) for name in comparison.names]
    first = min(max([4, *(cell_len(line.text) for line in comparison.lines)]), 24)
    room = max(15, min(28, (width - first) // len(names) - 2))
    lines = [" " * first + "".join("  " + _fit(name, room) for name in names)]
    for line in comparison.lines:
        cells = ["  " + _fit(_cell(word), room) for word in line.words]
        lines.append(_fit(wording.printable(line.text), first) + "".join(cells))
    facts = [
        f"{wording.fidelity_text(e.fidelity.held_out_r2)}, {wording.count(e.counts.edits, 'edit')}"
        for e in comparison.explanations
    ]
    lines += ["", " " * first + "".join("  " + _fit(fact, room) for fact in facts), ""]
    lines += [agreement_text(comparison, agreement) for agreement in comparison.agreements]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _fit(text: str, cells: int) -> str:
    return set_cell_size(text, cells) if cell_len(text) <= cells else set_cell_size(text, cells - 1) + "…"


def _cell(word: ExplainedWord | None) -> str:
    if word is None:
        return wording.MISSING
    if word.state == "effective":
        return wording.influence_text(word)
    return f"{_SHORT[word.state]} ({wording.signed(word.influence)})" if word.state != "unread" else _SHORT["unread"]


def agreement_text(comparison: Comparison, agreement: Agreement) -> str:
    """One line: rank correlation, overlap, and the words on which the two differ."""
    first, second = (wording.printable(comparison.names[i]) for i in (agreement.first, agreement.second))
    ranks = wording.MISSING if agreement.ranks is None else wording.plain(agreement.ranks)
    differ = ", ".join(wording.quoted(comparison.lines[i].text) for i in agreement.differ)
    tail = f"; they differ clearly on {differ}" if differ else "; no word differs clearly"
    return f"{first} and {second}: rank correlation {ranks}, overlap {wording.plain(agreement.jaccard)}{tail}."


def comparison_json(comparison: Comparison) -> str:
    """The explanations without pictures, and how far each two agree."""
    data = {
        "names": list(comparison.names),
        "explanations": [to_data(one, pictures=False) for one in comparison.explanations],
        "agreements": [
            {
                "first": a.first,
                "second": a.second,
                "rank_correlation": a.ranks,
                "jaccard": a.jaccard,
                "differ": [comparison.lines[i].text for i in a.differ],
            }
            for a in comparison.agreements
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=1)


def comparison_html(comparison: Comparison) -> Fragment:
    """A table with a line a word and a column an explanation, then pictures and agreement, for the editor's panel."""
    album = Album()
    heads = "".join(f'<th scope="col">{escape(wording.printable(name))}</th>' for name in comparison.names)
    rows = []
    for line in comparison.lines:
        cells = "".join(_html_cell(word) for word in line.words)
        rows.append(f'<tr><th scope="row">{escape(wording.printable(line.text))}</th>{cells}</tr>')
    pictures = []
    for name, explanation in zip(comparison.names, comparison.explanations, strict=True):
        if explanation.full.picture is not None:
            shown = album.add(explanation.full.picture, pixels=_PANE)
            label = escape(f"The whole prompt's edit by {wording.printable(name)}")
            pictures.append(f'<td><div class="pic {shown}" role="img" aria-label="{label}"></div></td>')
    facts = "".join(
        f"<td>{escape(wording.fidelity_text(e.fidelity.held_out_r2))}</td>" for e in comparison.explanations
    )
    agreements = "".join(f"<p>{escape(agreement_text(comparison, a))}</p>" for a in comparison.agreements)
    words = files("smile_core.report").joinpath("words.css").read_text(encoding="utf-8")
    prompts = {e.prompt for e in comparison.explanations}
    caption = f"<caption>{escape(wording.printable(*prompts))}</caption>" if len(prompts) == 1 else ""
    body = (
        f'<article class="comparison"><table>{caption}<thead><tr><td></td>{heads}</tr></thead><tbody>'
        f'<tr><th scope="row">result</th>{"".join(pictures)}</tr>{"".join(rows)}'
        f'<tr><th scope="row">fidelity</th>{facts}</tr></tbody></table>{agreements}</article>'
    )
    return Fragment(body, "\n".join((page_tokens(), word_rules(), words, _STYLE, album.css())))


_PANE = 240
_STYLE = """.comparison table{border-collapse:collapse;font-variant-numeric:tabular-nums}
.comparison th,.comparison td{padding:6px 14px 6px 0;text-align:left;font-weight:400}
.comparison caption{text-align:left;font-size:1.3em;font-weight:600;padding-bottom:10px}
.comparison thead th,.comparison tbody th{font-weight:600}
.comparison .pic{width:clamp(72px,20vw,120px);aspect-ratio:1;background-size:contain;background-repeat:no-repeat}"""


def _html_cell(word: ExplainedWord | None) -> str:
    if word is None:
        return f"<td>{wording.MISSING}</td>"
    style = view_style(word, effectless=False)
    return f'<td><span class="b {escape(style)}">{escape(_cell(word))}</span></td>'
