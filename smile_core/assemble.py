"""Put an explanation together from what was measured: states of words, rows, fidelity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from smile_core.design import Rows
from smile_core.estimate import Estimate
from smile_core.explanation import EFFECT_FLOOR, Counts, ExplainedWord, Explanation, Row, Setting, State
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
    stop: Literal["exact", "settled", "budget"]
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
        nothing = np.zeros_like(estimate.influences)
        estimate = replace(estimate, influences=nothing, half_widths=nothing)
    beyond = [ExplainedWord(w.text, w.start, w.end, 0.0, 0.0, 0.0, "unread") for w in unread]
    return Explanation(
        prompt=prompt,
        words=(*_explained_words(measured, estimate, response), *beyond),
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
    )


def state_of(low: float, high: float) -> State:
    """What may be said of a word whose 95 % interval is [low, high]."""
    if low >= -EFFECT_FLOOR and high <= EFFECT_FLOOR:
        return "idle"
    if low > 0 or high < 0:
        return "effective"
    return "unsure"


def _explained_words(measured: Measured, estimate: Estimate, response: np.ndarray) -> list[ExplainedWord]:
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
                state=state_of(influence - half, influence + half),
                without=float(response[alone[0]]) if len(alone) else None,
            )
        )
    return explained


def _fidelity(measured: Measured, response: np.ndarray) -> Fidelity:
    estimate, weights, known = measured.estimate, measured.weights, np.isfinite(response)
    used = measured.rows.fitted & known
    n = measured.rows.masks.shape[1]
    measures = fidelity(response[used], estimate.fitted[used], weights[used], n)
    return with_held_out(measures, response[known], estimate.unseen[known], weights[known])


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
