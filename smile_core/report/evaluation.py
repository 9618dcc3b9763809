"""Evaluations as text, JSON and a plot of the mean deletion and insertion curves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
from PIL import Image, ImageDraw

from smile_core.evaluate import HELD_OUT, SEEDS, THRESHOLD, Evaluation
from smile_core.report import wording
from smile_core.report.typeface import typeface

_Reader = Callable[[Evaluation], float | None]
_MEASURES: tuple[tuple[str, str, _Reader], ...] = (
    ("fidelity", "held-out R2 of the surrogate; 1 is best", lambda e: e.fidelity),
    ("stability", "agreement after ### , other case, please; 1 is best", lambda e: e.stability),
    ("consistency", f"agreement over {SEEDS} seeds; 1 is best", lambda e: e.consistency),
    ("deletion", "area under the curve, strongest word out first; low is good", lambda e: e.deletion),
    ("  at random", "the same in random order", lambda e: e.deletion_random),
    ("insertion", "area under the curve, strongest word in first; high is good", lambda e: e.insertion),
    ("  at random", "the same in random order", lambda e: e.insertion_random),
    (
        "infidelity",
        f"squared error of what leaving out costs, on {HELD_OUT} sub-prompts",
        lambda e: e.infidelity,
    ),
    ("rank", "rank correlation of predicted and measured responses on them", lambda e: e.rank_correlation),
    ("AUROC", "of the words that matter, where labels are known", lambda e: e.auroc),
    (
        "accuracy",
        f"words over {THRESHOLD:g} against labels",
        lambda e: None if e.accuracy is None else e.accuracy.accuracy,
    ),
    ("F1", "likewise", lambda e: None if e.accuracy is None else e.accuracy.f1),
)
_CHANCE = "  at random"
_COLUMNS = ("fidelity", "stability", "deletion", "insertion", "rank", "AUROC")


def evaluation_text(evaluations: Sequence[Evaluation]) -> str:
    """A line for each prompt, then the mean of every measure with what it means."""
    readers = {name: read for name, _, read in _MEASURES if name in _COLUMNS}
    lines = ["".join(f"{name:>10}" for name in _COLUMNS) + "  prompt"]
    for one in evaluations:
        values = [wording.MISSING if (v := readers[name](one)) is None else wording.plain(v) for name in _COLUMNS]
        lines.append("".join(f"{value:>10}" for value in values) + f"  {wording.printable(one.prompt)}")
    prompts = wording.count(len(evaluations), "prompt")
    lines += ["", f"mean over {prompts}, {wording.count(sum(e.edits for e in evaluations), 'edit')}"]
    for name, meaning, read in _MEASURES:
        mean = _mean(evaluations, read)
        text = wording.MISSING if mean is None else f"{mean:.3f}".replace("-", wording.MINUS)
        lines.append(f"  {name:12}{text:>8}  {meaning}")
    return "\n".join(lines) + "\n"


def evaluation_json(evaluations: Sequence[Evaluation]) -> str:
    """Every measure of every prompt, and the means."""
    means: dict[str, float | None] = {}
    before = ""
    for name, _, read in _MEASURES:
        means[f"{before}_at_random" if name == _CHANCE else name] = _mean(evaluations, read)
        before = name
    return json.dumps({"mean": means, "prompts": [asdict(one) for one in evaluations]}, ensure_ascii=False, indent=1)


def _mean(evaluations: Sequence[Evaluation], read: _Reader) -> float | None:
    values = [value for value in map(read, evaluations) if value is not None]
    return float(np.mean(values)) if values else None


def evaluation_png(evaluations: Sequence[Evaluation]) -> bytes:
    """The mean deletion and insertion curves beside chance, 900 x 560 pixels."""
    width, height, left, top, right, bottom = 900, 560, 90, 70, 860, 470
    canvas = Image.new("RGB", (width, height), "#ffffff")
    pen = ImageDraw.Draw(canvas)
    small, large = typeface(18), typeface(22, bold=True)
    low = min(0.0, min(min((*e.deletion_curve, *e.insertion_curve)) for e in evaluations))
    high = max(1.0, max(max((*e.deletion_curve, *e.insertion_curve)) for e in evaluations))

    def place(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * x, bottom - (bottom - top) * (y - low) / (high - low)

    large.draw(
        pen, (left, 40), f"What the words do, tested on {wording.count(len(evaluations), 'prompt')}", fill="#1f1f1f"
    )
    for tick in (0.0, 0.5, 1.0):
        pen.line([place(0, tick), place(1, tick)], fill="#d8d8d8")
        small.draw(pen, (40, place(0, tick)[1] + 6), f"{tick:.1f}", fill="#616161")
        small.draw(pen, (place(tick, low)[0] - 20, bottom + 28), f"{tick:.0%}", fill="#616161")
    small.draw(pen, (left + 200, height - 24), "share of the words left out or put in", fill="#616161")
    curves = (
        ("deletion, strongest first", "#b4540a", [e.deletion_curve for e in evaluations]),
        ("insertion, strongest first", "#0b5fb4", [e.insertion_curve for e in evaluations]),
        ("deletion at random", "#8a8a8a", [e.random_curve for e in evaluations]),
    )
    for row, (name, colour, each) in enumerate(curves):
        at = np.linspace(0, 1, 41)
        mean = np.mean([np.interp(at, np.linspace(0, 1, len(curve)), curve) for curve in each], axis=0)
        pen.line([place(x, y) for x, y in zip(at, mean, strict=True)], fill=colour, width=4 if row < 2 else 2)
        pen.line([(right - 300, top + 150 + 28 * row), (right - 270, top + 150 + 28 * row)], fill=colour, width=4)
        small.draw(pen, (right - 260, top + 156 + 28 * row), name, fill="#1f1f1f")
    file = io.BytesIO()
    canvas.save(file, "PNG", optimize=True)
    return file.getvalue()
