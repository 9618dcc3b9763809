"""A quiz for editors of scenes: given the edit, which of 22 pictures was meant?

The 22 are what the oracle makes of the instruction, the unedited picture, up to eight near misses
(the same instruction with one word swapped for another of its kind) and other edits of the same
scene. The answer is the picture nearest to the edit by mean absolute difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from smile_core.editors.protocol import Editor
from smile_core.scenes.draw import draw
from smile_core.scenes.language import random_instruction
from smile_core.scenes.lexicon import SENSES
from smile_core.scenes.oracle import edited_scene, read
from smile_core.scenes.scene import Scene, random_scene

CHOICES = 22
NEAR_MISSES = 8


@dataclass(frozen=True, eq=False)
class Question:
    """An instruction for a scene, and 22 pictures uint8 (22, H, W, 3); the first is meant."""

    scene: Scene
    instruction: str
    kind: str
    source: np.ndarray
    choices: np.ndarray


def questions(count: int, *, seed: int) -> Iterator[Question]:
    """Questions about scenes that training never draws (it uses seeds from 250,000 on; keep below)."""
    for index in range(seed, seed + count):
        random = np.random.default_rng([index, 22])
        scene = random_scene(index)
        instruction = ""
        while not instruction or edited_scene(instruction, scene) == scene:
            instruction = random_instruction(random, scene)
        edits = read(instruction, scene)
        yield Question(
            scene=scene,
            instruction=instruction,
            kind=" + ".join(sorted(type(edit).__name__.lower() for edit in edits)),
            source=draw(scene),
            choices=np.stack([draw(choice) for choice in _choices(random, scene, instruction)]),
        )


def _choices(random: np.random.Generator, scene: Scene, instruction: str) -> list[Scene]:
    chosen = dict.fromkeys([edited_scene(instruction, scene), scene])
    words = instruction.split()
    places = [i for i, word in enumerate(words) if SENSES.get(word, ("",))[0] in _SWAPPED]
    for _ in range(100):
        if len(chosen) >= 2 + NEAR_MISSES or not places:
            break
        place = places[int(random.integers(len(places)))]
        sense = SENSES[words[place]][0]
        others = [word for word, (other, _) in SENSES.items() if other == sense]
        missed = [*words[:place], others[int(random.integers(len(others)))], *words[place + 1 :]]
        chosen.setdefault(edited_scene(" ".join(missed), scene))
    while len(chosen) < CHOICES:
        chosen.setdefault(edited_scene(random_instruction(random, scene), scene))
    return list(chosen)


_SWAPPED = ("thing", "colour", "weather", "time", "season")


def is_right(question: Question, edited: np.ndarray) -> bool:
    """Whether an edit, uint8 (H, W, 3), lies nearest to the picture that was meant."""
    gaps = np.abs(question.choices.astype(np.int16) - edited.astype(np.int16)).mean((1, 2, 3))
    return int(gaps.argmin()) == 0


def right_share(editor: Editor, *, count: int, seed: int) -> tuple[float, dict[str, tuple[int, int]]]:
    """The share of questions that an editor gets right, and (right, asked) for each kind of edit."""
    kinds: dict[str, list[bool]] = {}
    for question in questions(count, seed=seed):
        edited = editor.edit(question.source, [question.instruction], seed=0)[0]
        kinds.setdefault(question.kind, []).append(edited is not None and is_right(question, edited))
    right = sum(sum(results) for results in kinds.values())
    return right / count, {kind: (sum(results), len(results)) for kind, results in sorted(kinds.items())}
