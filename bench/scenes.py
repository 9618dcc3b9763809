"""How well and how fast the embedded models edit scenes that training never drew.

Success is choosing the right one of 22 pictures (`smile_core.scenes.quiz`). PSNR is in dB over 8 bits.
"""

from __future__ import annotations

import time
from collections import defaultdict

import numpy as np
from scipy.ndimage import binary_dilation

from bench.bars import report
from smile_core.editors.protocol import Editor
from smile_core.editors.registry import open_editor, shipped_models
from smile_core.scenes.draw import draw
from smile_core.scenes.quiz import is_right, questions
from smile_core.scenes.scene import random_scene

COUNT = 500
SEED = 20_000
NONSENSE = ("xyzzy plugh", "the of an", "hello there", "nice and bright", "qwrt zz the")
BATCH = 16
FAR = 3
"""Pixels this far from the edited region count as outside of it."""


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two arrays of 8-bit values, at most 60 dB."""
    error = float(np.square(a.astype(np.float64) - b).mean())
    return 60.0 if error == 0 else min(60.0, 10 * float(np.log10(255**2 / error)))


def measure(editor: Editor, *, count: int = COUNT) -> tuple[dict[str, float], list[dict[str, object]]]:
    """The figures of one model, and a row for each kind of edit."""
    kinds: dict[str, list[bool]] = defaultdict(list)
    outside: list[float] = []
    for question in questions(count, seed=SEED):
        edited = np.asarray(editor.edit(question.source, [question.instruction], seed=0)[0])
        kinds[question.kind].append(is_right(question, edited))
        differs = (question.choices[0] != question.source).any(2)
        far = ~binary_dilation(differs, iterations=FAR)
        if far.mean() > 0.05:
            outside.append(psnr(edited[far], question.source[far]))
    single = {kind: results for kind, results in kinds.items() if "+" not in kind}
    joined = [result for kind, results in kinds.items() if "+" in kind for result in results]
    sources = [draw(random_scene(seed)) for seed in range(SEED, SEED + 50)]
    untouched = [psnr(np.asarray(editor.edit(s, [""], seed=0)[0]), s) for s in sources]
    nonsense = [psnr(np.asarray(e), s) for s in sources[:20] for e in editor.edit(s, list(NONSENSE), seed=0)]
    figures = {
        "success": sum(map(sum, kinds.values())) / count,
        "single_edits": sum(map(sum, single.values())) / sum(map(len, single.values())),
        "joined_edits": float(np.mean(joined)),
        "weakest_kind": min(float(np.mean(results)) for results in single.values()),
        "psnr_outside": float(np.mean(outside)),
        "psnr_empty": float(np.mean(untouched)),
        "psnr_nonsense": float(np.mean(nonsense)),
        "milliseconds_per_edit": _milliseconds(editor, sources[0]),
    }
    rows: list[dict[str, object]] = [
        {"kind": kind, "right": sum(results), "asked": len(results)} for kind, results in sorted(kinds.items())
    ]
    return figures, rows


def _milliseconds(editor: Editor, image: np.ndarray) -> float:
    prompts = [f"make the house {i} red" for i in range(BATCH)]
    editor.edit(image, prompts, seed=0)
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        editor.edit(image, prompts, seed=0)
        spent.append(time.perf_counter() - started)
    return float(np.median(spent)) / BATCH * 1e3


if __name__ == "__main__":
    names = [model.name for model in shipped_models()]
    figures: dict[str, float] = {}
    rows: list[dict[str, object]] = []
    for name in names:
        found, kinds = measure(open_editor(name))
        figures.update({f"{name}_{figure}".replace("-", "_"): value for figure, value in found.items()})
        rows.extend({"model": name, **row} for row in kinds)
    report("scenes", figures, rows)
