"""Training pairs: scenes, instructions with words left out, and what the oracle makes of them."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smile_core.scenes.draw import draw
from smile_core.scenes.language import random_instruction, random_sub_prompt
from smile_core.scenes.oracle import edited_scene
from smile_core.scenes.scene import random_scene

TEXTS_PER_SCENE = 9
CHUNK = 250


@dataclass(frozen=True)
class Pairs:
    """A pool of edits. `texts[i]` turns picture `source[i]` into picture `target[i]`."""

    pictures: np.ndarray  # uint8 (M, 128, 128, 3)
    texts: list[str]
    source: np.ndarray  # int (N,)
    target: np.ndarray  # int (N,)


def _junk(random: np.random.Generator, text: str) -> str:
    """The text with one word that means nothing, so that unknown words come to do nothing."""
    letters = "abcdefghijklmnopqrstuvwxyz#!123"
    word = "".join(random.choice(list(letters), size=int(random.integers(1, 5))))
    words = text.split()
    words.insert(int(random.integers(len(words) + 1)), word)
    return " ".join(words)


def _chunk(seed: int) -> tuple[np.ndarray, list[str], list[int], list[int]]:
    random = np.random.default_rng(seed)
    pictures: list[np.ndarray] = []
    texts: list[str] = []
    source: list[int] = []
    target: list[int] = []
    for i in range(CHUNK):
        scene = random_scene(seed * CHUNK + i)
        known = {scene: len(pictures)}
        pictures.append(draw(scene))
        first, second = (random_instruction(random, scene) for _ in range(2))
        said = [first, first, second, second]
        said += [random_sub_prompt(random, first if k % 2 else second) for k in range(TEXTS_PER_SCENE - 5)]
        said.append("" if random.random() < 0.2 else _junk(random, said[int(random.integers(len(said)))]))
        for text in said:
            after = edited_scene(text, scene)
            if after not in known:
                known[after] = len(pictures)
                pictures.append(draw(after))
            texts.append(text)
            source.append(known[scene])
            target.append(known[after])
    return np.stack(pictures), texts, source, target


def make_pairs(scenes: int, *, seed: int = 1, processes: int = 2) -> Pairs:
    """Draw a pool from `scenes` random scenes (rounded up to whole chunks), in parallel, reproducibly."""
    seeds = [1_000 * seed + k for k in range(-(-scenes // CHUNK))]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        chunks = pool.map(_chunk, seeds, chunksize=1)
    starts = np.cumsum([0, *(len(chunk[0]) for chunk in chunks)])
    return Pairs(
        pictures=np.concatenate([chunk[0] for chunk in chunks]),
        texts=[text for chunk in chunks for text in chunk[1]],
        source=np.concatenate([np.array(c[2]) + s for c, s in zip(chunks, starts, strict=False)]),
        target=np.concatenate([np.array(c[3]) + s for c, s in zip(chunks, starts, strict=False)]),
    )


def save_pairs(pairs: Pairs, folder: Path) -> None:
    """Keep a pool on disk between stages of training."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "pictures.npy", pairs.pictures)
    np.savez(folder / "pairs.npz", source=pairs.source, target=pairs.target)
    (folder / "texts.txt").write_text("\n".join(pairs.texts), encoding="utf-8")


def load_pairs(folder: Path) -> Pairs:
    """A pool that `save_pairs` kept; the pictures stay on disk until they are read."""
    index = np.load(folder / "pairs.npz")
    return Pairs(
        pictures=np.load(folder / "pictures.npy", mmap_mode="r"),
        texts=(folder / "texts.txt").read_text(encoding="utf-8").split("\n"),
        source=index["source"],
        target=index["target"],
    )
