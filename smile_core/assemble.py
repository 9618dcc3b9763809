"""Put an explanation together from what was measured: states of words, rows, fidelity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from smile_core.design import Rows
from smile_core.estimate import Estimate
from smile_core.explanation import EFFECT_FLOOR, Counts, ExplainedWord, Explanation, Pair, Row, Setting, State, Stop
from smile_core.prompt import Word
from smile_core.quality import Fidelity, fidelity, with_held_out


@dataclass(frozen=True, eq=False)
class Measured:
    """Rows of one design with everything measured on them.

    `texts` (m,) are the sub-prompts; `pictures`, `reused` and `failed` speak of them, for the first
    seed. `responses` is (seeds, m), `distances` and `weights` (m,). `effect` is the distance between
    the full and the empty prompt's pictures.
    """

    words: tuple[Word, ...]
    rows: Rows
    texts: list[str]
    pictures: Mapping[str, np.ndarray]
    reused: frozenset[str]
    failed: Mapping[str, str]
    responses: np.ndarray
    distances: np.ndarray
    weights: np.ndarray
    estimate: Estimate
    stop: Stop
    effect: float


def assemble(
    measured: Measured,
    *,
    prompt: str,
    unread: Sequence[Word],
    noise_floor: float,
    setting: Setting,
    counts: Counts,
    seconds: float,
    notes: tuple[str, ...],
) -> Explanation:
    """The explanation. A prompt whose effect is under the noise floor gets no influences at all."""
    estimate, response = measured.estimate, measured.responses.mean(axis=0)
    if measured.effect <= noise_floor:
        nothing, none = np.zeros_like(estimate.influences), np.empty(0)
        estimate = replace(estimate, influences=nothing, half_widths=nothing, pairs=none, pair_half_widths=none)
    pairs = _pairs(estimate, len(measured.words))
    beyond = [ExplainedWord(w.text, w.start, w.end, 0.0, 0.0, 0.0, "unread") for w in unread]
    return Explanation(
        prompt=prompt,
        words=(*_explained_words(measured, estimate, response, pairs), *beyond),
        intercept=estimate.intercept,
        rows=tuple(_row(measured, response, i) for i in range(len(measured.texts))),
        fidelity=_fidelity(measured, response),
        effect=measured.effect,
        noise_floor=noise_floor,
        stop=measured.stop,
        setting=setting,
        counts=counts,
        seconds=seconds,
        notes=notes,
        pairs=pairs,
    )


def state_of(low: float, high: float, *, paired: bool = False) -> State:
    """What may be said of a word whose 95 % interval is [low, high], and which is in some pair or in none."""
    if low >= -EFFECT_FLOOR and high <= EFFECT_FLOOR:
        return "partner" if paired else "idle"
    if low > 0 or high < 0:
        return "effective"
    return "unsure"


def _pairs(estimate: Estimate, n: int) -> tuple[Pair, ...]:
    """Pairs whose interval excludes zero and reaches beyond the floor under which a word counts as idle."""
    if not len(estimate.pairs):
        return ()
    found = [
        Pair(int(i), int(j), float(value), float(value - half), float(value + half))
        for i, j, value, half in zip(*np.triu_indices(n, 1), estimate.pairs, estimate.pair_half_widths, strict=True)
        if abs(value) > half and abs(value) + half > EFFECT_FLOOR
    ]
    return tuple(sorted(found, key=lambda pair: -abs(pair.value)))


def _explained_words(
    measured: Measured, estimate: Estimate, response: np.ndarray, pairs: Sequence[Pair]
) -> list[ExplainedWord]:
    paired = {index for pair in pairs for index in (pair.first, pair.second)}
    masks = measured.rows.masks
    explained = []
    for i, word in enumerate(measured.words):
        influence, half = float(estimate.influences[i]), float(estimate.half_widths[i])
        alone = np.flatnonzero((masks.sum(1) == masks.shape[1] - 1) & (masks[:, i] == 0) & np.isfinite(response))
        explained.append(
            ExplainedWord(
                text=word.text,
                start=word.start,
                end=word.end,
                influence=influence,
                low=influence - half,
                high=influence + half,
                state=state_of(influence - half, influence + half, paired=i in paired),
                without=float(response[alone[0]]) if len(alone) else None,
            )
        )
    return explained


def _fidelity(measured: Measured, response: np.ndarray) -> Fidelity:
    estimate, weights, known = measured.estimate, measured.weights, np.isfinite(response)
    used = measured.rows.fitted & known
    n = measured.rows.masks.shape[1]
    measures = fidelity(response[used], estimate.fitted[used], weights[used], n)
    linear = with_held_out(measures, response[known], estimate.unseen_linear[known], weights[known])
    whole = with_held_out(measures, response[known], estimate.unseen[known], weights[known])
    return replace(whole, held_out_r2_linear=linear.held_out_r2)


def _row(measured: Measured, response: np.ndarray, i: int) -> Row:
    text = measured.texts[i]
    return Row(
        mask=tuple(int(bit) for bit in measured.rows.masks[i]),
        sub_prompt=text,
        distance=_number(measured.distances[i]),
        response=_number(response[i]),
        weight=float(measured.weights[i]),
        predicted=_number(measured.estimate.unseen[i]),
        picture=None if text in measured.failed else measured.pictures.get(text),
        reused=text in measured.reused,
        failed=measured.failed.get(text),
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
