"""A comparison for a terminal and as JSON."""

from __future__ import annotations

import json

from rich.cells import cell_len, set_cell_size

from smile_core.compare import Agreement, Comparison
from smile_core.explanation import ExplainedWord
from smile_core.explanation_json import to_data
from smile_core.report import wording

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
    lines += [_agreement_text(comparison, agreement) for agreement in comparison.agreements]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _fit(text: str, cells: int) -> str:
    return set_cell_size(text, cells) if cell_len(text) <= cells else set_cell_size(text, cells - 1) + "…"


def _cell(word: ExplainedWord | None) -> str:
    if word is None:
        return wording.MISSING
    if word.state == "effective":
        return wording.influence_text(word)
    return f"{_SHORT[word.state]} ({wording.signed(word.influence)})" if word.state != "unread" else _SHORT["unread"]


def _agreement_text(comparison: Comparison, agreement: Agreement) -> str:
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
