"""Training pairs: scenes, instructions with words left out, and what the oracle makes of them."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from smile_core.scenes.draw import draw
from smile_core.scenes.edits import apply
from smile_core.scenes.language import random_instruction, random_sub_prompt
from smile_core.scenes.lexicon import FILLERS
from smile_core.scenes.oracle import VERSION, read
from smile_core.scenes.scene import random_scene
from smile_core.scenes.training.labels import edit_labels, how_often, kind_map

SCENES = 27_000
TEXTS_PER_SCENE = 9
IN_FULL = 4
"""Of a scene's texts the first ones: two instructions, each twice."""
CHUNK = 250
MOST_LABELS = 12
WIDE_FROM = 800
"""Chunks from this number on are for wide pictures, so that both pools have scenes of their own."""


@dataclass(frozen=True)
class Pairs:
    """A pool of edits. `texts[i]` turns picture `source[i]` into picture `target[i]`."""

    pictures: np.ndarray  # uint8 (M, 128, 128 or 192, 3), on disk where a folder keeps them
    kinds: np.ndarray  # uint16 (M, 8, 8), see `labels.kind_map`
    texts: list[str]
    edits: np.ndarray  # int16 (N, MOST_LABELS), see `labels.edit_labels`; -1 fills up
    source: np.ndarray  # int (N,)
    target: np.ndarray  # int (N,)

    def sample(self, random: np.random.Generator, count: int) -> np.ndarray:
        """Rows to learn from, int (count,), with repetition; what is learnt last comes most often."""
        return np.searchsorted(self._steps, random.random(count))

    def said_in_full(self) -> Pairs:
        """Only the instructions from which no word was left out, and into which none was put."""
        rows = np.flatnonzero(np.arange(len(self.texts)) % TEXTS_PER_SCENE < IN_FULL)
        texts = [self.texts[row] for row in rows]
        return Pairs(self.pictures, self.kinds, texts, self.edits[rows], self.source[rows], self.target[rows])

    @cached_property
    def _steps(self) -> np.ndarray:
        steps: np.ndarray = np.cumsum(how_often(self.edits))
        steps /= steps[-1]
        return steps


_ORDINARY_WORDS = """
about after again also always another because been before being between both but came come could did does down
each even every few first found from good great hand here high him how its keep last learn letter life line long
many may mean might more most much must name never nothing number often only open other our over own page part
point quick same say seem sentence she so still story such take tell than their them there they think
this time today us very was way well were what when where which while who why will with word work world would
write year you
"""


def _idle_word(random: np.random.Generator) -> str:
    kind = random.random()
    if kind < 0.25:
        return str(random.choice(FILLERS))
    if kind < 0.65:
        return str(random.choice(_ORDINARY_WORDS.split()))
    return "".join(random.choice(list("abcdefghijklmnopqrstuvwxyz#!123"), size=int(random.integers(1, 7))))


def _junk(random: np.random.Generator, text: str) -> str:
    """The text with one to three words that mean nothing, so that unknown words come to do nothing."""
    words = text.split()
    for _ in range(int(random.integers(1, 4))):
        words.insert(int(random.integers(len(words) + 1)), _idle_word(random))
    return " ".join(words)


def _without_an_edit(random: np.random.Generator, text: str) -> str:
    """Nothing at all, or words that mean nothing, or an instruction with such words in it."""
    kind = random.random()
    return "" if kind < 0.2 else _junk(random, "" if kind < 0.45 else text)


def _chunk(seed: int, width: int) -> Pairs:
    random = np.random.default_rng(seed)
    pictures: list[np.ndarray] = []
    kinds: list[np.ndarray] = []
    rows: list[tuple[str, list[int], int, int]] = []
    for i in range(CHUNK):
        scene = random_scene(seed * CHUNK + i)
        known: dict[object, int] = {}
        first, second = (random_instruction(random, scene) for _ in range(2))
        said = [first, first, second, second]
        said += [random_sub_prompt(random, first if k % 2 else second) for k in range(TEXTS_PER_SCENE - IN_FULL - 1)]
        said.append(_without_an_edit(random, said[int(random.integers(len(said)))]))
        for text in said:
            edits = read(text, scene)
            for picture in (scene, after := apply(scene, edits)):
                if picture not in known:
                    known[picture] = len(pictures)
                    pictures.append(draw(picture, size=(width, 128)))
                    kinds.append(kind_map(picture))
            rows.append((text, edit_labels(scene, edits), known[scene], known[after]))
    labels = np.full((len(rows), MOST_LABELS), -1, np.int16)
    for row, (_, found, _, _) in zip(labels, rows, strict=True):
        row[: len(found)] = found[:MOST_LABELS]
    texts, _, source, target = zip(*rows, strict=True)
    return Pairs(np.stack(pictures), np.stack(kinds), list(texts), labels, np.array(source), np.array(target))


def make_pairs(scenes: int, *, seed: int = 1, width: int = 128, processes: int = 2) -> Pairs:
    """Draw a pool from `scenes` random scenes (rounded up to whole chunks), in parallel, reproducibly."""
    first = 1_000 * seed + (WIDE_FROM if width > 128 else 0)
    jobs = [(first + k, width) for k in range(-(-scenes // CHUNK))]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        chunks = pool.starmap(_chunk, jobs, chunksize=1)
    starts = np.cumsum([0, *(len(chunk.pictures) for chunk in chunks)])
    return Pairs(
        pictures=np.concatenate([chunk.pictures for chunk in chunks]),
        kinds=np.concatenate([chunk.kinds for chunk in chunks]),
        texts=[text for chunk in chunks for text in chunk.texts],
        edits=np.concatenate([chunk.edits for chunk in chunks]),
        source=np.concatenate([c.source + s for c, s in zip(chunks, starts, strict=False)]),
        target=np.concatenate([c.target + s for c, s in zip(chunks, starts, strict=False)]),
    )


def pool(folder: Path, scenes: int, *, seed: int, width: int = 128, processes: int = 2) -> Pairs:
    """The pool that the folder keeps, drawn first where it does not.

    Raises:
        ValueError: it keeps another one.
    """
    about = {"scenes": scenes, "seed": seed, "width": width, "oracle": VERSION}
    note = folder / "about.json"
    kept = json.loads(note.read_text(encoding="utf-8")) if note.exists() else None
    if kept not in (None, about):
        raise ValueError(f"{folder} keeps a pool of {kept}, not of {about}; take another --pool, or remove it")
    if kept is None:
        if folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder} holds no whole pool; take another --pool, or remove it")
        pairs = make_pairs(scenes, seed=seed, width=width, processes=processes)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "pictures.npy", pairs.pictures)
        np.savez(folder / "pairs.npz", kinds=pairs.kinds, edits=pairs.edits, source=pairs.source, target=pairs.target)
        (folder / "texts.txt").write_text("\n".join(pairs.texts), encoding="utf-8")
        note.write_text(json.dumps(about) + "\n", encoding="utf-8")
    index = np.load(folder / "pairs.npz")
    return Pairs(
        # Gigabytes; several runs share what the system keeps of it.
        pictures=np.load(folder / "pictures.npy", mmap_mode="r"),
        texts=(folder / "texts.txt").read_text(encoding="utf-8").split("\n"),
        **{name: index[name] for name in ("kinds", "edits", "source", "target")},
    )


def pools_in(folder: Path, scenes: int, *, seed: int) -> tuple[list[Pairs], list[Path]]:
    """The pool of square scenes, that of wide ones, a sixth as many, and the folder of each inside of `folder`."""
    folders = [folder / "128", folder / "192"]
    return [pool(folders[0], scenes, seed=seed), pool(folders[1], max(1, scenes // 6), seed=seed, width=192)], folders
