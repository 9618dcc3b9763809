"""What auxiliary heads learn to say: the edits in a text, and which kinds of things stand where in a picture.

These heads are thrown away after training. They teach the text encoder what words ask for, and the
UNet what it looks at, long before the pictures alone would.
"""

from __future__ import annotations

import numpy as np

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
)
from smile_core.scenes.scene import COLOURS, GROUNDS, HEIGHT, KINDS, SEASONS, TIMES, WEATHERS, WIDTH, Scene
from smile_core.scenes.things import base_line

_ACTS = ("recolour", "remove", "replace", "bigger", "smaller", "left", "right", "near", "add", "new")
_SURROUNDINGS = (*WEATHERS, *TIMES, *SEASONS, *GROUNDS)
EDIT_LABELS = len(_ACTS) * len(KINDS) + len(COLOURS) * len(KINDS) + len(_SURROUNDINGS)
GRID = 8


def edit_labels(scene: Scene, edits: tuple[Edit, ...]) -> list[int]:
    """The positions, of `EDIT_LABELS`, that are 1 for these edits of a scene."""
    found: set[int] = set()

    def act(name: str, kind: str) -> None:
        found.add(_ACTS.index(name) * len(KINDS) + KINDS.index(kind))

    def paint(kind: str, colour: str) -> None:
        found.add(len(_ACTS) * len(KINDS) + KINDS.index(kind) * len(COLOURS) + COLOURS.index(colour))

    def around(value: str) -> None:
        found.add((len(_ACTS) + len(COLOURS)) * len(KINDS) + _SURROUNDINGS.index(value))

    for edit in edits:
        match edit:
            case SetWeather(value) | SetTime(value) | SetSeason(value) | SetGround(value):
                around(value)
            case Add(kind, colour):
                act("add", kind)
                paint(kind, colour)
            case Recolour(which, colour):
                act("recolour", scene.things[which[0]].kind)
                paint(scene.things[which[0]].kind, colour)
            case Remove(which):
                act("remove", scene.things[which[0]].kind)
            case Replace(which, kind, colour):
                act("replace", scene.things[which[0]].kind)
                act("new", kind)
                paint(kind, colour)
            case Resize(which, bigger):
                act("bigger" if bigger else "smaller", scene.things[which[0]].kind)
            case Move(which, side):
                act(side, scene.things[which[0]].kind)
            case MoveNear(which, _):
                act("near", scene.things[which[0]].kind)
    return sorted(found)


_HARD = ("bigger", "smaller", "left", "right", "near", "add")


def how_often(edits: np.ndarray) -> np.ndarray:
    """How often to draw each row of labels (N, most), -1 where there is none: shares that sum to 1.

    Two edits at once, and edits that put something where it was not, are learnt last and drawn most.
    """
    surroundings = (len(_ACTS) + len(COLOURS)) * len(KINDS)
    acts = np.where((edits >= 0) & (edits < len(_ACTS) * len(KINDS)), edits // len(KINDS), -1)
    asked = ((acts >= 0) & (acts != _ACTS.index("new"))).sum(1) + (edits >= surroundings).sum(1)
    hard = np.isin(acts, [_ACTS.index(name) for name in _HARD]).any(1)
    weights: np.ndarray = np.select([asked == 0, asked > 1, hard], [0.5, 2.5, 2.0], 0.75)
    weights /= weights.sum()
    return weights


def kind_map(scene: Scene) -> np.ndarray:
    """Which kinds stand in each cell of an 8 x 8 grid: uint16 (8, 8), one bit a kind."""
    grid = np.zeros((GRID, GRID), np.uint16)
    for thing in scene.things:
        half, top = WIDTH[thing.kind] * thing.size / 2, base_line(thing.kind) - HEIGHT[thing.kind] * thing.size
        x0, x1 = (int(np.clip(v * GRID, 0, GRID - 1)) for v in (thing.x - half + 0.02, thing.x + half - 0.02))
        y0, y1 = (int(np.clip(v * GRID, 0, GRID - 1)) for v in (top + 0.02, base_line(thing.kind) - 0.02))
        grid[y0 : y1 + 1, x0 : x1 + 1] |= np.uint16(1 << KINDS.index(thing.kind))
    return grid
