"""The words that scenes know, and what each means. The tokenizer, the templates and the oracle share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Sense = Literal[
    "verb",
    "should",
    "thing",
    "colour",
    "weather",
    "time",
    "season",
    "ground",
    "terrain",
    "sky",
    "into",
    "and",
    "beside",
    "side",
    "size",
    "build",
]

THINGS = {
    "house": ("house", "home", "building", "cottage"),
    "tree": ("tree", "oak"),
    "lamp": ("lamp", "lamppost", "streetlamp"),
    "sign": ("sign", "signpost"),
    "fence": ("fence", "railing"),
    "car": ("car", "vehicle", "automobile"),
    "boat": ("boat", "ship"),
    "person": ("person", "man", "woman", "pedestrian"),
    "dog": ("dog", "puppy"),
    "cat": ("cat", "kitten"),
    "ball": ("ball", "football"),
    "flower": ("flower", "blossom"),
}
_ODD_PLURALS = {"man": "men", "woman": "women", "person": "people", "puppy": "puppies"}
COLOUR_WORDS = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange", "amber"),
    "yellow": ("yellow", "golden"),
    "green": ("green", "emerald"),
    "blue": ("blue", "navy"),
    "purple": ("purple", "violet"),
    "white": ("white", "ivory"),
    "black": ("black", "ebony"),
}
WEATHER_ADJECTIVES = {
    "clear": ("clear", "sunny"),
    "snow": ("snowy", "snowing"),
    "rain": ("rainy", "raining"),
    "storm": ("stormy", "thundery"),
    "fog": ("foggy", "misty"),
}
WEATHER_NOUNS = {
    "snow": ("snow", "snowfall"),
    "rain": ("rain", "rainfall"),
    "storm": ("storm", "thunderstorm"),
    "fog": ("fog", "mist"),
}
TIME_WORDS = {
    "day": ("day", "daytime", "noon"),
    "sunset": ("sunset", "dusk", "evening"),
    "night": ("night", "nighttime", "midnight"),
}
SEASON_WORDS = {
    "summer": ("summer", "summertime"),
    "autumn": ("autumn", "fall"),
    "winter": ("winter", "wintertime"),
}
GROUND_NOUNS = {
    "road": ("road", "asphalt", "tarmac"),
    "field": ("grass", "meadow", "lawn"),
    "sand": ("sand", "beach", "desert"),
    "water": ("water", "river", "lake"),
}
"""These set the ground only after "into", a verb of replacing, or a word for the ground."""
GROUND_ADJECTIVES = {"field": ("grassy",), "sand": ("sandy",), "water": ("flooded",)}
SIDES = {"left": ("left", "leftwards"), "right": ("right", "rightwards")}
SIZES = {"bigger": ("bigger", "larger", "taller"), "smaller": ("smaller", "tinier", "shorter")}
BUILDS = {"bigger": ("big", "large", "huge"), "smaller": ("small", "little", "tiny")}
"""Before a thing these speak only of one that is added; after it they ask for a size."""
BESIDE = ("next", "beside", "near", "alongside", "nearest", "behind", "front", "under")
"""The scenes are flat: whatever is behind or under a thing is near it."""
VERBS = {
    "make": (
        "make",
        "paint",
        "turn",
        "change",
        "color",
        "colour",
        "recolor",
        "recolour",
        "transform",
        "give",
        "let",
        "set",
        "have",
        "want",
    ),
    "remove": ("remove", "delete", "erase", "rid"),
    "add": ("add", "put", "place", "insert", "draw"),
    "replace": ("replace", "swap", "exchange", "substitute"),
    "move": ("move", "shift", "slide", "push"),
    "grow": ("enlarge", "grow", "magnify"),
    "shrink": ("shrink", "reduce"),
}
FILLERS = (
    *("the", "a", "an", "it", "this", "that", "its", "of", "in", "on", "at", "with", "for", "be", "is", "so", "by"),
    *(
        "please",
        "can",
        "could",
        "would",
        "you",
        "i",
        "me",
        "just",
        "now",
        "thanks",
        "kindly",
        "hey",
        "also",
    ),
    *(
        "picture",
        "image",
        "photo",
        "scene",
        "street",
        "weather",
        "season",
        "time",
        "look",
        "like",
        "there",
        "get",
    ),
    *(
        "very",
        "really",
        "bit",
        "nice",
        "bright",
        "dark",
        "new",
        "old",
        "some",
        "my",
        "all",
        "from",
        "we",
    ),
    *(
        "slightly",
        "completely",
        "as",
        "if",
        "were",
        "was",
        "need",
        "here",
        "quickly",
        "simply",
        "into",
        "whole",
        "shade",
        "cover",
        "side",
        "standing",
        "which",
        "one",
        "size",
    ),
)

SKY = ("sky", "sun", "clouds")
GROUND = ("ground", "floor")
INTO = ("into", "to")
AND = ("and", "then", "&", "plus")
SHOULD = ("should",)
"""A verb of making that comes after its thing: "remove the tree and the car should be red"."""


def plural(noun: str) -> str:
    """Several of a thing."""
    return _ODD_PLURALS.get(noun, f"{noun}s")


def _senses() -> dict[str, tuple[Sense, str]]:
    table: dict[str, tuple[Sense, str]] = {}

    def enter(sense: Sense, groups: Mapping[str, tuple[str, ...]]) -> None:
        for value, words in groups.items():
            table.update(dict.fromkeys(words, (sense, value)))

    enter("verb", VERBS)
    enter("thing", THINGS)
    enter("thing", {kind: tuple(plural(word) for word in words) for kind, words in THINGS.items()})
    enter("colour", COLOUR_WORDS)
    enter("weather", WEATHER_ADJECTIVES)
    enter("weather", WEATHER_NOUNS)
    enter("time", TIME_WORDS)
    enter("season", SEASON_WORDS)
    enter("terrain", GROUND_NOUNS)
    enter("ground", GROUND_ADJECTIVES)
    enter("side", SIDES)
    enter("size", SIZES)
    enter("build", BUILDS)
    enter("beside", {"beside": BESIDE})
    enter("sky", {"sky": SKY, "ground": GROUND})
    enter("into", {"into": INTO})
    enter("and", {"and": AND})
    enter("should", {"make": SHOULD})
    return table


SENSES = _senses()
"""What each meaningful word means: its sense and its value. Every other word means nothing here."""


def known_words() -> tuple[str, ...]:
    """Every word that is one token of a scenes model, and that training says, sorted."""
    return tuple(sorted({*SENSES, *FILLERS}))


def bare(word: str) -> str:
    """A word as the lexicon spells it: lower case, without punctuation at either end."""
    return word.lower().strip(".,;:!?'\"()[]{}«»“”‘’…#*_-")
