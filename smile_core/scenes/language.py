"""Instructions for scenes: sampled edits, said in many ways.

An instruction is made from an edit type, a template, synonyms and filler words. What it asks for
is never taken from here: the oracle reads the text, so picture and text agree for sub-prompts too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from smile_core.scenes.lexicon import (
    COLOUR_WORDS,
    SEASON_WORDS,
    THINGS,
    TIME_WORDS,
    VERBS,
    WEATHER_ADJECTIVES,
    WEATHER_NOUNS,
)
from smile_core.scenes.scene import COLOURS, KINDS, SEASONS, TIMES, WEATHERS, Scene, Thing

_OPENINGS = ("please", "can you", "could you please", "now", "just", "i want you to", "hey", "kindly", "please just")
_CLOSINGS = ("please", "for me", "thanks", "in this picture", "in the scene", "now", "in the image", "a bit")
_JOINTS = ("and", "and", "and", "and then", "and also", "then")
_PICTURE = ("picture", "image", "photo", "scene")


def random_instruction(random: np.random.Generator, scene: Scene, *, two: float = 0.3) -> str:
    """One instruction that changes this scene.

    Args:
        random: the source of every choice.
        scene: the scene that it speaks about.
        two: how often two edits are joined.
    """
    kinds = list(_PHRASES)
    weights = np.array([_WEIGHTS[kind] for kind in kinds])
    count = 2 if random.random() < two else 1
    parts: list[str] = []
    for _ in range(count):
        phrase = ""
        while not phrase:
            kind = kinds[int(random.choice(len(kinds), p=weights / weights.sum()))]
            phrase = _PHRASES[kind](random, scene)
        parts.append(phrase)
    text = f" {_pick(random, _JOINTS)} ".join(parts)
    if random.random() < 0.25:
        text = f"{_pick(random, _OPENINGS)} {text}"
    if random.random() < 0.12:
        text = f"{text} {_pick(random, _CLOSINGS)}"
    return text


def random_sub_prompt(random: np.random.Generator, text: str) -> str:
    """The text with words left out: most often one to three, sometimes about half."""
    words = text.split()
    if random.random() < 0.5:
        gone = random.choice(len(words), size=min(len(words), int(random.integers(1, 4))), replace=False)
        return " ".join(word for i, word in enumerate(words) if i not in gone)
    kept = random.random(len(words)) < 0.5
    return " ".join(word for word, keep in zip(words, kept, strict=True) if keep)


def _pick(random: np.random.Generator, options: tuple[str, ...]) -> str:
    """One option; the first, the plain word, half of the time."""
    if random.random() < 0.5:
        return options[0]
    return options[int(random.integers(len(options)))]


def _any(random: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(random.integers(len(options)))]


def _thing(random: np.random.Generator, scene: Scene) -> Thing | None:
    return scene.things[int(random.integers(len(scene.things)))] if scene.things else None


def _named(random: np.random.Generator, thing: Thing) -> str:
    """A noun for a thing, sometimes with its present colour, which adds nothing."""
    noun = _pick(random, THINGS[thing.kind])
    return f"{_pick(random, COLOUR_WORDS[thing.colour])} {noun}" if random.random() < 0.15 else noun


def _absent_kind(random: np.random.Generator, scene: Scene) -> str:
    present = {thing.kind for thing in scene.things}
    kinds = [kind for kind in KINDS if kind not in present and not (kind == "car" and scene.ground == "field")]
    return kinds[int(random.integers(len(kinds)))]


def _recolour(random: np.random.Generator, scene: Scene) -> str:
    thing = _thing(random, scene)
    if thing is None:
        return ""
    colour = _any(random, tuple(c for c in COLOURS if c != thing.colour))
    said, noun = _pick(random, COLOUR_WORDS[colour]), _named(random, thing)
    spelling = _any(random, ("color", "colour"))
    return _pick(
        random,
        (
            f"make the {noun} {said}",
            f"make the {noun} {said}",
            f"paint the {noun} {said}",
            f"turn the {noun} {said}",
            f"change the {spelling} of the {noun} to {said}",
            f"{_any(random, ('recolor', 'recolour', 'color', 'colour'))} the {noun} {said}",
            f"give the {noun} a {said} {spelling}",
            f"the {noun} should be {said}",
            f"change the {noun} to {said}",
            f"i want the {noun} in {said}",
            f"{noun} {said}",
        ),
    )


def _remove(random: np.random.Generator, scene: Scene) -> str:
    thing = _thing(random, scene)
    if thing is None:
        return ""
    noun = _named(random, thing)
    verb = _pick(random, VERBS["remove"])
    verb = "get rid of" if verb == "rid" else verb
    return _pick(
        random, (f"{verb} the {noun}", f"{verb} the {noun}", f"{verb} the {noun} from the {_any(random, _PICTURE)}")
    )


def _add(random: np.random.Generator, scene: Scene) -> str:
    kind = _absent_kind(random, scene)
    noun = _pick(random, THINGS[kind])
    if random.random() < 0.6:
        noun = f"{_pick(random, COLOUR_WORDS[_any(random, COLOURS)])} {noun}"
    article = "an" if noun[0] in "aeiou" else "a"
    verb = _pick(random, VERBS["add"])
    return _pick(
        random,
        (
            f"{verb} {article} {noun}",
            f"{verb} {article} {noun} to the {_any(random, _PICTURE)}",
            f"{verb} {article} {noun} on the street",
        ),
    )


def _replace(random: np.random.Generator, scene: Scene) -> str:
    thing = _thing(random, scene)
    if thing is None:
        return ""
    noun, new = _named(random, thing), _pick(random, THINGS[_absent_kind(random, scene)])
    if random.random() < 0.4:
        new = f"{_pick(random, COLOUR_WORDS[_any(random, COLOURS)])} {new}"
    article = "an" if new[0] in "aeiou" else "a"
    verb = _pick(random, VERBS["replace"])
    return _pick(
        random,
        (
            f"{verb} the {noun} {'for' if verb in ('swap', 'exchange') else 'with'} {article} {new}",
            f"turn the {noun} into {article} {new}",
            f"change the {noun} to {article} {new}",
        ),
    )


def _weather(random: np.random.Generator, scene: Scene) -> str:
    if scene.weather != "clear" and random.random() < 0.4:
        return f"{_pick(random, ('remove', 'delete', 'erase'))} the {_pick(random, WEATHER_NOUNS[scene.weather])}"
    weather = _any(random, tuple(w for w in WEATHERS if w != scene.weather))
    said = _pick(random, WEATHER_ADJECTIVES[weather])
    options = [
        f"make it {said}",
        f"make the sky {said}",
        f"make the weather {said}",
        f"turn the {_any(random, _PICTURE)} {said}",
        f"transform the weather to {said}",
        f"the weather should be {said}",
        f"make the {_any(random, _PICTURE)} look {said}",
        f"make the {_any(random, _PICTURE)} {said}",
    ]
    if weather in WEATHER_NOUNS:
        noun = _pick(random, WEATHER_NOUNS[weather])
        options += [f"add {noun}", f"add some {noun}", f"let there be {noun}"]
    return _any(random, tuple(options))


def _time(random: np.random.Generator, scene: Scene) -> str:
    said = _pick(random, TIME_WORDS[_any(random, tuple(t for t in TIMES if t != scene.time))])
    return _any(
        random,
        (
            f"make it {said}",
            f"change the time to {said}",
            f"turn the {_any(random, _PICTURE)} into {said}",
            f"make the {_any(random, _PICTURE)} look like {said}",
            f"set the scene at {said}",
        ),
    )


def _season(random: np.random.Generator, scene: Scene) -> str:
    said = _pick(random, SEASON_WORDS[_any(random, tuple(s for s in SEASONS if s != scene.season))])
    return _any(
        random,
        (
            f"make it {said}",
            f"change the season to {said}",
            f"turn this {_any(random, _PICTURE)} to {said}",
            f"make the {_any(random, _PICTURE)} look like {said}",
        ),
    )


_PHRASES: dict[str, Callable[[np.random.Generator, Scene], str]] = {
    "recolour": _recolour,
    "remove": _remove,
    "add": _add,
    "replace": _replace,
    "weather": _weather,
    "time": _time,
    "season": _season,
}
_WEIGHTS = {
    "recolour": 0.32,
    "remove": 0.14,
    "add": 0.17,
    "replace": 0.15,
    "weather": 0.12,
    "time": 0.05,
    "season": 0.05,
}
