"""One edit of a scene, said in many ways: a template, synonyms, and words that point a thing out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from smile_core.scenes.edits import STEP
from smile_core.scenes.lexicon import (
    BUILDS,
    COLOUR_WORDS,
    GROUND_ADJECTIVES,
    GROUND_NOUNS,
    SEASON_WORDS,
    SENSES,
    SIDES,
    SIZES,
    THINGS,
    TIME_WORDS,
    VERBS,
    WEATHER_ADJECTIVES,
    WEATHER_NOUNS,
    plural,
)
from smile_core.scenes.scene import COLOURS, GROUNDS, KINDS, SEASONS, TIMES, WEATHERS, Scene, Thing, suits

_PICTURE = ("picture", "image", "photo", "scene")


def pick(random: np.random.Generator, options: tuple[str, ...]) -> str:
    """One option; the first, the plain word, half of the time."""
    if random.random() < 0.5:
        return options[0]
    return options[int(random.integers(len(options)))]


def _any(random: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(random.integers(len(options)))]


Phrase = Callable[[np.random.Generator, Scene], str]


def _about_a_thing(phrase: Callable[[np.random.Generator, Scene, Thing], str]) -> Phrase:
    """A phrase about one thing of the scene, drawn by chance; empty where the scene has none."""

    def said(random: np.random.Generator, scene: Scene) -> str:
        return phrase(random, scene, scene.things[int(random.integers(len(scene.things)))]) if scene.things else ""

    return said


def _named(random: np.random.Generator, scene: Scene, thing: Thing) -> str:
    """A noun for a thing; with its colour, its side or its neighbour where that is needed, or needlessly at times."""
    noun = pick(random, THINGS[thing.kind])
    alike = [other for other in scene.things if other.kind == thing.kind]
    if len(alike) > 1:
        how = _any(random, ("colour", "colour", "side", "beside", "all"))
    else:
        how = "colour" if random.random() < 0.15 else "beside" if random.random() < 0.08 else ""
    if how == "colour":
        return f"{pick(random, COLOUR_WORDS[thing.colour])} {noun}"
    if how == "side":
        side = "left" if thing.x == min(other.x for other in alike) else "right"
        return _any(random, (f"{side} {noun}", f"{noun} on the {side}"))
    if how == "all" or (not how and random.random() < 0.05):
        return plural(noun) if random.random() < 0.7 else noun
    anchors = [other for other in scene.things if other.kind != thing.kind]
    if how == "beside" and anchors:
        anchor = min(anchors, key=lambda other: abs(other.x - thing.x))
        side = "left" if thing.x < anchor.x else "right"
        beside = f"to the {side} of" if random.random() < 0.15 else _beside(random)
        return f"{noun} {beside} the {pick(random, THINGS[anchor.kind])}"
    return noun


_NEAR = (
    *("beside", "near", "nearest to", "alongside", "standing next to", "in front of", "behind", "under"),
    *("that is next to", "which is near"),
)


def _beside(random: np.random.Generator) -> str:
    return pick(random, ("next to", *_NEAR))


def _absent_kind(random: np.random.Generator, scene: Scene) -> str:
    present = {thing.kind for thing in scene.things}
    kinds = [kind for kind in KINDS if kind not in present and suits(kind, scene.ground)]
    return kinds[int(random.integers(len(kinds)))]


@_about_a_thing
def _recolour(random: np.random.Generator, scene: Scene, thing: Thing) -> str:
    colour = _any(random, tuple(c for c in COLOURS if c != thing.colour))
    said, noun = pick(random, COLOUR_WORDS[colour]), _named(random, scene, thing)
    spelling = _any(random, ("color", "colour"))
    return pick(
        random,
        (
            f"make the {noun} {said}",
            f"make the {noun} {said}",
            f"paint the {noun} {said}",
            f"turn the {noun} {said}",
            f"change the {spelling} of the {noun} to {said}",
            f"{_any(random, ('recolor', 'recolour', 'color', 'colour'))} the {noun} {said}",
            f"give the {noun} {'an' if said[0] in 'aeiou' else 'a'} {said} {spelling}",
            f"the {noun} should be {said}",
            f"change the {noun} to {said}",
            f"i want the {noun} in {said}",
            f"{noun} {said}",
            f"in {said} paint the {noun}",
            f"{said} please for the {noun}",
            f"the {noun} , make it {said}",
            f"make the {noun} a {said} one",
            f"make the {noun} completely {said}",
            f"paint the {noun} in a nice shade of {said}",
            f"have the {noun} in {said}",
        ),
    )


@_about_a_thing
def _remove(random: np.random.Generator, scene: Scene, thing: Thing) -> str:
    noun = _named(random, scene, thing)
    verb = pick(random, VERBS["remove"])
    verb = "get rid of" if verb == "rid" else verb
    return pick(
        random, (f"{verb} the {noun}", f"{verb} the {noun}", f"{verb} the {noun} from the {_any(random, _PICTURE)}")
    )


def _add(random: np.random.Generator, scene: Scene) -> str:
    kind = _absent_kind(random, scene)
    noun = pick(random, THINGS[kind])
    if random.random() < 0.6:
        noun = f"{pick(random, COLOUR_WORDS[_any(random, COLOURS)])} {noun}"
    if random.random() < 0.15:
        noun = f"{pick(random, BUILDS[_any(random, ('bigger', 'smaller'))])} {noun}"
    article = "an" if noun[0] in "aeiou" else "a"
    verb = pick(random, VERBS["add"])
    return pick(
        random,
        (
            f"{verb} {article} {noun}",
            f"{verb} {article} {noun} to the {_any(random, _PICTURE)}",
            f"{verb} {article} {noun} on the street",
            f"{verb} {article} {noun} on the {_any(random, ('left', 'right'))}",
            *(f"{verb} {article} {noun} {_beside(random)} the {THINGS[thing.kind][0]}" for thing in scene.things[:1]),
        ),
    )


@_about_a_thing
def _resize(random: np.random.Generator, scene: Scene, thing: Thing) -> str:
    noun, way = _named(random, scene, thing), _any(random, ("bigger", "smaller"))
    verb = pick(random, VERBS["grow" if way == "bigger" else "shrink"])
    said, build = pick(random, SIZES[way]), pick(random, BUILDS[way])
    return pick(
        random,
        (
            f"make the {noun} {said}",
            f"make the {noun} {said}",
            f"{verb} the {noun}",
            f"{verb} the {noun}",
            f"the {noun} should be {said}",
            f"make the {noun} very {build}",
            f"change the size of the {noun} to {build}",
            f"turn the {noun} {said}",
            f"make the {noun} slightly {said}",
        ),
    )


@_about_a_thing
def _move(random: np.random.Generator, scene: Scene, thing: Thing) -> str:
    noun, verb = _named(random, scene, thing), pick(random, VERBS["move"])
    side = "left" if thing.x > 0.62 else "right" if thing.x < 0.38 else _any(random, ("left", "right"))
    said = pick(random, SIDES[side])
    others = [other for other in scene.things if other.kind != thing.kind and abs(other.x - thing.x) > STEP]
    pointed_out = any(SENSES[word][0] == "beside" for word in noun.split() if word in SENSES)
    if others and not pointed_out and " of " not in noun and random.random() < 0.12:
        where = pick(random, ("next to", "beside", "near", "alongside", "in front of", "behind"))
        return f"{verb} the {noun} {where} the {THINGS[others[0].kind][0]}"
    return pick(
        random,
        (
            f"{verb} the {noun} to the {side}",
            f"{verb} the {noun} to the {side}",
            f"{verb} the {noun} {said}",
            f"{verb} the {noun} a bit to the {side}",
            f"to the {side} {verb} the {noun}",
            f"{verb} the {noun} to the {side} side",
        ),
    )


def _ground(random: np.random.Generator, scene: Scene) -> str:
    ground = _any(random, tuple(g for g in GROUNDS if g != scene.ground))
    old, new = pick(random, GROUND_NOUNS[scene.ground]), pick(random, GROUND_NOUNS[ground])
    options = [
        f"turn the {old} into {new}",
        f"replace the {old} with {new}",
        f"change the {old} to {new}",
        f"change the ground to {new}",
        f"cover the ground with {new}",
        f"make the ground {new}",
        f"turn the floor into {new}",
    ]
    options += [f"make the {_any(random, ('ground', 'street'))} {said}" for said in GROUND_ADJECTIVES.get(ground, ())]
    return _any(random, tuple(options))


@_about_a_thing
def _replace(random: np.random.Generator, scene: Scene, thing: Thing) -> str:
    noun, new = _named(random, scene, thing), pick(random, THINGS[_absent_kind(random, scene)])
    if random.random() < 0.4:
        new = f"{pick(random, COLOUR_WORDS[_any(random, COLOURS)])} {new}"
    article = "an" if new[0] in "aeiou" else "a"
    verb = pick(random, VERBS["replace"])
    return pick(
        random,
        (
            f"{verb} the {noun} {'for' if verb in ('swap', 'exchange') else 'with'} {article} {new}",
            f"turn the {noun} into {article} {new}",
            f"change the {noun} to {article} {new}",
            f"replace the {noun} by {article} {new}",
        ),
    )


def _weather(random: np.random.Generator, scene: Scene) -> str:
    if scene.weather != "clear" and random.random() < 0.4:
        return f"{pick(random, ('remove', 'delete', 'erase'))} the {pick(random, WEATHER_NOUNS[scene.weather])}"
    weather = _any(random, tuple(w for w in WEATHERS if w != scene.weather))
    said = pick(random, WEATHER_ADJECTIVES[weather])
    options = [
        f"make it {said}",
        f"make the {pick(random, ('sky', 'clouds', 'sun'))} {said}",
        f"make the weather {said}",
        f"turn the {_any(random, _PICTURE)} {said}",
        f"transform the weather to {said}",
        f"the weather should be {said}",
        f"make the {_any(random, _PICTURE)} look {said}",
        f"make the {_any(random, _PICTURE)} {said}",
    ]
    if weather in WEATHER_NOUNS:
        noun = pick(random, WEATHER_NOUNS[weather])
        options += [f"add {noun}", f"add some {noun}", f"let there be {noun}"]
    return _any(random, tuple(options))


def _time(random: np.random.Generator, scene: Scene) -> str:
    said = pick(random, TIME_WORDS[_any(random, tuple(t for t in TIMES if t != scene.time))])
    return _any(
        random,
        (
            f"make it {said}",
            f"change the time to {said}",
            f"turn the {_any(random, _PICTURE)} into {said}",
            f"make the {_any(random, _PICTURE)} look like {said}",
            f"make the whole {_any(random, _PICTURE)} look as if it were {said}",
            f"set the scene at {said}",
        ),
    )


def _season(random: np.random.Generator, scene: Scene) -> str:
    said = pick(random, SEASON_WORDS[_any(random, tuple(s for s in SEASONS if s != scene.season))])
    return _any(
        random,
        (
            f"make it {said}",
            f"change the season to {said}",
            f"turn this {_any(random, _PICTURE)} to {said}",
            f"make the {_any(random, _PICTURE)} look like {said}",
        ),
    )


PHRASES: dict[str, Phrase] = {
    "recolour": _recolour,
    "remove": _remove,
    "add": _add,
    "replace": _replace,
    "resize": _resize,
    "move": _move,
    "ground": _ground,
    "weather": _weather,
    "time": _time,
    "season": _season,
}
"""A phrase of each kind for a scene; an empty one where the scene has nothing for it."""
WEIGHTS = {
    "recolour": 0.22,
    "remove": 0.12,
    "add": 0.14,
    "replace": 0.12,
    "resize": 0.1,
    "move": 0.1,
    "ground": 0.05,
    "weather": 0.08,
    "time": 0.04,
    "season": 0.04,
}
"""How often each kind is drawn."""
