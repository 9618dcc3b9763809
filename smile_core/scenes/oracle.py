"""The oracle: a symbolic editor that reads any sub-prompt, applies what it understands, and draws.

It is exact and deterministic, so it is the ground truth that estimators and trained editors are
judged by. The reading is a single left-to-right pass over the words' senses; no word order is
required beyond what a reader would need, because sub-prompts have lost words anywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

import numpy as np

from smile_core.scenes.draw import draw
from smile_core.scenes.edits import Add, Edit, Recolour, Remove, Replace, SetSeason, SetTime, SetWeather, apply
from smile_core.scenes.lexicon import SENSES, Sense, bare
from smile_core.scenes.scene import USUAL_COLOUR, Scene, Season, Time, Weather


@dataclass
class _Mention:
    """A thing that the prompt names, with the verb that governs it and the colours beside it."""

    kind: str
    verb: str
    before: list[str]
    after: list[str] = field(default_factory=list)
    follows_into: bool = False


def read(prompt: str, scene: Scene) -> tuple[Edit, ...]:
    """The edits that a prompt asks of a scene; empty where nothing can be understood.

    A colour belongs to the thing named before it while that one still lacks a new colour, else to
    the thing named next. A thing's present colour only points it out ("the red car").
    """
    senses = [SENSES[word] for word in map(bare, prompt.split()) if word in SENSES]
    adjacent = [bare(word) in SENSES for word in prompt.split()]
    positions = [i for i, known in enumerate(adjacent) if known]
    edits: list[Edit] = []
    mentions: list[_Mention] = []
    verb, into, pending = "make", False, cast(list[str], [])
    for index, (sense, value) in enumerate(senses):
        if sense == "verb":
            verb, into = value, False
        elif sense == "into":
            into = bool(mentions)
        elif sense == "and":
            into = False
        elif sense in ("thing", "sky"):
            mentions.append(_Mention(value, verb, pending, follows_into=into))
            pending, into = [], False
        elif sense == "colour":
            last = mentions[-1] if mentions else None
            if last is None or _belongs_to_next(last, scene, senses, positions, index, into):
                pending.append(value)
            else:
                last.after.append(value)
        else:
            edits.extend(_read_surroundings(sense, value, verb, scene))
    if pending and mentions:
        mentions[-1].after.extend(pending)
    return (*_read_mentions(mentions, scene), *edits)


def _belongs_to_next(
    last: _Mention,
    scene: Scene,
    senses: Sequence[tuple[Sense, str]],
    positions: Sequence[int],
    index: int,
    into: bool,
) -> bool:
    touches = (
        index + 1 < len(senses) and senses[index + 1][0] == "thing" and positions[index + 1] == positions[index] + 1
    )
    if not touches:
        return False
    return last.verb != "make" or into or _new_colour(last, scene) is not None


def _colours_of(kind: str, scene: Scene) -> set[str]:
    return {thing.colour for thing in scene.things if thing.kind == kind}


def _new_colour(mention: _Mention, scene: Scene) -> str | None:
    """The last colour named beside a thing that it does not have yet."""
    present = _colours_of(mention.kind, scene)
    new = [colour for colour in (*mention.before, *mention.after) if {colour} != present]
    return new[-1] if new else None


def _read_surroundings(sense: Sense, value: str, verb: str, scene: Scene) -> list[Edit]:
    if verb == "remove":
        return [SetWeather("clear")] if sense == "weather" and value == scene.weather else []
    if sense == "weather":
        return [SetWeather(cast(Weather, value))]
    if sense == "time":
        return [SetTime(cast(Time, value))]
    return [SetSeason(cast(Season, value))]


def _read_mentions(mentions: Sequence[_Mention], scene: Scene) -> list[Edit]:
    edits: list[Edit] = []
    skip = False
    for mention, following in itertools.zip_longest(mentions, mentions[1:]):
        if skip:
            skip = False
            continue
        colours = (*mention.before, *mention.after)
        if mention.kind == "sky":
            continue
        if mention.verb == "add":
            edits.append(Add(mention.kind, colours[-1] if colours else USUAL_COLOUR[mention.kind]))
        elif not _colours_of(mention.kind, scene):
            continue
        elif _is_replaced(mention, following):
            colours = (*following.before, *following.after)
            colour = colours[-1] if colours else USUAL_COLOUR[following.kind]
            edits.append(Replace(mention.kind, following.kind, colour))
            skip = True
        elif mention.verb == "remove" and not mention.after:
            edits.append(Remove(mention.kind))
        elif mention.verb == "replace" and not mention.after:
            continue
        else:
            colour = _new_colour(mention, scene) or ""
            if colour:
                edits.append(Recolour(mention.kind, colour))
    return edits


def _is_replaced(mention: _Mention, following: _Mention | None) -> bool:
    if following is None or following.kind == "sky":
        return False
    if mention.verb == "replace" and following.verb == "replace":
        return True
    return mention.verb == "make" and following.verb == "make" and following.follows_into


def edited_scene(prompt: str, scene: Scene) -> Scene:
    """The scene after everything in the prompt that can be understood."""
    for edit in read(prompt, scene):
        scene = apply(scene, edit)
    return scene


def needed_words(words: Sequence[str], scene: Scene) -> np.ndarray:
    """Which words are needed: those in some minimal sufficient subset, found by trying all 2^n masks.

    A subset is sufficient when it alone gives the full prompt's scene, and minimal when no proper
    subset of it does.

    Args:
        words: the prompt's n words; 2^n scenes are compared, so n <= 16 is practical.
        scene: the scene before the edit.

    Returns:
        bool array (n,).
    """
    n = len(words)
    target = edited_scene(" ".join(words), scene)
    sufficient = np.array(
        [
            edited_scene(" ".join(w for i, w in enumerate(words) if mask >> i & 1), scene) == target
            for mask in range(1 << n)
        ]
    )
    holds = sufficient.copy()  # Becomes: some subset of the mask is sufficient.
    for i in range(n):
        bit = 1 << i
        with_bit = np.array([mask for mask in range(1 << n) if mask & bit])
        holds[with_bit] |= holds[with_bit ^ bit]
    needed = np.zeros(n, dtype=bool)
    for mask in np.flatnonzero(sufficient):
        members = [i for i in range(n) if mask >> i & 1]
        if not any(holds[mask ^ (1 << i)] for i in members):
            needed[members] = True
    return needed


class OracleEditor:
    """The oracle behind the editor protocol: exact edits of one known scene, in microseconds and a drawing."""

    shell_name = "oracle"

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.fingerprint = f"oracle-1:{scene.to_json()}"
        self._draw = lru_cache(maxsize=512)(draw)

    def describe(self) -> dict[str, str]:
        """What a report says about this editor."""
        return {"name": "oracle", "family": "oracle", "note": "symbolic editor, the ground truth for scenes"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> np.ndarray:
        """Draw the scene after each prompt.

        Args:
            image: uint8 (height, width, 3); only its size counts, the scene is known.
            prompts: the sub-prompts, N of them.
            seed: ignored; the oracle has no noise.

        Returns:
            uint8 array (N, height, width, 3).
        """
        size = (image.shape[1], image.shape[0])
        return np.stack([self._draw(edited_scene(prompt, self.scene), size=size) for prompt in prompts])
