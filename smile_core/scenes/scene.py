"""The symbolic description of a cartoon picture, and how one is drawn from a seed.

A scene is plain data. `draw.py` turns it into a picture, `edits.py` changes it, and the oracle
reads instructions into changes of it, so every effect of every word is known exactly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np

Weather = Literal["clear", "snow", "rain", "storm", "fog"]
Time = Literal["day", "sunset", "night"]
Season = Literal["summer", "autumn", "winter"]
Ground = Literal["road", "field", "sand", "water"]
Side = Literal["left", "right"]

WEATHERS: tuple[Weather, ...] = ("clear", "snow", "rain", "storm", "fog")
TIMES: tuple[Time, ...] = ("day", "sunset", "night")
SEASONS: tuple[Season, ...] = ("summer", "autumn", "winter")
GROUNDS: tuple[Ground, ...] = ("road", "field", "sand", "water")

BACK_ROW = ("house", "tree", "lamp", "sign", "fence")
FRONT_ROW = ("car", "boat", "person", "dog", "cat", "ball", "flower")
KINDS = BACK_ROW + FRONT_ROW

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "white", "black")

USUAL_COLOUR = {
    "house": "yellow",
    "tree": "green",
    "lamp": "black",
    "sign": "blue",
    "fence": "white",
    "car": "blue",
    "boat": "red",
    "person": "red",
    "dog": "orange",
    "cat": "black",
    "ball": "red",
    "flower": "purple",
}
"""The colour a thing has when the instruction that adds it names none."""

WIDTH = {
    "house": 0.34,
    "tree": 0.26,
    "lamp": 0.10,
    "sign": 0.14,
    "fence": 0.34,
    "car": 0.36,
    "boat": 0.34,
    "person": 0.13,
    "dog": 0.20,
    "cat": 0.16,
    "ball": 0.12,
    "flower": 0.13,
}
"""Width of each kind as a share of the picture's height, at size 1."""

HEIGHT = {
    "house": 0.34,
    "tree": 0.34,
    "lamp": 0.45,
    "sign": 0.30,
    "fence": 0.14,
    "car": 0.17,
    "boat": 0.28,
    "person": 0.29,
    "dog": 0.15,
    "cat": 0.18,
    "ball": 0.12,
    "flower": 0.19,
}
"""Height of each kind, likewise."""

SMALLEST, LARGEST = 0.5, 1.7
"""Sizes that growing and shrinking keep to."""

PLACES: tuple[float, ...] = tuple(round(0.14 + 0.06 * i, 4) for i in range(13))


@dataclass(frozen=True)
class Thing:
    """One object. `x` is its middle as a share of the picture's width; its row follows from its kind."""

    kind: str
    colour: str
    x: float
    size: float = 1.0


@dataclass(frozen=True)
class Scene:
    """A whole picture: things in the order in which they were put there, then sky, light and ground.

    `backdrop` seeds what no instruction names (hills, clouds, the sun's place).
    """

    things: tuple[Thing, ...]
    weather: Weather = "clear"
    time: Time = "day"
    season: Season = "summer"
    ground: Ground = "road"
    backdrop: int = 0

    def to_json(self) -> str:
        """One line of JSON, as `smile scene` stores it inside the PNG."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Scene:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError on other text."""
        fields = json.loads(text)
        things = tuple(Thing(**thing) for thing in fields.pop("things"))
        return Scene(things=things, **fields)


def row_of(kind: str) -> tuple[str, ...]:
    """The kinds that stand in the same row as `kind`."""
    return BACK_ROW if kind in BACK_ROW else FRONT_ROW


def free_place(things: Iterable[Thing], kind: str, *, size: float = 1.0, near: float | None = None) -> float:
    """Where a new thing goes among the others of its row.

    Only what the picture shows decides, so that an editor can learn it: the roomiest place, leftmost
    on a tie; or, given `near`, the place nearest to it that is free.
    """
    row, half = row_of(kind), WIDTH[kind] * size / 2
    taken = [(thing.x, WIDTH[thing.kind] * thing.size / 2) for thing in things if thing.kind in row]

    def gap(x: float) -> float:
        edge = min(x - half, 1 - half - x) + 0.08
        return min([edge, *(abs(x - other) - half - width for other, width in taken)])

    if near is not None:
        free = [x for x in PLACES if gap(x) >= -0.02]
        if free:
            return min(free, key=lambda x: (round(abs(x - near), 4), x))
    return max(PLACES, key=lambda x: (round(min(gap(x), 0.06), 4), -abs(x - 0.5) if not taken else -x))


def random_scene(seed: int, *, things: tuple[int, int] = (1, 5)) -> Scene:
    """A scene with `things[0]` to `things[1]` objects.

    One in four holds two things of one kind in different colours. Six in ten are a clear summer day;
    the others start in another season, light or weather.
    """
    random = np.random.default_rng(seed)
    count = int(random.integers(things[0], things[1] + 1))
    ground: Ground = GROUNDS[int(random.choice(4, p=(0.55, 0.2, 0.12, 0.13)))]
    kinds = [kind for kind in KINDS if suits(kind, ground)]
    weights = np.array([{"house": 2.0, "tree": 2.0, "car": 2.0, "boat": 4.0}.get(kind, 1.0) for kind in kinds])
    chosen = [kinds[i] for i in random.choice(len(kinds), size=count, replace=False, p=weights / weights.sum())]
    if count > 1 and random.random() < 0.25:
        chosen[-1] = chosen[0]
    scene = Scene(things=(), ground=ground, backdrop=int(random.integers(0, 1 << 16)))
    for kind in sorted(chosen, key=lambda kind: -WIDTH[kind]):
        row = [t for t in scene.things if t.kind in row_of(kind)]
        room = [
            x
            for x in PLACES
            if WIDTH[kind] / 2 - 0.04 <= x <= 1.04 - WIDTH[kind] / 2
            and all(abs(x - t.x) > (WIDTH[kind] + WIDTH[t.kind]) / 2 - 0.02 for t in row)
        ]
        if not room:
            continue
        alike = {t.colour for t in scene.things if t.kind == kind}
        natural = kind == "tree" and random.random() < 0.8 and "green" not in alike
        colour = "green" if natural else str(random.choice([c for c in COLOURS if c not in alike]))
        thing = Thing(kind, colour, float(random.choice(room)), float(np.round(random.uniform(0.9, 1.1), 2)))
        scene = replace(scene, things=(*scene.things, thing))
    if random.random() < 0.6:
        return scene
    what = random.integers(0, 3)
    if what == 0:
        return replace(scene, weather=WEATHERS[int(random.integers(1, 5))])
    if what == 1:
        return replace(scene, time=TIMES[int(random.integers(1, 3))])
    return replace(scene, season=SEASONS[int(random.integers(1, 3))])


def suits(kind: str, ground: Ground) -> bool:
    """Whether random scenes and instructions put such a thing on such a ground."""
    if kind == "boat":
        return ground == "water"
    return kind != "car" or ground in ("road", "sand")
