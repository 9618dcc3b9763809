"""The verdict: at most three sentences, built from nothing but the numbers.

A sentence is a row of spans, so that a page can set the user's words in bold and a terminal in quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smile_core.explanation import ExplainedWord, Explanation, State
from smile_core.report import wording

LEADS = 0.5
"""Words with at least this share of the strongest influence are named first."""

NAMED = 4
"""Most words named in one list; the others are counted."""


@dataclass(frozen=True)
class Span:
    """A stretch of a sentence; `is_word` marks the user's own words."""

    text: str
    is_word: bool = False


Sentence = tuple[Span, ...]


def verdict(explanation: Explanation) -> tuple[Sentence, ...]:
    """What the words do, at most three sentences; the strongest words are named first."""
    if explanation.effectless:
        unread = _rest(explanation, states=("unread",))
        return tuple(part for part in (_said(wording.sentence(wording.DOES_NOTHING)), _ended(unread)) if part)
    towards = _by_size(explanation, 1)
    against = _by_size(explanation, -1)
    clauses = [clause for clause in (_towards(towards), _against(against, alone=not towards)) if clause]
    rest = _rest(explanation, states=("partner", "idle", "unsure", "unread"))
    fidelity = explanation.fidelity.held_out_r2
    if wording.fidelity_grade(fidelity) != "low" or fidelity is None:
        return tuple(_ended(clause) for clause in (*clauses, rest) if clause)
    warning = _said(f"The words do not add up here: fidelity {wording.plain(fidelity)}.")
    return tuple(part for part in (_ended(_joined(clauses)) if clauses else None, _ended(rest), warning) if part)


MOST_PAIRS = 3


def together(explanation: Explanation) -> tuple[Sentence, ...]:
    """Which words act together, strongest first, in one sentence; none where no pair is sure."""
    pairs = explanation.pairs[:MOST_PAIRS]
    if not pairs or explanation.effectless:
        return ()
    spans: list[Span] = []
    for place, pair in enumerate(pairs):
        spans += [Span("; " if place else "Together: ")]
        first, second = explanation.words[pair.first], explanation.words[pair.second]
        spans += [Span(first.text, is_word=True), Span(" + "), Span(second.text, is_word=True)]
        spans += [Span(f" {wording.pair_text(pair)}")]
    more = len(explanation.pairs) - len(pairs)
    if more:
        spans += [Span(f"; and {wording.count(more, 'more pair')}")]
    return ((*spans, Span(".")),)


def instead(explanation: Explanation) -> tuple[Sentence, ...]:
    """Which shorter prompt was seen to do as much, and which word's loss changes most; none where nothing acts."""
    found = explanation.counterfactuals()
    if found is None:
        return ()
    said: list[Sentence] = []
    row = explanation.rows[found.shortest]
    if found.can_go and row.sub_prompt:
        lacking = _names([explanation.words[i] for i in found.can_go])
        said.append(
            (Span(row.sub_prompt.rstrip(" ,;:."), is_word=True), Span(" does as much; "), *lacking, Span(" can go."))
        )
    if found.strongest is not None and found.without is not None:
        word = Span(explanation.words[found.strongest].text, is_word=True)
        gets = f" changes most: without it the edit gets to {wording.plain(found.without)} of the way."
        said.append((Span("Losing "), word, Span(gets)))
    return tuple(said)


def plain_text(sentences: Sequence[Sentence]) -> str:
    """The sentences in one line, the user's words in single quotes."""
    return " ".join(
        "".join(wording.quoted(span.text) if span.is_word else span.text for span in sentence) for sentence in sentences
    )


def reliance(explanation: Explanation) -> tuple[str, str]:
    """What fidelity means for the reader: the finding, then the reason in one or two sentences."""
    measures = explanation.fidelity
    value = measures.held_out_r2
    if explanation.effectless:
        return (
            "There is no edit to explain.",
            "The pictures for the whole prompt and for the empty one differ by "
            f"{wording.significant(explanation.effect)}; prompts without meaning move it up to half of "
            f"{wording.significant(explanation.noise_floor)}.",
        )
    if value is None:
        return "Not measured.", "There are too few edits, or edits too much alike, to hold any out and predict them."
    grade = wording.fidelity_grade(value)
    exact_but_no_sum = explanation.stop == "exact" and grade == "low"
    answer = "The numbers are exact, but they do not add up." if exact_but_no_sum else _ANSWER[grade]
    finding = f"{answer} Fidelity {wording.plain(value)}"
    if explanation.pairs and measures.held_out_r2_linear is not None:
        finding += f" ({wording.plain(measures.held_out_r2_linear)} without pairs)"
    held_out = f"on {wording.count(measures.held_out_rows, 'edit')}, each held out in turn."
    if grade == "low":
        depends = "What a word does depends on which others are there; trust the pictures more than the colours."
        if explanation.pairs:
            depends = "What a word does depends on which others are there. Read the pairs beside the colours."
        return finding, f"{held_out} {depends}"
    return (
        finding,
        f"{held_out} Adding up the words predicts how far an unseen sub-prompt gets{give_or_take(explanation)}.",
    )


def give_or_take(explanation: Explanation) -> str:
    """`, give or take 0.05`: the root mean square error on rows that were predicted without being seen."""
    errors = [
        row.response - row.predicted
        for row in explanation.rows
        if row.response is not None and row.predicted is not None
    ]
    if not errors:
        return ""
    size = (sum(error**2 for error in errors) / len(errors)) ** 0.5
    return f", give or take {size:.2f}" if size >= 0.005 else ", to within 0.01"


def reading_note(explanation: Explanation) -> tuple[Sentence, ...]:
    """How to read the bars: the strongest word in a sentence, and which order is not settled."""
    strongest = max(
        (word for word in explanation.words if word.state == "effective"),
        key=lambda word: abs(word.influence),
        default=None,
    )
    if strongest is None:
        return (_said("A bar stands where a word's whole interval lies away from zero. Here none does."),)
    share, back = wording.plain(abs(strongest.influence)), strongest.influence < 0
    way = "back from the full to the empty edit" if back else "of the way from the empty to the full edit"
    put_back = (
        Span("Put "),
        Span(strongest.text, is_word=True),
        Span(" back into a prompt that lacks it and the picture moves "),
        Span(f"{share} {way}, on average over what else is there."),
    )
    tied = _tied(explanation)
    if not tied:
        return (put_back,)
    order = (Span("The order of "), *_names(tied), Span(" is open: their intervals overlap."))
    return put_back, order


_ANSWER = {"good": "Yes.", "fair": "Mostly.", "low": "No."}


def _tied(explanation: Explanation) -> list[ExplainedWord]:
    ranks = explanation.ranks()
    open_ones = sorted((rank, i) for i, rank in ranks.items() if rank[0] != rank[1])
    tied: list[int] = []
    reach = 0
    for (first, last), index in open_ones:
        if tied and first > reach:
            break
        tied.append(index)
        reach = max(reach, last)
    return [explanation.words[i] for i in tied]


def _by_size(explanation: Explanation, sign: int) -> list[ExplainedWord]:
    chosen = [word for word in explanation.words if word.state == "effective" and word.influence * sign > 0]
    return sorted(chosen, key=lambda word: -abs(word.influence))


def _towards(words: list[ExplainedWord]) -> Sentence:
    if not words:
        return ()
    leading = [word for word in words if word.influence >= LEADS * words[0].influence]
    following = words[len(leading) :]
    one = len(leading) == 1
    most = sum(word.influence for word in leading) >= 0.5
    if most:
        does = "carries" if one else "carry"
        what = f" {does} the edit" if not following else f" {does} most of the edit"
    else:
        what = f" {'pulls' if one else 'pull'} {'most ' if following else ''}towards the edit"
    after = (Span("; "), *_names(following), Span(f" {'adds' if len(following) == 1 else 'add'} to it"))
    return (*_names(leading), Span(what), *(after if following else ()))


def _against(words: list[ExplainedWord], *, alone: bool) -> Sentence:
    if not words:
        return ()
    return (*_names(words), Span(f" {'works' if len(words) == 1 else 'work'} against {'the edit' if alone else 'it'}"))


def _rest(explanation: Explanation, *, states: Sequence[State]) -> Sentence:
    groups = {state: [word for word in explanation.words if word.state == state] for state in states}
    edits = wording.count(explanation.counts.edits, "edit")
    tails = {
        "partner": ("acts", "act", "only together with others"),
        "idle": ("has", "have", wording.NO_EFFECT),
        "unsure": ("is", "are", f"{wording.NOT_CLEAR} after {edits}"),
        "unread": ("is", "are", wording.NOT_READ),
    }
    if len(groups.get("idle", ())) == len(explanation.words) > 1:
        return (Span(f"None of the {len(explanation.words)} words has a measurable effect by itself"),)
    clauses: list[Sentence] = []
    for state, words in groups.items():
        if words:
            one, several, tail = tails[state]
            subject = (Span(words[0].text, is_word=True),) if len(words) == 1 else (Span(f"{len(words)} words"),)
            clauses.append((*subject, Span(f" {one if len(words) == 1 else several} {tail}")))
    return _joined(clauses) if clauses else ()


def _joined(clauses: Sequence[Sentence]) -> Sentence:
    joined: list[Span] = []
    for clause in clauses:
        joined += [*([Span("; ")] if joined else []), *clause]
    return tuple(joined)


def _names(words: Sequence[ExplainedWord]) -> Sentence:
    """The words as a list; one that stands more than once is named once, and most are only counted."""
    times: dict[str, int] = {}
    for word in words:
        times[word.text] = times.get(word.text, 0) + 1
    texts = list(times) if len(times) <= NAMED else list(times)[: NAMED - 1]
    left = len(words) - sum(times[text] for text in texts)
    spans: list[Span] = []
    for position, text in enumerate(texts):
        last = position == len(texts) - 1 and not left
        spans += [Span(" and " if last else ", ")] if position else []
        spans.append(Span(text, is_word=True))
        if times[text] > 1:
            spans.append(Span(" (twice)" if times[text] == 2 else f" ({times[text]} times)"))
    return (*spans, Span(f" and {left} more words")) if left else tuple(spans)


def _said(text: str) -> Sentence:
    return (Span(text),)


def _ended(sentence: Sentence) -> Sentence:
    return (*sentence, Span(".")) if sentence else ()
