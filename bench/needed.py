"""Do needed words stand out in what the embedded models really do?

Every sub-prompt of the forty labelled prompts is edited by the model; the response is `distance` with
squared L2 on pixels; a word's influence is its exhaustive main effect. AUROC against the labels, mean
over prompts.

    python -m bench.needed                                    every shipped model
    python -m bench.needed --model FOLDER --as scenes-turbo   weights that are not shipped
"""

from __future__ import annotations

import numpy as np

from bench.bars import BARS, report
from bench.weights import models_to_judge, weights_parser
from smile_core.design import exact_rows
from smile_core.editors.protocol import Editor, PaintsInArea
from smile_core.editors.registry import open_editor
from smile_core.prompt import Prompt
from smile_core.quality import auroc
from smile_core.scenes.draw import draw
from smile_core.scenes.labelled import labelled_prompts

BATCH = 16


def responses(editor: Editor, prompt: Prompt, image: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """1 - D(edit, full) / D(empty, full) for every mask, D being the mean squared difference of pixels."""
    texts = [prompt.render(mask) for mask in masks]
    edits: list[np.ndarray | None] = []
    for first in range(0, len(texts), BATCH):
        edits += list(editor.edit(image, texts[first : first + BATCH], seed=0))
    pictures = np.stack([np.asarray(edit, np.float32) for edit in edits])
    full, empty = (pictures[int(np.flatnonzero(masks.sum(1) == count)[0])] for count in (masks.shape[1], 0))
    gaps = np.square(pictures - full).mean((1, 2, 3))
    return np.asarray(1 - gaps / max(float(np.square(empty - full).mean()), 1e-6))


def measure(editor: Editor) -> tuple[float, list[dict[str, object]]]:
    """Mean AUROC and a row for each prompt."""
    rows: list[dict[str, object]] = []
    for labelled in labelled_prompts():
        prompt = Prompt(labelled.prompt)
        masks = exact_rows(len(prompt.words)).masks
        response = responses(editor, prompt, draw(labelled.scene), masks)
        influence = [
            float(response[masks[:, i] == 1].mean() - response[masks[:, i] == 0].mean()) for i in range(masks.shape[1])
        ]
        score = auroc(labelled.needed, influence)
        rows.append({"prompt": labelled.prompt, "needed": labelled.needed, "influence": influence, "auroc": score})
    return float(np.mean([row["auroc"] for row in rows])), rows


def main() -> None:
    """The command line; see the module's text."""
    chosen = weights_parser("needed").parse_args()
    figures: dict[str, float | None] = dict.fromkeys(BARS["needed"])
    rows: list[dict[str, object]] = []
    for name, model in models_to_judge(chosen).items():
        editor = open_editor(model)
        if isinstance(editor, PaintsInArea):
            continue  # The labelled prompts name no area.
        score, found = measure(editor)
        figures[f"{name}_auroc".replace("-", "_")] = score
        rows.extend({"model": name, **row} for row in found)
    report("needed", figures, rows, options=chosen)


if __name__ == "__main__":
    main()
