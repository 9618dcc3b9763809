"""How fast edits are: the batched path against one prompt at a time and against plain diffusers in batches.

(a) is the published way: diffusers' pipeline as the notebooks call it, one prompt a call, the picture encoded
each time. (b) is diffusers' pipeline with all prompts in one call and a generator a row. Ours is what an
explanation does. All three at the same steps, precision and branches, on the same pictures; the edits are 36
sub-prompts of a prompt of 12 words, as the base design has. Weights of all models but the embedded ones are
random. Without a GPU the models are reduced and the GPU's rows are "not measured here".
"""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bench.bars import BARS, report
from bench.random_models import FULL, REDUCED, build
from smile_core import Evidence, Explainer
from smile_core.compare import compare
from smile_core.editors.registry import open_editor
from smile_core.plan import design_rows
from smile_core.prompt import Prompt
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene

PROMPT = "please make the car red and the sky stormy in this picture"
EDITS = 36
TIMES = 5
STEPS = {"reduced": 6, "full": 20}
PUBLISHED_STEPS, PUBLISHED_EDITS = 100, 60
"""The notebooks' own: 100 steps, 30 masks, two pictures a mask."""
EXPLANATIONS = 200


def sub_prompts() -> list[str]:
    """36 sub-prompts of the base design of 12 words."""
    prompt = Prompt(PROMPT)
    return [prompt.render(mask) for mask in design_rows(len(prompt.words))[:EDITS]]


def seconds(run: Callable[[], Any], *, times: int = TIMES) -> float:
    """Median time of a call after one that warms up, in seconds."""
    run()
    spent = []
    for _ in range(times):
        _finish()
        started = time.perf_counter()
        run()
        _finish()
        spent.append(time.perf_counter() - started)
    return statistics.median(spent)


def in_turn(runs: Sequence[Callable[[], Any]], *, times: int = TIMES) -> list[float]:
    """Median time of each call, in seconds, taken in turn so that a busy machine is as busy for all."""
    for run in runs:
        run()
    spent: list[list[float]] = [[] for _ in runs]
    for _ in range(times):
        for place, run in enumerate(runs):
            _finish()
            started = time.perf_counter()
            run()
            _finish()
            spent[place].append(time.perf_counter() - started)
    return [statistics.median(one) for one in spent]


def _finish() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _plain(folder: Path, editor: Any) -> Any:
    """The pipeline of an editor's folder as diffusers loads it, with nothing of ours around it."""
    pipeline = editor._pipeline_class().from_pretrained(folder, dtype=editor._dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(editor._device)


def _batches(texts: Sequence[str], most: int) -> Iterator[list[str]]:
    for first in range(0, len(texts), most):
        yield list(texts[first : first + most])


def turbo(folder: Path, image: np.ndarray) -> dict[str, float]:
    """Img2Img-Turbo: edits a second, and how much faster than (a) and (b)."""
    texts, editor = sub_prompts(), open_editor(folder)
    plain: Any = _plain(folder, editor)

    def pixels() -> torch.Tensor:
        given = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 127.5 - 1
        return given.to(plain.device, plain.unet.dtype)

    def to_pictures(batch: torch.Tensor) -> list[Image.Image]:
        values = ((batch.float().cpu() + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
        return [Image.fromarray(one) for one in values]

    return _figures(
        published=lambda: [to_pictures(plain([text], pixels())) for text in texts],
        batched=lambda: [to_pictures(plain(part, pixels())) for part in _batches(texts, _batch(editor))],
        ours=lambda: [editor.edit(image, part, seed=0) for part in _batches(texts, _batch(editor))],
    )


def diffusion(folder: Path, image: np.ndarray, *, steps: int, area: np.ndarray | None = None) -> dict[str, float]:
    """A diffusion model of several steps: the same figures."""
    texts, editor = sub_prompts(), open_editor(folder, steps=steps)
    any_editor: Any = editor
    plain = _plain(folder, editor)
    arguments = any_editor._call(Image.fromarray(image), None if area is None else Image.fromarray(area), [])

    def call(prompts: list[str]) -> Any:
        generators = [torch.Generator("cpu").manual_seed(0) for _ in prompts]
        pictures = [Image.fromarray(image)] * len(prompts)
        with contextlib.redirect_stderr(None):
            return plain(**{**arguments, "prompt": prompts, "image": pictures}, generator=generators).images

    def ours() -> None:
        for part in _batches(texts, _batch(editor)):
            if area is None:
                editor.edit(image, part, seed=0)
            else:
                any_editor.edit_area(image, area, part, seed=0)

    return _figures(
        published=lambda: [call([text]) for text in texts],
        batched=lambda: [call(part) for part in _batches(texts, _batch(editor))],
        ours=ours,
    )


def _batch(editor: Any) -> int:
    return int(editor.batch)


def _figures(*, published: Callable[[], Any], batched: Callable[[], Any], ours: Callable[[], Any]) -> dict[str, float]:
    with torch.no_grad():
        one, many, mine = in_turn([published, batched, ours])
    return {
        "edits_per_second": EDITS / mine,
        "milliseconds_per_explanation": mine * 1e3,
        "published_milliseconds": one * 1e3,
        "batched_milliseconds": many * 1e3,
        "times_published": one / mine,
        "times_batched": many / mine,
    }


def growth_megabytes(folder: Path, image: np.ndarray) -> float:
    """Memory that a process holds after many explanations beyond what it held after a quarter of them, in MB."""
    explainer = Explainer(open_editor(folder), evidence=Evidence(most_bytes=4 << 20), budget=8)
    held = []
    for number in range(EXPLANATIONS):
        explainer.explain("make it red", image, seed=number)
        if number + 1 in (EXPLANATIONS // 4, EXPLANATIONS):
            gc.collect()
            held.append(_resident())
    return (held[1] - held[0]) / 1e6


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def draft_rank_agreement(folder: Path, image: np.ndarray, *, steps: int) -> float:
    """Spearman's correlation of the words' influences by a draft of half the steps with the exact ones."""
    exact, draft = (
        Explainer(open_editor(folder, steps=number), evidence=Evidence()).explain(PROMPT, image)
        for number in (steps, steps // 2)
    )
    ranks = compare([exact, draft], ["exact", "draft"]).agreements[0].ranks
    return float("nan") if ranks is None else ranks


def on_gpu(root: Path) -> dict[str, float]:
    """The figures of a full-size InstructPix2Pix and of its parts, on the GPU at hand."""
    image = np.array(Image.fromarray(draw(random_scene(0))).resize((FULL.side, FULL.side)))
    folder = build("pix2pix", root / "full", FULL)
    steps = STEPS["full"]
    found = diffusion(folder, image, steps=steps)
    editor: Any = open_editor(folder, steps=steps)
    texts = sub_prompts()
    first = seconds(lambda: editor.edit(image, texts[:13], seed=0), times=3)
    torch.cuda.reset_peak_memory_stats()
    editor.edit(image, (texts * 2)[:64], seed=0)
    peak_bytes = torch.cuda.max_memory_allocated()
    rows = torch.randn(3 * EDITS, 8, 64, 64, device="cuda", dtype=editor._dtype)
    text = torch.randn(3 * EDITS, 77, FULL.text, device="cuda", dtype=editor._dtype)
    unet = _plain(folder, editor).unet.to(memory_format=torch.channels_last)
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            unet(rows[:1], 500, encoder_hidden_states=text[:1])
        flops = counter.get_total_flops() * len(rows)
        reached = flops / seconds(lambda: unet(rows, 500, encoder_hidden_states=text), times=3)
        square = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
        peak = 2 * 8192**3 / seconds(lambda: square @ square)
    exact = open_editor(folder, steps=steps, precision="float32").edit(image, texts[:4], seed=0)
    half = editor.edit(image, texts[:4], seed=0)
    errors = [np.square(np.asarray(a).astype(float) - np.asarray(b)).mean() for a, b in zip(exact, half, strict=True)]
    published = found["published_milliseconds"] / EDITS * PUBLISHED_STEPS / steps * PUBLISHED_EDITS
    return {
        "gpu_pix2pix_edits_per_second": found["edits_per_second"],
        "gpu_pix2pix_times_published": found["times_published"],
        "gpu_pix2pix_times_batched": found["times_batched"],
        "gpu_pix2pix_times_published_explanation": published / found["milliseconds_per_explanation"],
        "gpu_pix2pix_share_of_peak": reached / peak,
        "gpu_pix2pix_explanation_seconds": found["milliseconds_per_explanation"] / 1e3,
        "gpu_pix2pix_first_colours_seconds": first,
        "gpu_pix2pix_half_psnr": 10 * float(np.log10(255**2 / max(1e-9, float(np.mean(errors))))),
        "gpu_pix2pix_peak_gigabytes": peak_bytes / 1e9,
    }


def measure() -> tuple[dict[str, float | None], list[dict[str, object]]]:
    """All figures, and the rows that they come from."""
    scene = draw(random_scene(0))
    small = np.array(Image.fromarray(scene).resize((REDUCED.side, REDUCED.side)))
    middle = np.zeros(small.shape[:2], dtype=bool)
    middle[16:48, 16:48] = True
    steps = STEPS["reduced"]
    figures: dict[str, float | None] = dict.fromkeys(key for key in BARS["editors"] if key.startswith("gpu_"))
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        pix2pix, inpainting = (build(kind, root / kind, REDUCED) for kind in ("pix2pix", "inpainting"))
        rows = {
            "scenes_turbo": turbo(Path(str(_shipped())), scene),
            "pix2pix_reduced": diffusion(pix2pix, small, steps=steps),
            "inpainting_reduced": diffusion(inpainting, small, steps=steps, area=middle),
        }
        figures |= {f"{model}_{name}": value for model, found in rows.items() for name, value in found.items()}
        figures["draft_rank_agreement"] = draft_rank_agreement(pix2pix, small, steps=steps)
        figures["growth_megabytes"] = growth_megabytes(Path(str(_shipped())), small)
        if torch.cuda.is_available():
            figures |= on_gpu(root)
    return figures, [{"model": model, **found} for model, found in rows.items()]


def _shipped() -> Path:
    from smile_core.editors.registry import shipped_models

    return next(model.folder for model in shipped_models() if model.name == "scenes-turbo")


if __name__ == "__main__":
    report("editors", *measure())
