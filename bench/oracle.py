"""Do needed words stand out? AUROC on the oracle, whose needed words are known by trying every sub-prompt."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.bars import report
from smile_core import explain
from smile_core.prompt import Prompt
from smile_core.quality import auroc
from smile_core.scenes.draw import draw
from smile_core.scenes.language import random_instruction
from smile_core.scenes.oracle import OracleEditor, edited_scene, needed_words
from smile_core.scenes.scene import Scene, random_scene

COUNT = 200
SEED = 900_000
"""Scenes from this seed on tuned nothing: defaults were chosen on scenes from 700,000, models trained on 250,000."""


def generated(count: int, *, seed: int) -> list[tuple[str, Scene]]:
    """`count` prompts of 4 to 9 words that change their scene."""
    found: list[tuple[str, Scene]] = []
    while len(found) < count:
        scene = random_scene(seed)
        text = random_instruction(np.random.default_rng(seed), scene)
        seed += 1
        if 4 <= len(text.split()) <= 9 and edited_scene(text, scene) != scene:
            found.append((text, scene))
    return found


def measure(count: int = COUNT, seed: int = SEED, **fields: Any) -> tuple[dict[str, float], list[dict[str, object]]]:
    """Explain every prompt; both figures, and a row a prompt. `fields` are those of the Method."""
    rows: list[dict[str, object]] = []
    truth: list[bool] = []
    influence: list[float] = []
    per_prompt: list[float] = []
    for text, scene in generated(count, seed=seed):
        needed = needed_words([word.text for word in Prompt(text).words], scene)
        explanation = explain(text, draw(scene), OracleEditor(scene), **fields)
        values = [word.influence for word in explanation.words]
        truth += needed.tolist()
        influence += values
        mixed = bool(needed.any() and not needed.all())
        score = auroc(needed, values) if mixed else None
        per_prompt += [score] if score is not None else []
        rows.append({"prompt": text, "needed": needed.tolist(), "influence": values, "auroc": score})
    return {"auroc_mean": float(np.mean(per_prompt)), "auroc_pooled": auroc(truth, influence)}, rows


if __name__ == "__main__":
    report("oracle", *measure())
