"""How fast edits are: the batched path against one prompt at a time and against plain diffusers in batches.

(a) is the published way: diffusers' pipeline as the notebooks call it, one prompt a call, the picture encoded
each time. (b) is diffusers' pipeline with many prompts in one call and a generator a row. Ours is what an
explanation does. All three at the same steps, precision and branches, on the same pictures; the edits are 36
sub-prompts of a prompt of 12 words, as the base design has. Each call's time is the best of several, taken in turn,
so that a busy machine is as busy for all. Weights of all models but the embedded one are random. Without a GPU the
models are reduced and the GPU's rows are "not measured here".

    python -m bench.editors [--json] [--explanations 1000] [--models pix2pix,turbo,inpainting,sdxl,kontext]
"""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bench import games
from bench.bars import BARS, parser, report
from bench.estimators import Task, aimed, our_posterior, paper_b, truth
from bench.random_models import FULL, REDUCED, build
from smile_core import Evidence, Explainer
from smile_core.compare import compare
from smile_core.design import base_rows
from smile_core.editors.registry import family_of, open_editor, shipped_models
from smile_core.measuring import PLACEBOS
from smile_core.prompt import Prompt
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene

PROMPT = "please make the car red and the sky stormy in this picture"
EDITS = 36
TIMES = 3
REDUCED_STEPS = 4
PUBLISHED_MASKS = 30
FILLING = 300
"""Explanations after which caches and the evidence are full, and the allocator has the pieces that it needs."""
DRAWS = 4
"""Draws of masks for each game, of the published design and of ours."""


def sub_prompts() -> list[str]:
    """36 sub-prompts of the base design of 12 words."""
    prompt = Prompt(PROMPT)
    return [prompt.render(mask) for mask in base_rows(len(prompt.words)).masks[:EDITS]]


def best_in_turn(runs: Sequence[Callable[[], Any]], *, times: int = TIMES) -> list[float]:
    """Least time of each call in seconds, after one that warms up, taken in turn."""
    for run in runs:
        run()
    best = [float("inf")] * len(runs)
    for _ in range(times):
        for place, run in enumerate(runs):
            finish()
            started = time.perf_counter()
            run()
            finish()
            best[place] = min(best[place], time.perf_counter() - started)
    return best


def finish() -> None:
    """Wait for what a GPU still does."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def plain(folder: Path, editor: Any) -> Any:
    """The pipeline of an editor's folder as diffusers loads it, with nothing of ours around it."""
    pipeline = editor._pipeline_class().from_pretrained(folder, dtype=editor._dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(editor._device)


def _batches(texts: Sequence[str], most: int) -> Iterator[list[str]]:
    for first in range(0, len(texts), most):
        yield list(texts[first : first + most])


def _that_fit(call: Callable[[list[str]], Any], texts: Sequence[str], most: int) -> list[Callable[[], Any]]:
    """Calls of a pipeline with as many texts at once as memory takes, found by halving."""
    while True:
        try:
            call(list(texts[:most]))
            return [lambda part=part: call(part) for part in _batches(texts, most)]  # type: ignore[misc]
        except torch.OutOfMemoryError:
            if most == 1:
                raise
        most //= 2
        torch.cuda.empty_cache()


def turbo(folder: Path, image: np.ndarray, *, few: int = EDITS, times: int = TIMES) -> dict[str, float]:
    """Img2Img-Turbo: edits a second, and how much faster than (a), timed on `few` of the edits, and (b)."""
    texts, editor = sub_prompts(), open_editor(folder)
    pipeline: Any = plain(folder, editor)

    def pixels() -> torch.Tensor:
        given = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 127.5 - 1
        return given.to(pipeline.device, pipeline.unet.dtype)

    def to_pictures(made: torch.Tensor) -> list[Image.Image]:
        values = ((made.float().cpu() + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
        return [Image.fromarray(one) for one in values]

    def call(part: list[str]) -> Any:
        return to_pictures(pipeline(part, pixels()))

    return _figures(
        published=[lambda text=text: call([text]) for text in texts[:few]],  # type: ignore[misc]
        batched=_that_fit(call, texts, _batch(editor)),
        ours=[
            lambda part=part: editor.edit(image, part, seed=0)  # type: ignore[misc]
            for part in _batches(texts, _batch(editor))
        ],
        few=few,
        times=times,
    )


def diffusion(
    folder: Path,
    image: np.ndarray,
    *,
    steps: int,
    area: np.ndarray | None = None,
    few: int = EDITS,
    times: int = TIMES,
    editor: Any = None,
) -> dict[str, float]:
    """A diffusion model of several steps: the same figures."""
    texts = sub_prompts()
    editor = editor or open_editor(folder, steps=steps, side=image.shape[0])
    pipeline = plain(folder, editor)
    arguments = editor._call(Image.fromarray(image), None if area is None else Image.fromarray(area), [])

    def call(prompts: list[str]) -> Any:
        generators = [torch.Generator("cpu").manual_seed(0) for _ in prompts]
        pictures = [Image.fromarray(image)] * len(prompts)
        given = {**arguments, "prompt": prompts, "image": pictures if len(prompts) > 1 else pictures[0]}
        if area is not None:
            given["mask_image"] = [arguments["mask_image"]] * len(prompts)
        with contextlib.redirect_stderr(None):
            return pipeline(**given, generator=generators).images

    def ours(part: list[str]) -> Any:
        if area is None:
            return editor.edit(image, part, seed=0)
        return editor.edit_area(image, area, part, seed=0)

    return _figures(
        published=[lambda text=text: call([text]) for text in texts[:few]],  # type: ignore[misc]
        batched=_that_fit(call, texts, _batch(editor)),
        ours=[lambda part=part: ours(part) for part in _batches(texts, _batch(editor))],  # type: ignore[misc]
        few=few,
        times=times,
    )


def _batch(editor: Any) -> int:
    return int(editor.batch)


def _figures(
    *,
    published: list[Callable[[], Any]],
    batched: list[Callable[[], Any]],
    ours: list[Callable[[], Any]],
    few: int,
    times: int,
) -> dict[str, float]:
    with torch.no_grad():
        spent = best_in_turn([*published, *batched, *ours], times=times)
    one = sum(spent[: len(published)]) * EDITS / few
    many, mine = sum(spent[len(published) : -len(ours)]), sum(spent[-len(ours) :])
    return {
        "edits_per_second": EDITS / mine,
        "milliseconds_of_36_edits": mine * 1e3,
        "published_milliseconds": one * 1e3,
        "batched_milliseconds": many * 1e3,
        "times_published": one / mine,
        "times_batched": many / mine,
    }


class _SurelyActs:
    """An editor whose prompts all do something: random weights may hear a placebo as loudly as an instruction."""

    fingerprint = None

    def __init__(self, editor: Any) -> None:
        self._editor, self.batch = editor, _batch(editor)

    def describe(self) -> dict[str, str]:
        """See `Editor`."""
        described: dict[str, str] = self._editor.describe()
        return described

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> Any:
        """See `Editor`; as much work as without this."""
        made = self._editor.edit(image, prompts, seed=seed)
        return [image if prompt in PLACEBOS or not prompt else one for prompt, one in zip(prompts, made, strict=True)]


class _SurelyPaints(_SurelyActs):
    def edit_area(self, image: np.ndarray, area: np.ndarray, prompts: Sequence[str], *, seed: int) -> Any:
        """See `PaintsInArea`."""
        made = self._editor.edit_area(image, area, prompts, seed=seed)
        return [image if prompt in PLACEBOS or not prompt else one for prompt, one in zip(prompts, made, strict=True)]


def explanation_seconds(editor: Any, image: np.ndarray, *, area: np.ndarray | None = None) -> tuple[float, float]:
    """Seconds to the first answer and to the end of an explanation of 12 words by 36 edits, the model warm."""
    wrapped: Any = _SurelyActs(editor) if area is None else _SurelyPaints(editor)
    explainer = Explainer(wrapped, budget=EDITS, half_width=1e-6, stop="narrow")
    explainer.preview("warm", image, area=area)
    finish()
    started, first, edits = time.perf_counter(), None, 0
    for explanation in explainer.stream(PROMPT, image, area=area):
        first, edits = first or time.perf_counter() - started, explanation.counts.edits
    if edits < EDITS:
        raise AssertionError(f"{edits} edits instead of {EDITS}")
    return first or 0.0, time.perf_counter() - started


def edits_at_equal_error(name: str) -> tuple[float, float] | None:
    """The published design's median relative squared error with its 30 masks, and how many of our edits reach it.

    Prompts of 7 to 12 words in the games of `bench.truth`, which hold every sub-prompt's response of this model;
    None where there are none of its weights.
    """
    played = games.load(name)
    if played is None:
        return None
    tasks = []
    for number, game in enumerate(one for one in played if len(one.puzzle.words) >= 7):
        n, table = len(game.puzzle.words), game.tables["projection"]
        for draw_number in range(DRAWS):
            order = np.random.default_rng([number, draw_number]).permutation(n)
            cube = table.reshape((2,) * n).transpose(order).ravel()
            words = [game.puzzle.words[i] for i in order]
            tasks.append((Task(words, cube, cube, draw_number), truth(cube, "linear")))

    def error(answer: Callable[[Task], np.ndarray]) -> float:
        return float(np.median([((answer(task) - right) ** 2).sum() / (right**2).sum() for task, right in tasks]))

    published = error(lambda task: paper_b(task, PUBLISHED_MASKS))
    for budget in range(9, 65):
        # A budget under n + 2 is none that the product takes.
        mine = error(lambda task, budget=budget: aimed(our_posterior(task, max(budget, task.n + 2)), "linear"))  # type: ignore[misc]
        if mine <= published:
            sizes = [max(budget, task.n + 2) for task, _ in tasks]
            return published, float(np.mean(sizes))
    return published, float("inf")


def growth_megabytes(folder: Path, image: np.ndarray, explanations: int) -> float:
    """Memory that a process gains over so many explanations, in MB, after as many more as fill its caches."""
    explainer = Explainer(open_editor(folder), evidence=Evidence(most_bytes=4 << 20), budget=8)
    held = []
    for number in range(FILLING + explanations):
        explainer.explain("make it red", image, seed=number)
        if number + 1 in (FILLING, FILLING + explanations):
            gc.collect()
            held.append(_resident())
    return (held[1] - held[0]) / 1e6


def peak_gigabytes(folder: Path, edits: int, side: int) -> float:
    """Most memory that a process of its own takes for so many edits with the smallest settings, in GB."""
    import subprocess
    import sys

    code = (
        "import sys, resource, numpy as np\n"
        "from smile_core.editors.registry import open_editor\n"
        "editor = open_editor(sys.argv[1], side=int(sys.argv[3]), most_rows=1)\n"
        "image = np.zeros((int(sys.argv[3]), int(sys.argv[3]), 3), np.uint8)\n"
        "made = editor.edit(image, [f'make it {n}' for n in range(int(sys.argv[2]))], seed=0)\n"
        "assert len(made) == int(sys.argv[2]) and made[0].shape == image.shape\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    command = [sys.executable, "-c", code, str(folder), str(edits), str(side)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(run.stdout.split()[-1]) * 1024 / 1e9


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def drafts(folder: Path, image: np.ndarray, *, steps: int) -> dict[str, float | None]:
    """Of each kind of draft, Spearman's correlation of the words' influences with the exact ones, and how many times
    as fast its explanation is.
    """
    ways: dict[str, dict[str, float]] = {
        "draft": {"steps": steps // 2},
        "draft_guided": {"guided": 0.5},
        "draft_reuse": {"reuse": 2},
    }

    def explained(**settings: float) -> tuple[Any, float]:
        explainer = Explainer(_SurelyActs(open_editor(folder, **{"steps": steps, **settings})))
        explainer.preview("warm", image)
        started = time.perf_counter()
        return explainer.explain(PROMPT, image), time.perf_counter() - started

    exact, usual = explained()
    figures: dict[str, float | None] = {}
    for name, settings in ways.items():
        draft, seconds = explained(**settings)
        figures[f"{name}_rank_agreement"] = compare([exact, draft], ["exact", "draft"]).agreements[0].ranks
        # Per edit: how many an explanation takes depends on what it finds.
        figures[f"{name}_times"] = (usual / exact.counts.made) / (seconds / draft.counts.made)
    return figures


def on_cpu(root: Path, explanations: int) -> tuple[dict[str, float | None], list[dict[str, object]]]:
    """The embedded model, and reduced ones."""
    scene = draw(random_scene(0))
    side = REDUCED["pix2pix"].side
    small = np.array(Image.fromarray(scene).resize((side, side)))
    middle = np.zeros(small.shape[:2], dtype=bool)
    middle[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = True
    pix2pix, inpainting = (build(kind, root / kind, REDUCED[kind]) for kind in ("pix2pix", "inpainting"))
    shipped = next(model.folder for model in shipped_models() if model.name == "scenes-turbo")
    rows = {
        "scenes_turbo": turbo(shipped, scene),
        "pix2pix_reduced": diffusion(pix2pix, small, steps=REDUCED_STEPS),
        "inpainting_reduced": diffusion(inpainting, small, steps=REDUCED_STEPS, area=middle),
    }
    figures: dict[str, float | None] = {
        f"{model}_{name}": value for model, found in rows.items() for name, value in found.items()
    }
    first, whole = explanation_seconds(open_editor(shipped), scene)
    figures["scenes_turbo_first_colours_seconds"] = first
    figures["scenes_turbo_explanation_seconds"] = whole
    figures |= _at_equal_error(rows["scenes_turbo"])
    trained = next((model.folder for model in shipped_models() if model.family == "InstructPix2Pix"), None)
    figures |= (
        drafts(pix2pix, small, steps=REDUCED_STEPS)
        if trained is None
        else drafts(trained, scene, steps=family_of(trained)[1])
    )
    figures["growth_megabytes"] = growth_megabytes(shipped, small, explanations)
    figures["scenes_turbo_peak_gigabytes"] = peak_gigabytes(shipped, 64, 512)
    return figures, [{"model": model, **found} for model, found in rows.items()]


def _at_equal_error(row: dict[str, float]) -> dict[str, float | None]:
    found = edits_at_equal_error("scenes-turbo")
    keys = ("published_error", "edits_at_that_error", "times_explanation", "times_explanation_one_picture")
    if found is None:
        return {f"scenes_turbo_{key}": None for key in keys}
    error, edits = found
    a, ours = row["published_milliseconds"] / EDITS, row["milliseconds_of_36_edits"] / EDITS
    values = (error, edits, 2 * PUBLISHED_MASKS * a / (edits * ours), (PUBLISHED_MASKS + 1) * a / (edits * ours))
    return {f"scenes_turbo_{key}": value for key, value in zip(keys, values, strict=True)}


def main() -> None:
    """The command line; see the module's text."""
    options = parser("editors")
    options.add_argument("--explanations", type=int, default=1000, help="after which memory must not have grown")
    options.add_argument("--models", default=",".join(FULL), help="which full-size models to build on a GPU")
    chosen = options.parse_args()
    figures: dict[str, float | None] = dict.fromkeys(key for key in BARS["editors"] if key.startswith("gpu_"))
    with tempfile.TemporaryDirectory() as place:
        found, rows = on_cpu(Path(place), chosen.explanations)
        figures |= found
        if torch.cuda.is_available():
            from bench.editors_gpu import on_gpu

            measured, more = on_gpu(Path(place), chosen.models.split(","))
            figures |= measured
            rows += more
    ordered = {key: figures[key] for key in BARS["editors"] if key in figures}
    report("editors", {**ordered, **figures}, rows, options=chosen)


if __name__ == "__main__":
    main()
