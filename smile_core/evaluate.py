"""Judge explanations by experiment: the published four measures and faithfulness, for each prompt and in total.

Every measure here costs edits beyond the explanation's own; known ones are taken from evidence. Fidelity
comes with the explanation. The published measures are those of SMILE (docs/method.md): stability under a
harmless change of the prompt, consistency over noise seeds, accuracy against labels, fidelity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smile_core.explainer import Explainer, ImageLike
from smile_core.explanation import Explanation
from smile_core.faithfulness import (
    Accuracy,
    accuracy,
    area_under,
    deletion_masks,
    infidelity,
    random_orders,
    rank_correlation,
)
from smile_core.quality import auroc, jaccard

HELD_OUT = 24
RANDOM_ORDERS = 8
SEEDS = 3
THRESHOLD = 0.05
"""Words of greater |influence| count as chosen when labels are given."""


@dataclass(frozen=True)
class Evaluation:
    """What was measured of one explanation. None where it does not apply.

    Attributes:
        prompt: the instruction.
        fidelity: held-out R2 of the explanation itself.
        deletion: area under the deletion curve, strongest word first; small is good.
        insertion: area under the insertion curve; large is good.
        deletion_random: mean area of the deletion curves of random orders.
        insertion_random: likewise.
        infidelity: on held-out sub-prompts, in squared response units.
        rank_correlation: Spearman, between predicted and measured responses of held-out sub-prompts.
        stability: mean generalised Jaccard with the explanations of harmlessly changed prompts.
        consistency: mean generalised Jaccard between explanations with different noise seeds.
        auroc: of needed words, where labels are known.
        accuracy: likewise, at `THRESHOLD`.
        edits: editor calls that this took, the explanation's own included.
        deletion_curve: responses from the whole prompt to the empty one; gaps of failed edits are bridged.
        insertion_curve: responses from the empty prompt to the whole one.
        random_curve: the mean deletion curve of random orders.
    """

    prompt: str
    fidelity: float | None
    deletion: float
    insertion: float
    deletion_random: float
    insertion_random: float
    infidelity: float
    rank_correlation: float | None
    stability: float
    consistency: float
    auroc: float | None
    accuracy: Accuracy | None
    edits: int
    deletion_curve: tuple[float, ...]
    insertion_curve: tuple[float, ...]
    random_curve: tuple[float, ...]


def evaluate(
    explainer: Explainer,
    prompt: str,
    image: ImageLike,
    *,
    seed: int = 0,
    needed: Sequence[bool] | None = None,
) -> Evaluation:
    """Evaluate the explanation of one prompt.

    Args:
        explainer: says with which editor and method; its evidence keeps every edit made here.
        prompt: the instruction.
        image: the picture.
        seed: of the editor's noise, and of the random orders and held-out sub-prompts.
        needed: which words matter, one flag a word, if that is known.

    Raises:
        PromptError, ImageError, EditorError, MethodError: as in `explain`.
        ValueError: `needed` has another number of words.
    """
    calls = 0

    def explained(text: str, number: int) -> Explanation:
        nonlocal calls
        explanation = explainer.explain(text, image, seed=number)
        calls += explanation.counts.made + explanation.counts.placebo
        return explanation

    explanation = explained(prompt, seed)
    influence = np.array([word.influence for word in explanation.words])
    n = len(influence)
    if needed is not None and len(needed) != n:
        raise ValueError(f"{len(needed)} labels for {n} words")
    deletion = deletion_masks(influence)
    orders = random_orders(n, RANDOM_ORDERS, seed=seed)
    held_out = _held_out(explanation, n, seed)
    masks = np.concatenate([deletion, 1 - deletion, *orders, *(1 - orders), held_out])
    responses, made = explainer.responses(prompt, image, masks, seed=seed)
    curves = np.array([_bridged(curve) for curve in responses[: -len(held_out)].reshape(-1, n + 1)])
    areas = [area_under(curve) for curve in curves]
    tested = np.isfinite(responses[-len(held_out) :])
    unseen, measured = held_out[tested], responses[-len(held_out) :][tested]
    stable = [_agreement(explanation, explained(text, seed)) for text in _harmless(prompt)]
    again = [_agreement(explanation, explained(prompt, seed + k)) for k in range(1, SEEDS)]
    return Evaluation(
        prompt=prompt,
        fidelity=explanation.fidelity.held_out_r2,
        deletion=areas[0],
        insertion=areas[1],
        deletion_random=float(np.mean(areas[2 : 2 + RANDOM_ORDERS])),
        insertion_random=float(np.mean(areas[2 + RANDOM_ORDERS :])),
        infidelity=infidelity(influence, unseen, measured),
        rank_correlation=rank_correlation(unseen @ influence, measured),
        stability=float(np.mean(stable)),
        consistency=float(np.mean(again)),
        auroc=None if needed is None else auroc(np.array(needed), influence),
        accuracy=None if needed is None else accuracy(np.array(needed), influence, threshold=THRESHOLD),
        edits=calls + made,
        deletion_curve=tuple(curves[0].tolist()),
        insertion_curve=tuple(curves[1].tolist()),
        random_curve=tuple(curves[2 : 2 + RANDOM_ORDERS].mean(0).tolist()),
    )


def _held_out(explanation: Explanation, n: int, seed: int) -> np.ndarray:
    """Sub-prompts that took no part in the estimate; of short prompts, where all did, the random half of all."""
    used = {row.mask for row in explanation.rows}
    random = np.random.default_rng(seed)
    candidates = random.permutation(1 << n)[:4096] if n <= 12 else random.integers(1 << n, size=4096)
    masks = ((candidates[:, None] >> np.arange(n)) & 1).astype(np.int8)
    fresh = [mask for mask in masks if tuple(mask.tolist()) not in used and 0 < mask.sum() < n]
    if len(fresh) < 4:
        fresh = [mask for mask in masks if 0 < mask.sum() < n] or list(masks)
    return np.array(fresh[:HELD_OUT])


def _bridged(curve: np.ndarray) -> np.ndarray:
    known = np.isfinite(curve)
    places = np.arange(len(curve))
    bridged: np.ndarray = np.interp(places, places[known], curve[known])
    return bridged


def _harmless(prompt: str) -> tuple[str, ...]:
    """The prompt with an appended ###, with other letters' case, and with a "please"."""
    return (f"{prompt} ###", prompt.swapcase(), f"please {prompt}")


def _agreement(first: Explanation, second: Explanation) -> float:
    return jaccard(_influences(first), _influences(second))


def _influences(explanation: Explanation) -> dict[str, float]:
    """Influence by word and place among its like, in one letter case; words of the harmless changes are kept."""
    found: dict[str, float] = {}
    for word in explanation.words:
        key = word.text.lower()
        while key in found:
            key += "'"
        found[key] = word.influence
    return found
