"""Changes of a scene, as data, and the one function that applies them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from smile_core.scenes.scene import Scene, Season, Thing, Time, Weather, with_thing


@dataclass(frozen=True)
class Recolour:
    """Paint every thing of a kind."""

    kind: str
    colour: str


@dataclass(frozen=True)
class Remove:
    """Take every thing of a kind away."""

    kind: str


@dataclass(frozen=True)
class Add:
    """Put one more thing at its free place."""

    kind: str
    colour: str


@dataclass(frozen=True)
class Replace:
    """Put a thing of another kind where things of a kind stand."""

    kind: str
    new_kind: str
    colour: str


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


Edit = Recolour | Remove | Add | Replace | SetWeather | SetTime | SetSeason


def apply(scene: Scene, edit: Edit) -> Scene:
    """The scene after one edit. An edit of a kind that is not there leaves the scene as it is."""
    match edit:
        case Recolour(kind, colour):
            things = tuple(replace(t, colour=colour) if t.kind == kind else t for t in scene.things)
        case Remove(kind):
            things = tuple(t for t in scene.things if t.kind != kind)
        case Replace(kind, new_kind, colour):
            things = tuple(Thing(new_kind, colour, t.x) if t.kind == kind else t for t in scene.things)
        case Add(kind, colour):
            return with_thing(scene, kind, colour)
        case SetWeather(weather):
            return replace(scene, weather=weather)
        case SetTime(time):
            return replace(scene, time=time)
        case SetSeason(season):
            return replace(scene, season=season)
    return replace(scene, things=things)
