"""Forty prompts with scenes, whose needed words a person marked: the smallest truth there is, and the most trusted.

A word is needed when it is in some minimal sufficient subset of the prompt; `oracle.needed_words`
computes the same, and a test holds the two together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from smile_core.scenes.scene import Scene

_FILE = Path(__file__).parent / "labelled.json"


@dataclass(frozen=True)
class Labelled:
    """A prompt for a scene; `needed` has one flag a word."""

    prompt: str
    scene: Scene
    needed: tuple[bool, ...]


def labelled_prompts() -> tuple[Labelled, ...]:
    """All of them, 3 to 8 words long, of every kind of edit."""
    rows = json.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(
        Labelled(row["prompt"], Scene.from_json(json.dumps(row["scene"])), tuple(map(bool, row["needed"])))
        for row in rows
    )
