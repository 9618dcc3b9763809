"""Instructions for scenes: sampled edits, said in many ways.

An instruction is made from an edit type, a template, synonyms and filler words. What it asks for
is never taken from here: the oracle reads the text, so picture and text agree for sub-prompts too.
"""

from __future__ import annotations

import numpy as np

from smile_core.scenes.lexicon import SENSES
from smile_core.scenes.scene import Scene
from smile_core.scenes.templates import PHRASES, WEIGHTS, pick

_OPENINGS = (
    *("please", "can you", "could you please", "now", "just", "i want you to", "hey", "kindly", "please just"),
    *("would you", "we need you to", "simply", "quickly"),
)
_CLOSINGS = (
    "please",
    "for me",
    "thanks",
    "in this picture",
    "in the scene",
    "now",
    "in the image",
    "a bit",
    "if you can",
)
_JOINTS = ("and", "and", "and", "and then", "and also", "then", "plus", "&")
_SUBJECTS = ("thing", "weather", "time", "season", "terrain", "ground")


def random_instruction(random: np.random.Generator, scene: Scene, *, two: float = 0.3) -> str:
    """One instruction that changes this scene.

    Args:
        random: the source of every choice.
        scene: the scene that it speaks about.
        two: how often two edits are joined.
    """
    parts = random_phrases(random, scene, 2 if random.random() < two else 1)
    text = f" {pick(random, _JOINTS)} ".join(parts)
    if random.random() < 0.25:
        text = f"{pick(random, _OPENINGS)} {text}"
    if random.random() < 0.12:
        text = f"{text} {pick(random, _CLOSINGS)}"
    return text


def random_phrases(random: np.random.Generator, scene: Scene, count: int) -> list[str]:
    """Phrases that each ask for one edit of this scene, none of what another changes; at times fewer than `count`."""
    kinds = list(PHRASES)
    weights = np.array([WEIGHTS[kind] for kind in kinds])
    parts: list[str] = []
    for _ in range(count):
        phrase = ""
        for _ in range(8):
            kind = kinds[int(random.choice(len(kinds), p=weights / weights.sum()))]
            phrase = PHRASES[kind](random, scene)
            if phrase and not (parts and (_subjects(phrase) & _subjects(parts[0]) or not _has_verb(phrase))):
                break
        if phrase:
            parts.append(phrase)
    return parts


def random_sub_prompt(random: np.random.Generator, text: str) -> str:
    """The text with words left out: most often one to three, sometimes about half."""
    words = text.split()
    if random.random() < 0.5:
        gone = random.choice(len(words), size=min(len(words), int(random.integers(1, 4))), replace=False)
        return " ".join(word for i, word in enumerate(words) if i not in gone)
    kept = random.random(len(words)) < 0.5
    return " ".join(word for word, keep in zip(words, kept, strict=True) if keep)


def _subjects(phrase: str) -> set[tuple[str, str]]:
    """What a phrase changes; two parts of one instruction should not change the same."""
    senses = [SENSES[word] for word in phrase.split() if word in SENSES]
    return {(sense, value if sense == "thing" else "") for sense, value in senses if sense in _SUBJECTS}


def _has_verb(phrase: str) -> bool:
    """Whether a phrase would be understood after another one: "remove the tree and car red" would not."""
    return any(SENSES[word][0] in ("verb", "should") for word in phrase.split() if word in SENSES)
