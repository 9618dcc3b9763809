"""Changes of a scene, as data, and the functions that apply and compare them.

An edit names the things it changes by their places in `Scene.things` of the scene before any edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smile_core.scenes.scene import (
    LARGEST,
    SMALLEST,
    WIDTH,
    Ground,
    Scene,
    Season,
    Side,
    Thing,
    Time,
    Weather,
    free_place,
)

STEP = 0.24
"""How far a thing moves, as a share of the picture's width."""
GROWTH = 1.5
Which = tuple[int, ...]


@dataclass(frozen=True)
class Recolour:
    """Paint things."""

    which: Which
    colour: str


@dataclass(frozen=True)
class Remove:
    """Take things away."""

    which: Which


@dataclass(frozen=True)
class Replace:
    """Put a thing of another kind where each of these stands."""

    which: Which
    kind: str
    colour: str


@dataclass(frozen=True)
class Resize:
    """Make things half as large again, or smaller by as much."""

    which: Which
    bigger: bool


@dataclass(frozen=True)
class Move:
    """Move things a step to one side, as far as the picture goes."""

    which: Which
    side: Side


@dataclass(frozen=True)
class MoveNear:
    """Move things to the free place nearest to `x`, a share of the picture's width."""

    which: Which
    x: float


@dataclass(frozen=True)
class Add:
    """Put one more thing at its free place, or at the free one nearest to `near`."""

    kind: str
    colour: str
    size: float = 1.0
    near: float | None = None


@dataclass(frozen=True)
class SetWeather:
    """Change the weather."""

    weather: Weather


@dataclass(frozen=True)
class SetTime:
    """Change the time of day."""

    time: Time


@dataclass(frozen=True)
class SetSeason:
    """Change the season."""

    season: Season


@dataclass(frozen=True)
class SetGround:
    """Change what lies at the front: road, grass, sand or water."""

    ground: Ground


Edit = Recolour | Remove | Replace | Resize | Move | MoveNear | Add | SetWeather | SetTime | SetSeason | SetGround
Atom = tuple[object, ...]
"""One changed fact of a scene: (what, attribute, new value)."""


def apply(scene: Scene, edits: Sequence[Edit]) -> Scene:
    """The scene after the edits, one after the other."""
    scene, slots = _applied(scene, edits)
    return replace(scene, things=tuple(thing for thing in slots if thing is not None))


def changes(scene: Scene, edits: Sequence[Edit]) -> frozenset[Atom]:
    """Every fact that the edits change; edits without effect change none."""
    after, slots = _applied(scene, edits)
    atoms: set[Atom] = {
        ("surroundings", name, getattr(after, name))
        for name in ("weather", "time", "season", "ground")
        if getattr(after, name) != getattr(scene, name)
    }
    for index, thing in enumerate(slots):
        before = scene.things[index] if index < len(scene.things) else None
        if thing is None:
            atoms.add((index, "gone"))
        elif before is None:
            # Two added things are told apart by what they are, not by the order in which they came.
            atoms |= {("new", thing.kind), ("new", thing.kind, thing.colour), ("new", thing.kind, thing.x, thing.size)}
        else:
            atoms |= {
                (index, name, getattr(thing, name))
                for name in ("kind", "colour", "x", "size")
                if getattr(thing, name) != getattr(before, name)
            }
    return frozenset(atoms)


def _applied(scene: Scene, edits: Sequence[Edit]) -> tuple[Scene, list[Thing | None]]:
    slots: list[Thing | None] = list(scene.things)
    for edit in edits:
        match edit:
            case SetWeather(weather):
                scene = replace(scene, weather=weather)
            case SetTime(time):
                scene = replace(scene, time=time)
            case SetSeason(season):
                scene = replace(scene, season=season)
            case SetGround(ground):
                scene = replace(scene, ground=ground)
            case Add(kind, colour, size, near):
                x = free_place([t for t in slots if t], kind, size=size, near=near)
                slots.append(Thing(kind, colour, x, size))
            case _:
                for index in edit.which:
                    thing = slots[index]
                    if thing is not None:
                        slots[index] = _changed(thing, edit, [t for t in slots if t and t is not thing])
    return scene, slots


def _changed(
    thing: Thing, edit: Recolour | Remove | Replace | Resize | Move | MoveNear, others: Sequence[Thing]
) -> Thing | None:
    match edit:
        case Recolour(_, colour):
            return replace(thing, colour=colour)
        case Remove():
            return None
        case Replace(_, kind, colour):
            return Thing(kind, colour, thing.x)
        case Resize(_, bigger):
            size = thing.size * GROWTH if bigger else thing.size / GROWTH
            return replace(thing, size=round(min(max(size, SMALLEST), LARGEST), 3))
        case Move(_, side):
            half = WIDTH[thing.kind] * thing.size / 2
            if side == "right":
                return replace(thing, x=round(max(thing.x, min(thing.x + STEP, 1 - half)), 4))
            return replace(thing, x=round(min(thing.x, max(thing.x - STEP, half)), 4))
        case MoveNear(_, x):
            return replace(thing, x=free_place(others, thing.kind, size=thing.size, near=x))
