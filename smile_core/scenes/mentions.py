"""From words to mentions: which things an instruction names, with which verb, and what it says of each.

One left-to-right pass. No word order is required beyond what a reader would need, because sub-prompts
have lost words anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from smile_core.scenes.edits import Edit, SetGround, SetSeason, SetTime, SetWeather
from smile_core.scenes.lexicon import SENSES, Sense, bare
from smile_core.scenes.scene import Ground, Scene, Season, Time, Weather


@dataclass
class Mention:
    """A thing that the prompt names, with the verb that governs it and the words that belong to it.

    Attributes:
        kind: of the thing; "sky" or "ground" for words that only say what is spoken of.
        verb: the verb's meaning; "make" where none was said.
        before, after: colours named before and after it.
        side_before, side_after: "left", "right" or nothing.
        build, size: "bigger", "smaller" or nothing; `build` was said before it and speaks of one that is added.
        beside: kind of the thing that it stands beside or goes to.
        beside_colours: that thing's colours, as said.
        beside_side: on which side of it; nothing for either.
        follows_into: it comes after "into" or "to".
        shares: no verb of its own, and joined by "and" to the mention before it.
    """

    kind: str = ""
    verb: str = ""
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    side_before: str = ""
    side_after: str = ""
    build: str = ""
    size: str = ""
    beside: str = ""
    beside_colours: list[str] = field(default_factory=list)
    beside_side: str = ""
    follows_into: bool = False
    shares: bool = False


@dataclass(frozen=True)
class Token:
    """A word that means something. `touches_thing`: the very next word names a thing; `before_thing`: a thing is
    named later, before the next "and"."""

    sense: Sense
    value: str
    touches_thing: bool
    before_thing: bool


class Pass:
    """The one pass over the words: what has been named so far, and what waits for the next thing.

    A colour belongs to the thing named before it while that one still lacks a new colour, else to the thing named
    next; a size or a side likewise. A verb of adding, removing, replacing or moving begins a new clause, as "and" does.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._mentions: list[Mention] = []
        self.surroundings: list[Edit] = []
        self._verb, self._into, self._ground_named = "make", False, False
        self._relation: str | None = None  # "beside", or the side of what is named next.
        self._said_verb, self._joined, self._new_clause = False, False, False
        self._waiting = Mention()

    def take(self, token: Token) -> None:
        """Read one more word."""
        value, last = token.value, self._mentions[-1] if self._mentions else None
        opens = self._new_clause and token.before_thing  # "and in red paint the house"
        match token.sense:
            case "verb" | "should":
                self._verb, self._into, self._relation, self._said_verb = value, False, None, True
                self._new_clause = self._new_clause or value in ("add", "remove", "replace", "move")
                if value == "make":
                    self._make(token, last)
            case "into":
                self._into = (bool(self._mentions) or self._ground_named) and self._relation is None
            case "and":
                self._into, self._relation, self._said_verb = False, None, False
                self._new_clause = self._joined = True
            case "beside":
                self._relation = value
            case "thing" | "sky":
                self._ground_named = self._ground_named or value == "ground"
                self._name(value)
            case "colour":
                self._colour(token, last, opens)
            case "side":
                wanted = last is not None and last.verb == "move" and not last.side_after and not self._new_clause
                if token.touches_thing and not wanted:
                    self._waiting.side_before = value
                else:
                    (self._waiting if last is None or opens else last).side_after = value
                self._into = False
            case "size" | "build":
                wanted = token.sense == "size" and last is not None and last.verb == "make" and not last.size
                if last is None or opens or (token.touches_thing and not wanted):
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

    def finished(self) -> list[Mention]:
        """All mentions, once the last word is read; what still waits belongs to the last of them."""
        if self._mentions:
            last, waiting = self._mentions[-1], self._waiting
            last.after += [*waiting.after, *waiting.before]
            last.side_after = last.side_after or waiting.side_after or waiting.side_before
            last.size = last.size or waiting.size
        return self._mentions

    def _make(self, token: Token, last: Mention | None) -> None:
        """A verb that only says that something becomes what other words name."""
        if last is not None and last.shares and (token.sense == "should" or not token.before_thing):
            last.verb, last.shares = "make", False  # "remove the tree and the car should be red"
        self._waiting.after += self._waiting.before  # "in red paint the blue car"
        self._waiting.before = []

    def _name(self, kind: str) -> None:
        if self._relation is not None:
            # "next to the tree": the tree only says which thing is meant, or where it goes.
            waiting, side = self._waiting, "" if self._relation == "beside" else self._relation
            named = self._mentions[-1] if self._mentions else Mention()
            named.beside, named.beside_side, named.beside_colours = kind, side, waiting.beside_colours
            self._relation, self._waiting = None, Mention() if self._mentions else named
            return
        self._waiting.kind, self._waiting.verb = kind, self._verb
        self._waiting.follows_into = self._into
        self._waiting.shares = self._joined and not self._said_verb
        self._mentions.append(self._waiting)
        self._waiting = Mention()
        self._into = self._new_clause = self._joined = self._said_verb = False

    def _colour(self, token: Token, last: Mention | None, opens: bool) -> None:
        if self._relation is not None and token.before_thing:
            self._waiting.beside_colours.append(token.value)
        elif last is None or opens or self._colour_is_for_the_next(token, last):
            self._waiting.before.append(token.value)
        else:
            last.after.append(token.value)

    def _colour_is_for_the_next(self, token: Token, last: Mention) -> bool:
        if not token.touches_thing:
            return False
        return last.verb != "make" or self._into or new_colour(last, self._scene) is not None

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


def new_colour(mention: Mention, scene: Scene) -> str | None:
    """The last colour named beside a thing that does not merely point it out."""
    colours = {thing.colour for thing in scene.things if thing.kind == mention.kind}
    pointing = [colour for colour in mention.before if colour in colours]
    meant = set(pointing[-1:]) or colours
    new = [c for c in mention.before if c not in colours] + [c for c in mention.after if {c} != meant]
    return new[-1] if new else None


def tokens_of(prompt: str) -> list[Token]:
    """The words of a prompt that mean something."""
    words = [bare(word) for word in prompt.split()]
    senses = [SENSES.get(word) for word in words]
    tokens: list[Token] = []
    ahead, following = False, False  # Going backwards: is a thing named in this clause, and by the very next word?
    for place in reversed(range(len(words))):
        sense = senses[place]
        if sense is not None:
            if sense[0] == "side" and _of_a_thing(words[place + 1 :], senses[place + 1 :]):
                sense = ("beside", sense[1])
            tokens.append(Token(*sense, touches_thing=following, before_thing=ahead))
            ahead = sense[0] == "thing" or (ahead and sense[0] != "and")
        following = sense is not None and sense[0] == "thing"
    return tokens[::-1]


def _of_a_thing(words: Sequence[str], senses: Sequence[tuple[Sense, str] | None]) -> bool:
    """Whether a text goes on as in "left of the red car"."""
    if not words or words[0] != "of":
        return False
    said = (sense[0] for sense in senses if sense is not None and sense[0] not in ("colour", "build"))
    return next(said, None) == "thing"
