"""How well and how fast the embedded models edit scenes that training never drew.

Success is choosing the right one of 22 pictures (`smile_core.scenes.quiz`). PSNR is in dB over 8 bits. A model
that paints inside an area is given the box around what should change, and is asked only for edits whose box leaves
much of the picture outside.

    python -m bench.scenes                                     every shipped model
    python -m bench.scenes --model FOLDER --as scenes-inpaint  weights that are not shipped
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from scipy.ndimage import binary_dilation

from bench.bars import BARS, report
from bench.weights import models_to_judge, weights_parser
from smile_core.editors.protocol import Editor, PaintsInArea
from smile_core.editors.registry import open_editor
from smile_core.scenes.draw import draw
from smile_core.scenes.quiz import Question, is_right, questions
from smile_core.scenes.scene import random_scene

COUNT = 500
SEED = 20_000
NONSENSE = ("xyzzy plugh", "the of an", "hello there", "nice and bright", "qwrt zz the")
BATCH = 16
FAR = 3
"""Pixels this far from the edited region count as outside of it."""
MARGIN = 5
"""Pixels between what should change and the edge of the area that an inpainting model gets."""
MOST_INSIDE = 0.6
"""Share of the picture that such an area covers at most."""


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two arrays of 8-bit values, at most 60 dB."""
    error = float(np.square(a.astype(np.float64) - b).mean())
    return 60.0 if error == 0 else min(60.0, 10 * float(np.log10(255**2 / error)))


def area_around(differs: np.ndarray) -> np.ndarray:
    """The box around the true pixels of (H, W), with a margin: bool (H, W)."""
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    area = np.zeros_like(differs)
    area[max(0, rows[0] - MARGIN) : rows[-1] + 1 + MARGIN, max(0, columns[0] - MARGIN) : columns[-1] + 1 + MARGIN] = (
        True
    )
    return area


def edits(editor: Editor, image: np.ndarray, prompts: list[str], area: np.ndarray | None = None) -> list[np.ndarray]:
    """Edits by any editor; one that paints inside an area and gets none may paint the middle."""
    if not isinstance(editor, PaintsInArea):
        return [np.asarray(one) for one in editor.edit(image, prompts, seed=0)]
    if area is None:
        height, width = image.shape[:2]
        area = np.zeros((height, width), bool)
        area[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = True
    return [np.asarray(one) for one in editor.edit_area(image, area, prompts, seed=0)]


def asked(
    editor: Editor, count: int, *, seed: int = SEED, wide: float = 0.2
) -> Iterator[tuple[Question, np.ndarray, np.ndarray]]:
    """Questions that an editor can be asked, what differs (H, W), and the area that it gets if it wants one."""
    paints, found = isinstance(editor, PaintsInArea), 0
    for question in questions(4 * count if paints else count, seed=seed, wide=wide):
        differs = (question.choices[0] != question.source).any(2)
        area = area_around(differs)
        if not paints or area.mean() <= MOST_INSIDE:
            found += 1
            yield question, differs, area
        if found == count:
            return


def measure(
    editor: Editor, *, count: int = COUNT, seed: int = SEED
) -> tuple[dict[str, float], list[dict[str, object]]]:
    """The figures of one model, and a row for each kind of edit."""
    kinds: dict[str, list[bool]] = defaultdict(list)
    outside: list[float] = []
    for question, differs, area in asked(editor, count, seed=seed):
        edited = edits(editor, question.source, [question.instruction], area)[0]
        kinds[question.kind].append(is_right(question, edited))
        far = ~binary_dilation(differs, iterations=FAR)
        if far.mean() > 0.05:
            outside.append(psnr(edited[far], question.source[far]))
    single = {kind: results for kind, results in kinds.items() if "+" not in kind}
    joined = [result for kind, results in kinds.items() if "+" in kind for result in results]
    sources = [draw(random_scene(each)) for each in range(seed, seed + 50)]
    untouched = [psnr(edits(editor, s, [""])[0], s) for s in sources]
    nonsense = [psnr(e, s) for s in sources[:20] for e in edits(editor, s, list(NONSENSE))]
    figures = {
        "success": sum(map(sum, kinds.values())) / sum(map(len, kinds.values())),
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
    edits(editor, image, prompts)
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        edits(editor, image, prompts)
        spent.append(time.perf_counter() - started)
    return float(np.median(spent)) / BATCH * 1e3


def main() -> None:
    """The command line; see the module's text."""
    options = weights_parser("scenes")
    options.add_argument("--count", type=int, default=COUNT, help="how many questions")
    options.add_argument("--seed", type=int, default=SEED, help="of the first scene; others, to choose weights by")
    chosen = options.parse_args()
    figures: dict[str, float | None] = dict.fromkeys(BARS["scenes"])
    rows: list[dict[str, object]] = []
    for name, model in models_to_judge(chosen).items():
        found, kinds = measure(open_editor(model), count=chosen.count, seed=chosen.seed)
        figures.update({f"{name}_{figure}".replace("-", "_"): value for figure, value in found.items()})
        rows.extend({"model": name, **row} for row in kinds)
    report("scenes", figures, rows, options=chosen)


if __name__ == "__main__":
    main()
