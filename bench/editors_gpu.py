"""The GPU's part of `bench.editors`: full-size architectures with random weights, one after the other."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from bench.bars import BARS
from bench.editors import EDITS, best_in_turn, diffusion, explanation_seconds, sub_prompts, turbo
from bench.random_models import FULL, build
from smile_core.editors.compiled import AFTER
from smile_core.editors.registry import open_editor
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene

STEPS = {"pix2pix": 20, "turbo": 1, "inpainting": 20, "sdxl": 30, "kontext": 28}
PUBLISHED_STEPS, PUBLISHED_PICTURES = 100, 60
"""The notebooks' own: 100 steps, 30 masks, two pictures a mask."""
FEW = 4
"""Edits on which the published way is timed; one costs what another costs."""


def on_gpu(root: Path, kinds: Sequence[str]) -> tuple[dict[str, float | None], list[dict[str, object]]]:
    """The figures of bars.toml that begin with gpu_, and a row a model; a model that does not fit is left out."""
    figures: dict[str, float | None] = {}
    rows: list[dict[str, object]] = []
    peak = matmul_peak()
    for kind in kinds:
        try:
            row = model_row(kind, root / f"full-{kind}", peak)
        except (torch.OutOfMemoryError, OSError) as error:
            print(f"{kind}: left out ({type(error).__name__})", flush=True)
            continue
        finally:
            shutil.rmtree(root / f"full-{kind}", ignore_errors=True)
            gc.collect()
            torch.cuda.empty_cache()
        rows.append({"model": f"gpu_{kind}", **row})
        figures |= {name: row[key] for key in row if (name := f"gpu_{kind}_{key}") in BARS["editors"]}
    return figures, rows


def matmul_peak() -> float:
    """Floating-point operations a second of a large bf16 product."""
    square = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    return float(2 * 8192**3 / best_in_turn([lambda: square @ square], times=20)[0])


def model_row(kind: str, folder: Path, peak: float) -> dict[str, float]:
    """One model: loading, compiling, edits against (a) and (b), an explanation, share of the peak, memory."""
    size, steps = FULL[kind], STEPS[kind]
    build(kind, folder, size)
    image = np.array(Image.fromarray(draw(random_scene(0))).resize((size.side, size.side)))
    area = None
    if kind == "inpainting":
        area = np.zeros(image.shape[:2], dtype=bool)
        quarter = size.side // 4
        area[quarter : 3 * quarter, quarter : 3 * quarter] = True
    settings = {} if kind == "turbo" else {"steps": steps, "side": size.side}
    started = time.perf_counter()
    editor: Any = open_editor(folder, **settings)
    _ = editor._pipeline
    row = {"load_seconds": time.perf_counter() - started}
    behind = editor._work.compiled
    behind._behind = False

    def made(texts: Sequence[str]) -> Any:
        return editor.edit(image, texts, seed=0) if area is None else editor.edit_area(image, area, texts, seed=0)

    texts = sub_prompts()
    with torch.no_grad():
        row["tera_operations_per_edit"] = _operations(lambda: made(texts[:1])) / 1e12
    for _ in range(AFTER if steps == 1 else 2):
        made(texts)
        made(texts[:13])
    row["eager_seconds"] = best_in_turn([lambda: made(texts)], times=2)[0]
    started = time.perf_counter()
    behind.warm_up()
    row["compile_seconds"] = time.perf_counter() - started
    row["compiled_seconds"] = best_in_turn([lambda: made(texts)], times=2)[0]
    row["first_colours_seconds"], row["explanation_seconds"] = explanation_seconds(editor, image, area=area)
    torch.cuda.reset_peak_memory_stats()
    made((texts * 2)[:64])
    row["peak_gigabytes"] = torch.cuda.max_memory_allocated() / 1e9
    row["smallest_peak_gigabytes"] = _smallest_peak(folder, image, area, settings)
    row["share_of_peak"] = _denoiser_speed(editor, made) / peak
    try:
        if kind == "turbo":
            row |= turbo(folder, image, few=FEW, times=2)
        else:
            row |= diffusion(folder, image, steps=steps, area=area, few=FEW, times=2, editor=editor)
    except torch.OutOfMemoryError:
        print(f"{kind}: no memory for a second copy to compare with", flush=True)
        return row
    published = row["published_milliseconds"] / EDITS * PUBLISHED_PICTURES
    if kind == "pix2pix":
        published *= PUBLISHED_STEPS / steps
    row["times_published_explanation"] = published / 1e3 / row["explanation_seconds"]
    return row


def _smallest_peak(folder: Path, image: np.ndarray, area: np.ndarray | None, settings: dict[str, Any]) -> float:
    """Peak of 64 edits with one row at a time, whose number of steps does not matter."""
    few = {**settings, "steps": 2} if "steps" in settings else settings
    editor: Any = open_editor(folder, most_rows=1, compile_with="no", **few)
    texts = [f"make it {number}" for number in range(64)]
    gc.collect()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    _ = editor.edit(image, texts, seed=0) if area is None else editor.edit_area(image, area, texts, seed=0)
    return (torch.cuda.max_memory_allocated() - before) / 1e9


def _operations(run: Callable[[], Any]) -> int:
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def _denoiser_speed(editor: Any, made: Callable[[Sequence[str]], Any]) -> float:
    """Operations a second of the denoiser as it runs: caught in the act on all sub-prompts."""
    part = getattr(editor._pipeline, "unet", None) or editor._pipeline.transformer
    caught: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    forward = part.forward

    def catching(*args: Any, **kwargs: Any) -> Any:
        # The last step: at the first some rows are equal and computed once.
        caught[:] = [(args, kwargs)]
        return forward(*args, **kwargs)

    part.forward = catching
    try:
        made(sub_prompts())
    finally:
        part.forward = forward
    ((args, kwargs),) = caught
    with torch.no_grad():
        operations = _operations(lambda: editor._work.compiled._forward(*args, **kwargs))
        return float(operations / best_in_turn([lambda: forward(*args, **kwargs)], times=3)[0])
