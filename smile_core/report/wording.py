"""Every number format and short phrase, in one place, for terminal, page, picture and editor alike.

Numbers: always a sign on influences, two decimals, a true minus, zero without a sign. Longer
sentences built from the data are in `verdict.py`.
"""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smile_core.explanation import Counts, ExplainedWord, Explanation, Pair

MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EN DASH}"
NO_EFFECT = "no measurable effect"
NOT_CLEAR = "not clear"
ONLY_TOGETHER = "only together with"
NOT_READ = "not read by this model"
TOWARDS = "pulls towards the edit"
AGAINST = "works against the edit"
DOES_NOTHING = "this prompt does nothing to the picture; name a thing and a change"
ALWAYS_FLATTERS = "always flatters"

GOOD_FIDELITY, LOW_FIDELITY = 0.90, 0.70


def signed(value: float, decimals: int = 2) -> str:
    """`+0.42`, `−0.07`, and zero as `0.00` without a sign."""
    rounded = round(value, decimals)
    if rounded == 0:
        return f"{0:.{decimals}f}"
    return f"{'+' if rounded > 0 else MINUS}{abs(rounded):.{decimals}f}"


def plain(value: float, decimals: int = 2) -> str:
    """A response or a share: a sign only where it is negative."""
    return signed(value, decimals).removeprefix("+")


def percent(share: float) -> str:
    """`11 %`, and `under 1 %` for less."""
    return "under 1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")


def significant(value: float) -> str:
    """A distance or a loss, whose unit depends on the method: three significant digits."""
    if not math.isfinite(value):
        return MISSING
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa} × 10{_superscript(int(exponent))}".replace("-", MINUS)
    return f"{float(f'{value:.3g}'):.10f}".rstrip("0").rstrip(".").replace("-", MINUS)


def half_width(word: ExplainedWord) -> float:
    """The longer arm of the word's 95 % interval."""
    return max(word.high - word.influence, word.influence - word.low, 0.0)


def uneven(word: ExplainedWord) -> bool:
    """Whether the arms of the interval differ by more than a hundredth, so that one ± would mislead."""
    return abs((word.high - word.influence) - (word.influence - word.low)) > 0.01 + 1e-9


def interval_text(word: ExplainedWord) -> str:
    """`± 0.03`, or `(+0.31 to +0.46)` for an uneven one; beyond 1, the whole edit, digits would say nothing."""
    if half_width(word) > 1:
        return "± more than 1"
    if uneven(word):
        return f"({signed(word.low)} to {signed(word.high)})"
    return f"± {half_width(word):.2f}"


def influence_text(word: ExplainedWord) -> str:
    """`+0.42 ± 0.03`, or `+0.42 (+0.31 to +0.46)`."""
    return f"{signed(word.influence)} {interval_text(word)}"


def word_text(word: ExplainedWord, counts: Counts) -> str:
    """What is known about one word, with its numbers, as a hover or a label says it."""
    if word.state == "unread":
        return NOT_READ
    if word.state in ("idle", "partner"):
        return f"{NO_EFFECT if word.state == 'idle' else 'no effect by itself'} · {influence_text(word)}"
    if word.state == "unsure":
        return f"{NOT_CLEAR}: {influence_text(word)} after {count(counts.edits, 'edit')}"
    return influence_text(word)


def pair_text(pair: Pair) -> str:
    """`+0.31 ± 0.05`, how much more two words do together than each alone."""
    return f"{signed(pair.value)} ± {(pair.high - pair.low) / 2:.2f}"


def partner_text(explanation: Explanation, index: int) -> str:
    """`only together with ‘car’ +0.31 ± 0.05`, naming the strongest partner; empty for a word without one."""
    found = explanation.partners(index)
    if not found:
        return ""
    other, pair = found[0]
    return f"{ONLY_TOGETHER} {quoted(explanation.words[other].text)} {pair_text(pair)}"


def direction(word: ExplainedWord) -> str:
    """Which way an effective word acts."""
    return TOWARDS if word.influence > 0 else AGAINST


def without_text(response: float) -> str:
    """How far the edit gets when just this word is left out."""
    return f"Without it the edit gets to {plain(response)} of the way."


def fidelity_grade(held_out_r2: float | None) -> str:
    """`good` from 0.90, `low` under 0.70, `fair` between; `not measured` for None."""
    if held_out_r2 is None:
        return "not measured"
    return "good" if held_out_r2 >= GOOD_FIDELITY else "low" if held_out_r2 < LOW_FIDELITY else "fair"


def fidelity_text(held_out_r2: float | None) -> str:
    """`fidelity 0.97`, and in words where it is low or missing."""
    if held_out_r2 is None:
        return "fidelity not measured"
    low = ", low" if fidelity_grade(held_out_r2) == "low" else ""
    return f"fidelity {plain(held_out_r2)}{low}"


def count(number: int, noun: str) -> str:
    """`1 word`, `4 words`; thousands are grouped."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counts_text(counts: Counts) -> str:
    """`40 edits, 12 already known`."""
    known = f", {counts.reused} already known" if counts.reused else ""
    return count(counts.edits, "edit") + known


def failed_text(counts: Counts) -> str | None:
    """`2 of 40 edits failed twice and were left out`, None when none failed."""
    if not counts.failed:
        return None
    verb = "was" if counts.failed == 1 else "were"
    return f"{counts.failed} of {count(counts.edits + counts.failed, 'edit')} failed twice and {verb} left out"


def seconds_text(seconds: float) -> str:
    """`under 0.1 s`, `0.9 s`, `31 s`, `2 min`, `1 h 10 min`."""
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def drafts(explanation: Explanation) -> list[str]:
    """Notes that say the numbers may still move; they come before the verdict."""
    return [sentence(printable(note)) for note in explanation.notes if note.startswith("draft")]


def remarks(explanation: Explanation) -> list[str]:
    """All other notes, and how many edits failed, once."""
    failed = failed_text(explanation.counts)
    kept = [note for note in explanation.notes if not note.startswith("draft")]
    if failed:
        kept = [failed, *(note for note in kept if "failed twice" not in note)]
    return [sentence(printable(note)) for note in kept]


def rank_text(rank: tuple[int, int]) -> str:
    """`3`, or `1–2` between words whose intervals overlap."""
    first, last = rank
    return str(first) if first == last else f"{first}{MISSING}{last}"


def rank_sentence(rank: tuple[int, int], of: int) -> str:
    """`3rd of 9`, `1st or 2nd of 9`, `2nd to 5th of 9`."""
    first, last = rank
    if first == last:
        return f"{_ordinal(first)} of {of}"
    return f"{_ordinal(first)} {'or' if last == first + 1 else 'to'} {_ordinal(last)} of {of}"


def stop_text(explanation: Explanation) -> str:
    """Why no more edits were made, and what that leaves open."""
    read = [word for word in explanation.words if word.state != "unread"]
    widest = max(map(half_width, read), default=0.0)
    if explanation.stop == "exact":
        tried = "both sub-prompts were tried" if len(read) == 1 else f"all {ways(len(read))} sub-prompts were tried"
        if explanation.setting.seeds > 1:
            return f"exact: {tried}; intervals are over {explanation.setting.seeds} seeds"
        return f"exact: {tried}, so there is no sampling error"
    if explanation.stop == "settled":
        goal = explanation.setting.method.get("half_width")
        if isinstance(goal, float) and widest <= goal:
            return f"settled: every interval is under ±{goal:.2f}"
        return f"settled: intervals up to ±{widest:.2f}"
    if explanation.stop == "order":
        return f"settled: the order of the strongest words; intervals up to ±{widest:.2f}"
    if explanation.stop == "running":
        return f"{count(explanation.counts.edits, 'edit')} so far; intervals up to ±{widest:.2f}"
    return f"stopped at {count(explanation.counts.edits, 'edit')}; intervals up to ±{widest:.2f}"


def scope_text(explanation: Explanation) -> str:
    """What the numbers hold for."""
    seed, seeds = explanation.setting.seed, explanation.setting.seeds
    return f"for this picture and {f'seed {seed}' if seeds == 1 else f'seeds {seed} to {seed + seeds - 1}'}"


def ways(words: int) -> str:
    """How many ways there are to leave words out: `512`, and `2⁶⁰` where the number says nothing."""
    return f"{2**words:,}" if words <= 20 else f"2{_superscript(words)}"


def quoted(word: str) -> str:
    """The user's word in single quotes."""
    return f"‘{printable(word)}’"


def sentence(text: str) -> str:
    """The phrase with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def printable(text: str) -> str:
    """User text on one line, without control and direction-override characters."""
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if unicodedata.category(c) != "Cc" and c not in _OVERRIDES)


_OVERRIDES = {chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _superscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
