"""An explanation as an editor shows it: plain data for the words, the end-of-line note and the hover's rows.

JSON-like on purpose: a worker process sends it to a daemon that imports neither numpy nor the method.
"""

from __future__ import annotations

from typing import Any

from smile_core.explanation import ExplainedWord, Explanation
from smile_core.report import verdict, wording
from smile_core.report.colours import word_bucket
from smile_core.report.wording import printable

NOTED = 3
"""Most words in an end-of-line note."""


def editor_view(explanation: Explanation) -> dict[str, Any]:
    """Everything that an editor shows of an explanation but its pictures.

    Returns:
        `words`: dicts with text, start and end (code points of the prompt), state, bucket, influence, low, high,
        label, rank (pair or None), partner (text or None), headline and rows (pairs of a name and a text).
        `note`, `summary`: strings. `quality`: dict. `idle`: places of the idle words. `notes`: list of sentences.
    """
    words = [_word(explanation, index) for index in range(len(explanation.words))]
    return {
        "prompt": explanation.prompt,
        "words": words,
        "note": note(explanation),
        "summary": verdict.plain_text(verdict.verdict(explanation)),
        "quality": quality(explanation),
        "idle": [] if explanation.effectless else [i for i, word in enumerate(words) if word["state"] == "idle"],
        "notes": wording.remarks(explanation),
        "image": explanation.setting.image_name,
        "seed": explanation.setting.seed,
    }


def quality(explanation: Explanation) -> dict[str, Any]:
    """The fields of the daemon's `Quality`."""
    fidelity = explanation.fidelity.held_out_r2
    grade = wording.fidelity_grade(fidelity)
    return {
        "fidelity": fidelity,
        "grade": None if fidelity is None else grade,
        "edits": explanation.counts.edits,
        "known": explanation.counts.reused,
        "failed": explanation.counts.failed,
        "seconds": explanation.seconds,
        "stop": explanation.stop,
        "does_nothing": explanation.effectless,
    }


def note(explanation: Explanation) -> str:
    """`red +0.42, stormy +0.40; slightly −0.07`: at most three words with numbers, or what stands in their way."""
    if explanation.effectless:
        return wording.DOES_NOTHING
    shown = sorted(
        (word for word in explanation.words if word.state == "effective"), key=lambda word: -abs(word.influence)
    )[:NOTED]
    groups = (
        [word for word in shown if word.influence > 0],
        [word for word in shown if word.influence <= 0],
    )
    parts = [
        ", ".join(f"{_short(word)} {wording.signed(word.influence)}" for word in group) for group in groups if group
    ]
    partner = next((i for i, word in enumerate(explanation.words) if word.state == "partner"), None)
    if partner is not None and len(shown) < NOTED:
        other = explanation.words[explanation.partners(partner)[0][0]]
        parts.append(f"{_short(explanation.words[partner])} {wording.ONLY_TOGETHER} {wording.quoted(other.text)}")
    if not parts:
        parts.append("no word has a clear effect by itself")
    fidelity = explanation.fidelity.held_out_r2
    if explanation.stop != "running" and wording.fidelity_grade(fidelity) == "low":
        parts.append(wording.fidelity_text(fidelity))
    return "; ".join(parts)


def _short(word: ExplainedWord) -> str:
    text = printable(word.text)
    return text if len(text) <= 24 else f"{text[:23]}…"


def _word(explanation: Explanation, index: int) -> dict[str, Any]:
    word = explanation.words[index]
    known = word.state != "unread"
    ranks = explanation.ranks()
    partner = explanation.partners(index)
    state = "idle" if explanation.effectless and known else word.state
    return {
        "text": printable(word.text),
        "start": word.start,
        "end": word.end,
        "state": state,
        "bucket": 0 if explanation.effectless else word_bucket(word),
        "influence": word.influence if known else None,
        "low": word.low if known else None,
        "high": word.high if known else None,
        "label": wording.influence_text(word) if known else wording.NOT_READ,
        "rank": list(ranks[index]) if index in ranks and not explanation.effectless else None,
        "partner": printable(explanation.words[partner[0][0]].text) if word.state == "partner" and partner else None,
        "headline": headline(explanation, index),
        "rows": rows(explanation, index) if state == "effective" else [],
    }


def headline(explanation: Explanation, index: int) -> str:
    """What stands behind the word in the first line of its hover."""
    word = explanation.words[index]
    if word.state == "unread":
        return wording.NOT_READ
    if explanation.effectless:
        return wording.DOES_NOTHING
    running = explanation.stop == "running"
    number = wording.influence_text(word)
    if word.state == "effective" and not running:
        ranks = explanation.ranks()
        rank = f" · {wording.rank_sentence(ranks[index], len(ranks))}" if len(ranks) > 1 else ""
        return f"{number} · {wording.direction(word)}{rank}"
    if running:
        return f"{number} so far · {wording.count(explanation.counts.edits, 'edit')}"
    if word.state == "partner":
        return f"{number} alone · {wording.partner_text(explanation, index)}"
    return wording.word_text(word, explanation.counts)


def rows(explanation: Explanation, index: int) -> list[tuple[str, str]]:
    """The hover's rows, all but where the word acts, which needs the pictures."""
    word = explanation.words[index]
    found = [("95 % interval", f"{wording.signed(word.low)} to {wording.signed(word.high)}")]
    if word.without is not None:
        found.append(("without it", f"the edit gets to {wording.plain(word.without)} of the way"))
    partners = explanation.partners(index)
    if partners:
        other, pair = partners[0]
        found.append(("together", f"with {wording.quoted(explanation.words[other].text)} {wording.pair_text(pair)}"))
    fidelity = explanation.fidelity.held_out_r2
    if fidelity is not None:
        grade, seen = wording.fidelity_grade(fidelity), explanation.fidelity.held_out_rows
        found.append(
            (
                "fidelity",
                f"{wording.plain(fidelity)} on {wording.count(seen, 'held-out edit')} · {grade}",
            )
        )
    return found
