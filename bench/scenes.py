"""How well and how fast the embedded model edits: the quiz of `smile_core.scenes.quiz`."""

from __future__ import annotations

import time

from bench.bars import report
from smile_core.editors.registry import open_editor
from smile_core.scenes.draw import draw
from smile_core.scenes.quiz import right_share
from smile_core.scenes.scene import random_scene

COUNT = 500
SEED = 20_000

if __name__ == "__main__":
    editor = open_editor("scenes-turbo")
    share, kinds = right_share(editor, count=COUNT, seed=SEED)
    single = [result for kind, result in kinds.items() if "+" not in kind]
    right, asked = (sum(column) for column in zip(*single, strict=True))
    image = draw(random_scene(0))
    prompts = [f"make the house {colour}" for colour in ("red", "blue", "green", "white", "black", "purple", "orange")]
    editor.edit(image, [*prompts, ""], seed=0)
    started = time.perf_counter()
    for _ in range(8):
        editor.edit(image, [*prompts, ""], seed=0)
    report(
        "scenes",
        {
            "right_of_22": share,
            "single_edits": right / asked,
            "milliseconds_per_edit": (time.perf_counter() - started) / 64 * 1e3,
        },
        [{"kind": kind, "right": right, "asked": asked} for kind, (right, asked) in kinds.items()],
    )
