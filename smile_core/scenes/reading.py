"""Understand an instruction for a scene: the things that it mentions become edits."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import cast

from smile_core.scenes.edits import Add, Edit, Move, MoveNear, Recolour, Remove, Replace, Resize, Which
from smile_core.scenes.mentions import Mention, Pass, new_colour, tokens_of
from smile_core.scenes.scene import USUAL_COLOUR, WIDTH, Scene, Side, Thing

_EDGE = {"left": 0.0, "right": 1.0}


class Reading:
    """Reads prompts about one scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def of(self, prompt: str) -> tuple[Edit, ...]:
        """The edits that the prompt asks for, things first, then the surroundings.

        A thing's present colour, its side or its neighbour only point it out ("the red car", "the car on the
        left", "the car next to the tree"). Of things joined by "and" the first ones take what is said of the last
        ("make the house and the car red").
        """
        pass_ = Pass(self._scene)
        for token in tokens_of(prompt):
            pass_.take(token)
        mentions = pass_.finished()
        for mention, following in reversed(list(itertools.pairwise(mentions))):
            self._share(mention, following)
        return (*self._edits_of(mentions), *pass_.surroundings)

    def _share(self, mention: Mention, following: Mention) -> None:
        """Say of a thing what is said of the one after it, where nothing is said of it alone."""
        if not following.shares or mention.verb != following.verb:
            return
        if mention.verb == "make" and new_colour(mention, self._scene) is None and not mention.size:
            mention.after = [*mention.after, *following.after]
            mention.size = following.size
        if mention.verb == "move" and not (mention.side_after or mention.beside):
            mention.side_after, mention.beside = following.side_after, following.beside
            mention.beside_colours, mention.beside_side = following.beside_colours, following.beside_side

    def _edits_of(self, mentions: Sequence[Mention]) -> list[Edit]:
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

    def _changed(self, mention: Mention, which: Which) -> list[Edit]:
        match mention.verb:
            case "remove" if not (mention.after or mention.size):
                return [Remove(which)]
            case "replace" if not (mention.after or mention.size):
                return []
            case "move":
                if mention.side_after:
                    return [Move(which, cast(Side, mention.side_after))]
                near = self._place_beside(mention)
                return [] if near is None else [MoveNear(which, near)]
            case "grow" | "shrink":
                return [Resize(which, mention.verb == "grow")]
        colour = new_colour(mention, self._scene)
        edits: list[Edit] = [Recolour(which, colour)] if colour else []
        if mention.size:
            edits.append(Resize(which, mention.size == "bigger"))
        return edits

    def _added(self, mention: Mention) -> Edit:
        size = {"": 1.0, "bigger": 1.45, "smaller": 0.65}[mention.build or mention.size]
        side = mention.side_after or mention.side_before
        near = _EDGE[side] if side else self._place_beside(mention)
        return Add(mention.kind, _last(mention) or USUAL_COLOUR[mention.kind], size, near)

    def _pointed_out(self, mention: Mention) -> Which:
        """Which things of the scene a mention means; empty where there is none of the kind."""
        scene = self._scene
        which = _alike(scene, mention.kind, mention.before)
        side = mention.side_before or ("" if mention.verb in ("move", "add") else mention.side_after)
        if side and which:
            which = [min(which, key=lambda i: scene.things[i].x if side == "left" else -scene.things[i].x)]
        moved_there = mention.verb == "move" and not mention.side_after
        anchors = [] if moved_there else self._anchors(mention)
        if anchors and which:
            which = [min(which, key=lambda i: min(_far(scene.things[i], a, mention.beside_side) for a in anchors))]
        return tuple(which)

    def _anchors(self, mention: Mention) -> list[Thing]:
        return [self._scene.things[i] for i in _alike(self._scene, mention.beside, mention.beside_colours)]

    def _place_beside(self, mention: Mention) -> float | None:
        """Where something goes that is put beside a thing, as a share of the picture's width; None without one."""
        anchor = next(iter(self._anchors(mention)), None)
        if anchor is None:
            return None
        if not mention.beside_side:
            return anchor.x
        apart = (WIDTH[anchor.kind] * anchor.size + WIDTH[mention.kind]) / 2
        return round(anchor.x - apart if mention.beside_side == "left" else anchor.x + apart, 4)


def _alike(scene: Scene, kind: str, colours: Sequence[str]) -> list[int]:
    """The things of a kind, those of a colour where there are such."""
    which = [i for i, thing in enumerate(scene.things) if thing.kind == kind]
    for colour in colours:
        which = [i for i in which if scene.things[i].colour == colour] or which
    return which


def _far(thing: Thing, anchor: Thing, side: str) -> float:
    """How far a thing is from another; one on the wrong side of it is farther than any on the right one."""
    wrong = (side == "left" and thing.x > anchor.x) or (side == "right" and thing.x < anchor.x)
    return abs(thing.x - anchor.x) + wrong


def _last(mention: Mention) -> str:
    colours = [*mention.before, *mention.after]
    return colours[-1] if colours else ""


def _is_replaced(mention: Mention, following: Mention) -> bool:
    if following.kind in ("sky", "ground") or following.shares:
        return False
    if mention.verb == "replace" and following.verb == "replace":
        return True
    return mention.verb == "make" and following.verb == "make" and following.follows_into
