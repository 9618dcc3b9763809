"""A quiz for editors of scenes: given the edit, which of 22 pictures was meant?

The 22 are what the oracle makes of the instruction, the unedited picture, and 20 other edits of the
same scene: first near misses (the same act on another thing; the same thing with another colour,
size or direction; one of two joined edits left out), then what other instructions make of it. The
answer is the picture nearest to the edit by L2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from smile_core.editors.protocol import Editor
from smile_core.scenes.draw import draw
from smile_core.scenes.edits import (
    Add,
    Edit,
    Move,
    MoveNear,
    Recolour,
    Remove,
    Replace,
    Resize,
    SetGround,
    SetSeason,
    SetTime,
    SetWeather,
    Which,
    apply,
)
from smile_core.scenes.language import random_instruction
from smile_core.scenes.oracle import edited_scene, read
from smile_core.scenes.scene import COLOURS, GROUNDS, KINDS, SEASONS, TIMES, WEATHERS, Scene, random_scene, suits

CHOICES = 22
NEAR_MISSES = 14


@dataclass(frozen=True, eq=False)
class Question:
    """An instruction for a scene, and 22 pictures uint8 (22, H, W, 3); the first is meant.

    `near` of the others are near misses.
    """

    scene: Scene
    instruction: str
    kind: str
    source: np.ndarray
    choices: np.ndarray
    near: int


def questions(count: int, *, seed: int, wide: float = 0.2) -> Iterator[Question]:
    """Questions about scenes that training never draws (it uses seeds from 250,000 on; keep below).

    Args:
        count: how many.
        seed: of the first scene; the others follow.
        wide: the share of pictures that are 192 wide instead of 128.
    """
    for index in range(seed, seed + count):
        random = np.random.default_rng([index, 22])
        scene = random_scene(index)
        instruction = ""
        while not instruction or edited_scene(instruction, scene) == scene:
            instruction = random_instruction(random, scene)
        edits = read(instruction, scene)
        size = (192 if random.random() < wide else 128, 128)
        choices, near = _choices(random, scene, edits)
        yield Question(
            scene=scene,
            instruction=instruction,
            kind=" + ".join(sorted(kind_of(edit) for edit in edits)),
            source=draw(scene, size=size),
            choices=np.stack([draw(choice, size=size) for choice in choices]),
            near=near,
        )


def kind_of(edit: Edit) -> str:
    """What bars and tables call an edit's kind."""
    return type(edit).__name__.lower().removeprefix("set").replace("movenear", "move")


def _choices(random: np.random.Generator, scene: Scene, edits: tuple[Edit, ...]) -> tuple[list[Scene], int]:
    chosen = dict.fromkeys([apply(scene, edits), scene])
    missed = [
        apply(scene, (*edits[:i], *other, *edits[i + 1 :]))
        for i in range(len(edits))
        for other in _misses(scene, edits[i])
    ]
    if len(edits) > 1:
        missed = [apply(scene, edits[:i] + edits[i + 1 :]) for i in range(len(edits))] + missed
    for i in random.permutation(len(missed)):
        if len(chosen) < 2 + NEAR_MISSES:
            chosen.setdefault(missed[i])
    near = len(chosen) - 2
    while len(chosen) < CHOICES:
        chosen.setdefault(edited_scene(random_instruction(random, scene), scene))
    return list(chosen), near


def _misses(scene: Scene, edit: Edit) -> list[tuple[Edit, ...]]:
    """Edits that are almost this one."""
    match edit:
        case SetWeather() | SetTime() | SetSeason() | SetGround():
            return [*((other,) for other in _SURROUNDINGS), *((edit, more) for more in _repainted(scene))]
        case Add(kind, colour):
            kinds = [k for k in KINDS if suits(k, scene.ground)]
            sides: list[float | None] = [0.0, 1.0, None]
            return [
                *((replace(edit, colour=c),) for c in COLOURS),
                *((replace(edit, kind=k),) for k in kinds),
                *((replace(edit, near=x),) for x in sides),
                *((replace(edit, size=s),) for s in (0.65, 1.0, 1.45)),
            ]
        case Replace(which, kind, colour):
            return [
                *((replace(edit, kind=k),) for k in KINDS if suits(k, scene.ground)),
                *((replace(edit, colour=c),) for c in COLOURS),
                *_on(scene, which, edit),
                (Remove(which),),
                (Add(kind, colour),),
            ]
        case Recolour(which, _):
            return [*((Recolour(which, c),) for c in COLOURS), *_on(scene, which, edit), *_other_acts(which)]
        case _:
            acts = _other_acts(edit.which)
            return [*acts, *_on(scene, edit.which, edit), *((Recolour(edit.which, c),) for c in COLOURS)]


_SURROUNDINGS: tuple[Edit, ...] = (
    *(SetWeather(weather) for weather in WEATHERS),
    *(SetTime(time) for time in TIMES),
    *(SetSeason(season) for season in SEASONS),
    *(SetGround(ground) for ground in GROUNDS),
)


def _repainted(scene: Scene) -> list[Edit]:
    return [Recolour((i,), colour) for i in range(len(scene.things)) for colour in COLOURS[:4]]


def _on(
    scene: Scene, which: Which, edit: Recolour | Remove | Replace | Resize | Move | MoveNear
) -> list[tuple[Edit, ...]]:
    """The same act on each other thing."""
    return [(replace(edit, which=(i,)),) for i in range(len(scene.things)) if (i,) != which]


def _other_acts(which: Which) -> list[tuple[Edit, ...]]:
    acts: tuple[Edit, ...] = (
        Remove(which),
        Resize(which, True),
        Resize(which, False),
        Move(which, "left"),
        Move(which, "right"),
        *(Replace(which, kind, "red") for kind in ("ball", "sign", "tree", "flower")),
    )
    return [(act,) for act in acts]


def is_right(question: Question, edited: np.ndarray) -> bool:
    """Whether an edit, uint8 (H, W, 3), lies nearest to the picture that was meant, by L2."""
    gaps = np.square(question.choices.astype(np.float32) - edited).mean((1, 2, 3))
    return int(gaps.argmin()) == 0


def right_share(editor: Editor, *, count: int, seed: int) -> tuple[float, dict[str, tuple[int, int]]]:
    """The share of questions that an editor gets right, and (right, asked) for each kind of edit."""
    kinds: dict[str, list[bool]] = {}
    for question in questions(count, seed=seed):
        edited = editor.edit(question.source, [question.instruction], seed=0)[0]
        kinds.setdefault(question.kind, []).append(edited is not None and is_right(question, edited))
    right = sum(sum(results) for results in kinds.values())
    return right / count, {kind: (sum(results), len(results)) for kind, results in sorted(kinds.items())}
