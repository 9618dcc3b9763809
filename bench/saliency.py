"""Do saliency maps point where the oracle's picture changes when a word is lost, and how long do they take?

Prompts of 4 to 9 words on held-out scenes, edited by scenes-turbo; the truth is the oracle's: the pixels
that differ between the whole prompt and the prompt without the word. Where the model does not do the edit,
no map can point at it, and that counts against the figures; the same over the oracle's own edits says what
is the maps' share of the errors.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from bench.bars import report
from bench.oracle import generated
from smile_core import Explainer
from smile_core.prompt import Prompt
from smile_core.report.where import maps_of
from smile_core.saliency import SaliencyMap, saliency_maps
from smile_core.scenes.draw import draw
from smile_core.scenes.oracle import OracleEditor, edited_scene, needed_words
from smile_core.scenes.scene import Scene

COUNT = 60
SEED = 910_000
SEEN = 24
"""Pixels of which some channel differs by more than this count as changed."""
MARGIN = 15 / 500
"""How far beside the change the pointing game still counts a hit, of the longer side: 15 pixels on pictures of about
500 (Zhang et al., "Top-down neural attention by excitation backprop", 2018). Printed beside the strict figure."""


def judged(explainer_for: Callable[[Scene], Explainer], count: int = COUNT) -> list[dict[str, object]]:
    """A row for each word that has a map."""
    rows: list[dict[str, object]] = []
    for text, scene in generated(count, seed=SEED):
        explanation = explainer_for(scene).explain(text, draw(scene))
        maps = maps_of(explanation)
        words = [word.text for word in Prompt(text).words]
        needed = needed_words(words, scene)
        whole = draw(edited_scene(text, scene)).astype(int)
        for i, word in enumerate(words):
            rest = " ".join(w for k, w in enumerate(words) if k != i)
            truth = (np.abs(whole - draw(edited_scene(rest, scene))) > SEEN).any(2)
            if i not in maps:
                continue
            row: dict[str, object] = {"prompt": text, "word": word, "state": explanation.words[i].state}
            if needed[i] and truth.any():
                found = maps[i].at_size(*truth.shape[::-1]) > 0
                row["off"] = _off(maps[i], truth)
                row["points"] = row["off"] == 0
                row["iou"] = float((found & truth).sum() / (found | truth).sum())
            elif not truth.any():
                row["empty"] = maps[i].empty
            rows.append(row)
    return rows


def measure() -> tuple[dict[str, float], list[dict[str, object]]]:
    """Pointing accuracy, IoU of needed words, and the share of idle words whose map is empty."""
    explainer = Explainer("scenes-turbo")
    rows = judged(lambda scene: explainer)
    by_oracle = judged(lambda scene: Explainer(OracleEditor(scene)))
    found_off = [row["off"] for row in rows if "off" in row]
    off = np.array([np.inf if each is None else each for each in found_off], dtype=float)
    idle = [row["empty"] for row in rows if "empty" in row and row["state"] == "idle"]
    return {
        "pointing": _mean(rows, "points"),
        "pointing_margin": float((off <= MARGIN).mean()),
        "pointing_oracle": _mean(by_oracle, "points"),
        "unheeded": float(np.isinf(off).mean()),
        "iou": _mean(rows, "iou"),
        "iou_oracle": _mean(by_oracle, "iou"),
        "idle_empty": float(np.mean(np.array(idle, dtype=float))) if idle else 1.0,
        "milliseconds": _milliseconds(),
    }, rows


def _mean(rows: list[dict[str, object]], key: str) -> float:
    return float(np.mean(np.array([row[key] for row in rows if key in row], dtype=float)))


def _off(found: SaliencyMap, truth: np.ndarray) -> float | None:
    """How far the map's peak lies from where the picture changes (H, W), of the longer side; None without a peak."""
    if found.empty:
        return None
    (x, y), (height, width) = found.peak(), truth.shape
    rows, columns = np.nonzero(truth)
    squares = (rows - int(y * height)) ** 2 + (columns - int(x * width)) ** 2
    longer: int = max(truth.shape)
    return float(np.sqrt(squares.min())) / longer


def _milliseconds() -> float:
    random = np.random.default_rng(0)
    masks = np.vstack([np.ones((1, 12)), np.zeros((1, 12)), random.integers(0, 2, (34, 12))]).astype(np.uint8)
    pictures = list(random.integers(0, 256, (36, 512, 512, 3), dtype=np.uint8))
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        saliency_maps(masks, pictures)
        spent.append(time.perf_counter() - started)
    return float(np.median(spent)) * 1e3


if __name__ == "__main__":
    report("saliency", *measure())
