"""Understand an instruction for a scene: one left-to-right pass over the words' senses.

No word order is required beyond what a reader would need, because sub-prompts have lost words
anywhere. First the words become mentions of things, then the mentions become edits.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

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
)
from smile_core.scenes.lexicon import SENSES, Sense, bare
from smile_core.scenes.scene import USUAL_COLOUR, Ground, Scene, Season, Side, Time, Weather

_EDGE = {"left": 0.0, "right": 1.0}


@dataclass
class _Mention:
    """A thing that the prompt names, with the verb that governs it and the words that belong to it."""

    kind: str
    verb: str
    before: list[str]
    after: list[str] = field(default_factory=list)
    side_before: str = ""
    side_after: str = ""
    build: str = ""
    size: str = ""
    beside: str = ""
    follows_into: bool = False


@dataclass(frozen=True)
class _Token:
    sense: Sense
    value: str
    touches_thing: bool  # The very next word names a thing.
    before_thing: bool  # A thing is named later, before the next "and".


class Reading:
    """Reads prompts about one scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def of(self, prompt: str) -> tuple[Edit, ...]:
        """The edits that the prompt asks for, things first, then the surroundings.

        A colour belongs to the thing named before it while that one still lacks a new colour, else to
        the thing named next. A thing's present colour, its side or its neighbour only point it out
        ("the red car", "the car on the left", "the car next to the tree").
        """
        pass_ = _Pass(self._scene)
        for token in _tokens(prompt):
            pass_.take(token)
        return (*self._edits_of(pass_.finished()), *pass_.surroundings)

    def _edits_of(self, mentions: Sequence[_Mention]) -> list[Edit]:
        edits: list[Edit] = []
        replaced = False
        for mention, following in itertools.zip_longest(mentions, mentions[1:]):
            if replaced:
                replaced = False
                continue
            if mention.kind in ("sky", "ground"):
                continue
            which = self._pointed_out(mention)
            if mention.verb == "add":
                edits.append(self._added(mention))
            elif which and following is not None and _is_replaced(mention, following):
                edits.append(Replace(which, following.kind, _last(following) or USUAL_COLOUR[following.kind]))
                replaced = True
            elif which:
                edits.extend(self._changed(mention, which))
        return edits

    def _changed(self, mention: _Mention, which: Which) -> list[Edit]:
        match mention.verb:
            case "remove" if not (mention.after or mention.size):
                return [Remove(which)]
            case "replace" if not (mention.after or mention.size):
                return []
            case "move":
                if mention.side_after:
                    return [Move(which, cast(Side, mention.side_after))]
                anchor = self._place_of(mention.beside)
                return [] if anchor is None else [MoveNear(which, anchor)]
            case "grow" | "shrink":
                return [Resize(which, mention.verb == "grow")]
        colour = new_colour(mention, self._scene)
        edits: list[Edit] = [Recolour(which, colour)] if colour else []
        if mention.size:
            edits.append(Resize(which, mention.size == "bigger"))
        return edits

    def _added(self, mention: _Mention) -> Edit:
        size = {"": 1.0, "bigger": 1.45, "smaller": 0.65}[mention.build or mention.size]
        side = mention.side_after or mention.side_before
        near = _EDGE[side] if side else self._place_of(mention.beside)
        return Add(mention.kind, _last(mention) or USUAL_COLOUR[mention.kind], size, near)

    def _pointed_out(self, mention: _Mention) -> Which:
        """Which things of the scene a mention means; empty where there is none of the kind."""
        scene = self._scene
        which = [i for i, thing in enumerate(scene.things) if thing.kind == mention.kind]
        for colour in mention.before:
            which = [i for i in which if scene.things[i].colour == colour] or which
        side = mention.side_before or ("" if mention.verb in ("move", "add") else mention.side_after)
        if side and which:
            which = [min(which, key=lambda i: scene.things[i].x if side == "left" else -scene.things[i].x)]
        moved_there = mention.verb == "move" and not mention.side_after
        anchors = [] if moved_there else [thing.x for thing in scene.things if thing.kind == mention.beside]
        if anchors and which:
            which = [min(which, key=lambda i: min(abs(scene.things[i].x - x) for x in anchors))]
        return tuple(which)

    def _place_of(self, kind: str) -> float | None:
        return next((thing.x for thing in self._scene.things if thing.kind == kind), None)


class _Pass:
    """The one pass over the words: what has been named so far, and what waits for the next thing."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._mentions: list[_Mention] = []
        self.surroundings: list[Edit] = []
        self._verb, self._into, self._relation, self._ground_named = "make", False, False, False
        self._new_clause = False
        self._waiting = _Mention("", "", [])

    def take(self, token: _Token) -> None:
        """Read one more word."""
        value, last = token.value, self._mentions[-1] if self._mentions else None
        opens = self._new_clause and token.before_thing  # "and in red paint the house"
        match token.sense:
            case "verb":
                self._verb, self._into, self._relation = value, False, False
            case "into":
                self._into = (bool(self._mentions) or self._ground_named) and not self._relation
            case "and":
                self._into = self._relation = False
                self._new_clause = True
            case "beside":
                self._relation = True
            case "thing" | "sky":
                self._ground_named = self._ground_named or value == "ground"
                self._name(value)
            case "colour":
                if last is None or opens or self._colour_is_for_the_next(token, last):
                    self._waiting.before.append(value)
                else:
                    last.after.append(value)
            case "side":
                if token.touches_thing:
                    self._waiting.side_before = value
                else:
                    (self._waiting if last is None or opens else last).side_after = value
                self._into = False
            case "size" | "build":
                if token.touches_thing or last is None:
                    setattr(self._waiting, token.sense, value)
                else:
                    last.size = value
            case "terrain":
                if value == self._scene.ground:
                    self._ground_named = True
                elif self._into or self._verb == "replace" or self._ground_named:
                    self.surroundings.append(SetGround(cast(Ground, value)))
            case _:
                self.surroundings.extend(self._surroundings(token.sense, value))

    def finished(self) -> list[_Mention]:
        """All mentions, once the last word is read; what still waits belongs to the last of them."""
        if self._mentions:
            last, waiting = self._mentions[-1], self._waiting
            last.after.extend(waiting.before)
            last.side_after = last.side_after or waiting.side_after or waiting.side_before
            last.size = last.size or waiting.size
        return self._mentions

    def _name(self, kind: str) -> None:
        if self._relation:
            # "next to the tree": the tree only says which thing is meant, or where it goes.
            self._relation = False
            if self._mentions:
                self._mentions[-1].beside = kind
                self._waiting = _Mention("", "", [])
            else:
                self._waiting = _Mention("", "", [], beside=kind)
            return
        waiting = self._waiting
        self._mentions.append(
            _Mention(
                kind,
                self._verb,
                waiting.before,
                side_before=waiting.side_before,
                side_after=waiting.side_after,
                build=waiting.build,
                size=waiting.size,
                beside=waiting.beside,
                follows_into=self._into,
            )
        )
        self._waiting, self._into, self._new_clause = _Mention("", "", []), False, False

    def _colour_is_for_the_next(self, token: _Token, last: _Mention) -> bool:
        if not token.touches_thing:
            return False
        return last.verb != "make" or self._into or self._relation or new_colour(last, self._scene) is not None

    def _surroundings(self, sense: Sense, value: str) -> list[Edit]:
        scene = self._scene
        if self._verb == "remove":
            return [SetWeather("clear")] if sense == "weather" and value == scene.weather else []
        match sense:
            case "weather":
                return [SetWeather(cast(Weather, value))]
            case "time":
                return [SetTime(cast(Time, value))]
            case "season":
                return [SetSeason(cast(Season, value))]
        return [SetGround(cast(Ground, value))]


def new_colour(mention: _Mention, scene: Scene) -> str | None:
    """The last colour named beside a thing that does not merely point it out."""
    colours = {thing.colour for thing in scene.things if thing.kind == mention.kind}
    pointing = [colour for colour in mention.before if colour in colours]
    meant = set(pointing[-1:]) or colours
    new = [c for c in mention.before if c not in colours] + [c for c in mention.after if {c} != meant]
    return new[-1] if new else None


def _last(mention: _Mention) -> str:
    colours = [*mention.before, *mention.after]
    return colours[-1] if colours else ""


def _is_replaced(mention: _Mention, following: _Mention) -> bool:
    if following.kind in ("sky", "ground"):
        return False
    if mention.verb == "replace" and following.verb == "replace":
        return True
    return mention.verb == "make" and following.verb == "make" and following.follows_into


def _tokens(prompt: str) -> list[_Token]:
    """The words that mean something."""
    senses = [SENSES.get(bare(word)) for word in prompt.split()]
    tokens: list[_Token] = []
    ahead, following = False, False  # Going backwards: is a thing named in this clause, and by the very next word?
    for sense in reversed(senses):
        if sense is not None:
            tokens.append(_Token(*sense, touches_thing=following, before_thing=ahead))
            ahead = sense[0] == "thing" or (ahead and sense[0] != "and")
        following = sense is not None and sense[0] == "thing"
    return tokens[::-1]
