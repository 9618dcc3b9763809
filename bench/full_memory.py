"""Memory of a full-size model on a CPU: 64 edits at 512x512 by InstructPix2Pix (Stable Diffusion 1.5), random weights.

With the smallest settings that keep the precision: one row at a time. Each network computes twice, and gives its last
result again from then on: what it holds while it computes is seen, and what 64 edits hold besides, without the hours.

    python -m bench.full_memory [--json]
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.bars import report
from bench.random_models import FULL, build
from smile_core.editors.registry import open_editor

EDITS, COMPUTED = 64, 2


def computing_few(kind: type[Any], name: str) -> None:
    """Let a network's method compute `COMPUTED` times in all, and give copies of its last tensors afterwards."""
    real = getattr(kind, name)
    made: list[Any] = []

    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(made) < COMPUTED:
            made.append(real(self, *args, **kwargs))
        return tuple(tensor.clone() for tensor in made[-1])

    setattr(kind, name, called)


def peak_gigabytes(folder: Path) -> float:
    """Most memory that this process ever held, in GB, after the edits."""
    from diffusers import AutoencoderKL, UNet2DConditionModel

    computing_few(UNet2DConditionModel, "forward")
    computing_few(AutoencoderKL, "decode")
    side = FULL["pix2pix"].side
    editor = open_editor(folder, steps=2, side=side, most_rows=1)
    image = np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8)
    edits = editor.edit(image, [f"make it {number}" for number in range(EDITS)], seed=0)
    if any(edit is None or edit.shape != image.shape for edit in edits):
        raise AssertionError("an edit is missing")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _apart(function: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def main() -> None:
    """The command line; see the module's text."""
    with tempfile.TemporaryDirectory() as place:
        # Each in a process of its own: building needs memory too.
        folder = _apart(build, "pix2pix", Path(place) / "pix2pix", FULL["pix2pix"])
        peak = _apart(peak_gigabytes, folder)
    report("full_memory", {"pix2pix_peak_gigabytes": peak})


if __name__ == "__main__":
    main()
