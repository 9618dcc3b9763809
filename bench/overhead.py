"""What all but the editor costs: importing the package, an explanation whose edits are free, edits after a change."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np

from bench.bars import report
from bench.reuse import figures as reuse_figures
from smile_core import explain
from smile_core.measuring import PLACEBOS
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene

WORDS = "please make the car red and the sky stormy in this picture"


class FreeEditor:
    """Pictures drawn beforehand, one per sub-prompt text, so that editing costs nothing."""

    fingerprint = None

    def __init__(self) -> None:
        self._pictures = np.stack([draw(random_scene(seed)) for seed in range(64)])

    def describe(self) -> dict[str, str]:
        """See `Editor`."""
        return {"name": "free", "family": "bench"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor`."""
        texts = ["" if prompt in PLACEBOS else prompt for prompt in prompts]
        return [self._pictures[sum(map(ord, text)) % len(self._pictures)] for text in texts]


def import_seconds() -> float:
    """Median time to import smile_core in a fresh interpreter, in seconds."""
    code = "import time; t = time.perf_counter(); import smile_core; print(time.perf_counter() - t)"
    run = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(7)]
    return statistics.median(float(result.stdout) for result in run)


def explain_milliseconds() -> float:
    """Median time of an explanation of 12 words on 36 free edits, in milliseconds."""
    editor, image = FreeEditor(), draw(random_scene(0))
    times = []
    for _ in range(9):
        started = time.perf_counter()
        explanation = explain(WORDS, image, editor, budget=36)
        times.append((time.perf_counter() - started) * 1e3)
    if len(explanation.rows) != 36:
        raise AssertionError(f"{len(explanation.rows)} rows instead of 36")
    return statistics.median(times)


if __name__ == "__main__":
    times = {"import_seconds": import_seconds(), "explain_milliseconds": explain_milliseconds()}
    report("overhead", {**times, **reuse_figures()})
