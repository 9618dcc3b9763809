"""The GPU's part of `bench.editors`: full-size architectures with random weights, one after the other.

By itself it also says where the denoiser's time goes, which is what stands between its share of the peak and a
larger one; `--reduced` runs all of it in small, on a CPU too, where its figures mean nothing but that it runs.

    python -m bench.editors_gpu [--reduced] [--json] [--models pix2pix,turbo,inpainting,sdxl,kontext]
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bench.bars import BARS
from bench.denoiser_time import as_text, breakdown, operations
from bench.editors import EDITS, best_in_turn, diffusion, explanation_seconds, sub_prompts, turbo
from bench.random_models import FULL, REDUCED, build
from smile_core.editors.compiled import AFTER
from smile_core.editors.registry import open_editor
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene

STEPS = {"pix2pix": 20, "turbo": 1, "inpainting": 20, "sdxl": 30, "kontext": 28}
PUBLISHED_STEPS, PUBLISHED_PICTURES = 100, 60
"""The notebooks' own: 100 steps, 30 masks, two pictures a mask."""
FEW = 4
"""Edits on which the published way is timed; one costs what another costs."""


def on_gpu(
    root: Path, kinds: Sequence[str], *, reduced: bool = False
) -> tuple[dict[str, float | None], list[dict[str, object]]]:
    """The figures of bars.toml that begin with gpu_, and a row a model; a model that does not fit is left out.

    Args:
        root: a folder for the weights.
        kinds: names in `FULL`.
        reduced: small models of two steps instead.
    """
    figures: dict[str, float | None] = {}
    rows: list[dict[str, object]] = []
    peak = matmul_peak(1024 if reduced else 8192)
    for kind in kinds:
        try:
            row = model_row(kind, root / f"full-{kind}", peak, reduced=reduced)
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


def matmul_peak(side: int = 8192) -> float:
    """Floating-point operations a second of a large bf16 product, on the GPU where there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    square = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    return float(2 * side**3 / best_in_turn([lambda: square @ square], times=20)[0])


def model_row(kind: str, folder: Path, peak: float, *, reduced: bool = False) -> dict[str, Any]:
    """One model: loading, compiling, edits against (a) and (b), an explanation, share of the peak and where the rest
    goes, memory.
    """
    size = (REDUCED if reduced else FULL)[kind]
    steps = min(STEPS[kind], 2) if reduced else STEPS[kind]
    build(kind, folder, size)
    image = np.array(Image.fromarray(draw(random_scene(0))).resize((size.side, size.side)))
    area = None
    if kind == "inpainting":
        area = np.zeros(image.shape[:2], dtype=bool)
        quarter = size.side // 4
        area[quarter : 3 * quarter, quarter : 3 * quarter] = True
    settings: dict[str, Any] = {} if kind == "turbo" else {"steps": steps, "side": size.side}
    if kind == "sdxl" and reduced:
        settings["strength"] = 1.0
    compiler = {} if torch.cuda.is_available() else {"compile_with": "eager"}
    started = time.perf_counter()
    editor: Any = open_editor(folder, **settings, **compiler)
    _ = editor._pipeline
    row: dict[str, Any] = {"load_seconds": time.perf_counter() - started}
    behind = editor._work.compiled
    behind._behind = False

    def made(texts: Sequence[str]) -> Any:
        return editor.edit(image, texts, seed=0) if area is None else editor.edit_area(image, area, texts, seed=0)

    def all_made() -> None:
        for first in range(0, EDITS, editor.batch):
            made(texts[first : first + editor.batch])

    texts = sub_prompts()
    with torch.no_grad():
        row["tera_operations_per_edit"] = sum(operations(lambda: made(texts[:1])).values()) / 1e12
    for _ in range(AFTER if steps == 1 else 2):
        all_made()
        made(texts[:13])
    row["eager_seconds"] = best_in_turn([all_made], times=2)[0]
    started = time.perf_counter()
    behind.warm_up()
    row["compile_seconds"] = time.perf_counter() - started
    row["compiled_seconds"] = best_in_turn([all_made], times=2)[0]
    row["first_colours_seconds"], row["explanation_seconds"] = explanation_seconds(editor, image, area=area)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        made((texts * 2)[:64])
        row["peak_gigabytes"] = torch.cuda.max_memory_allocated() / 1e9
        row["smallest_peak_gigabytes"] = _smallest_peak(folder, image, area, settings)
    row |= denoiser_row(editor, made, peak)
    print(as_text(kind, row["share_of_peak"], row["denoiser"]), file=sys.stderr, flush=True)
    row["denoiser"] = [asdict(spent) for spent in row["denoiser"]]
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


def denoiser_row(editor: Any, made: Callable[[Sequence[str]], Any], peak: float) -> dict[str, Any]:
    """The denoiser's share of the peak and where its time goes: caught in the act on a batch of sub-prompts.

    Args:
        editor: loaded, with a compiler.
        made: its edits of one picture by some texts.
        peak: operations a second of the device at its best.

    Returns:
        `share_of_peak`, and `denoiser`, the rows of `breakdown`.
    """
    part = getattr(editor._pipeline, "unet", None) or editor._pipeline.transformer
    caught: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    forward = part.forward

    def catching(*args: Any, **kwargs: Any) -> Any:
        # The last step: at the first some rows are equal and computed once.
        caught[:] = [(args, kwargs)]
        return forward(*args, **kwargs)

    part.forward = catching
    try:
        made(sub_prompts()[: editor.batch])
    finally:
        part.forward = forward
    ((args, kwargs),) = caught
    plain = editor._work.compiled._forward
    with torch.no_grad():
        done = sum(operations(lambda: plain(*args, **kwargs)).values())
        seconds = best_in_turn([lambda: forward(*args, **kwargs)], times=3)[0]
        rows = breakdown(lambda: forward(*args, **kwargs), peak=peak, counted=lambda: plain(*args, **kwargs))
    return {"share_of_peak": done / seconds / peak, "denoiser": rows}


def main() -> None:
    """The command line; see the module's text."""
    options = argparse.ArgumentParser(prog="python -m bench.editors_gpu")
    options.add_argument("--models", default=",".join(FULL), help="which models to build")
    options.add_argument("--reduced", action="store_true", help="small models of two steps, on a CPU too")
    options.add_argument("--json", action="store_true", help="print raw rows as JSON")
    chosen = options.parse_args()
    if not torch.cuda.is_available() and not chosen.reduced:
        sys.exit("there is no GPU here; add --reduced to see that it runs")
    with tempfile.TemporaryDirectory() as place:
        figures, rows = on_gpu(Path(place), chosen.models.split(","), reduced=chosen.reduced)
    if chosen.json:
        print(json.dumps({"figures": figures, "rows": rows}, indent=1))
        return
    for name, value in figures.items():
        print(f"{name:45} {value:10.3f}")


if __name__ == "__main__":
    main()
