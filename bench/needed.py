"""Do needed words stand out in what the embedded models really do?

Every sub-prompt of the forty labelled prompts is edited by the model; the response is `distance` with
squared L2 on pixels; a word's influence is its exhaustive main effect. AUROC against the labels, mean
over prompts.
"""

from __future__ import annotations

import numpy as np

from bench.bars import report
from smile_core.design import exact_rows
from smile_core.editors.protocol import Editor, PaintsInArea
from smile_core.editors.registry import open_editor, shipped_models
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
    return 1 - gaps / max(float(np.square(empty - full).mean()), 1e-6)


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


if __name__ == "__main__":
    figures: dict[str, float | None] = {}
    rows: list[dict[str, object]] = []
    for model in shipped_models():
        name = model.name
        if isinstance(open_editor(name), PaintsInArea):
            continue  # The labelled prompts name no area.
        score, found = measure(open_editor(name))
        figures[f"{name}_auroc".replace("-", "_")] = score
        rows.extend({"model": name, **row} for row in found)
    report("needed", figures, rows)
