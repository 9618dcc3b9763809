"""The oracle: a symbolic editor that reads any sub-prompt, applies what it understands, and draws.

It is exact and deterministic, so it is the ground truth that estimators and trained editors are
judged by. `reading.py` understands, `edits.py` applies; here are the truths that follow from both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from smile_core.scenes.draw import draw
from smile_core.scenes.edits import Edit, apply, changes
from smile_core.scenes.reading import Reading
from smile_core.scenes.scene import Scene

VERSION = 3
"""Goes up whenever a text comes to be read, or a scene to be drawn, in another way."""


def read(prompt: str, scene: Scene) -> tuple[Edit, ...]:
    """The edits that a prompt asks of a scene; empty where nothing can be understood."""
    return Reading(scene).of(prompt)


def edited_scene(prompt: str, scene: Scene) -> Scene:
    """The scene after everything in the prompt that can be understood."""
    return apply(scene, read(prompt, scene))


def share_achieved(sub_prompt: str, prompt: str, scene: Scene) -> float:
    """The share of a prompt's changes that a sub-prompt achieves too: 0 to 1, counted in facts of the scene.

    1 for a prompt that changes nothing. Changes that the prompt does not make neither add nor take away.
    """
    wanted = changes(scene, read(prompt, scene))
    return len(wanted & changes(scene, read(sub_prompt, scene))) / len(wanted) if wanted else 1.0


def exhaustive_influences(words: Sequence[str], scene: Scene) -> np.ndarray:
    """What fitting all 2^n sub-prompts gives each word, the response being `share_achieved`.

    Args:
        words: the prompt's n words.
        scene: the scene before the edit.

    Returns:
        float array (n,): the mean share with the word minus the mean share without it.

    Raises:
        ValueError: more than 16 words.
    """
    _few(words)
    prompt = " ".join(words)
    wanted = changes(scene, read(prompt, scene))
    size = max(len(wanted), 1)
    shares = np.array([len(wanted & changes(scene, read(text, scene))) / size for text in _sub_prompts(words)])
    cube = shares.reshape((2,) * len(words))  # The first axis is the last word.
    return np.array([np.diff(cube, axis=axis).mean() for axis in reversed(range(len(words)))])


def _few(words: Sequence[str]) -> None:
    if len(words) > 16:
        raise ValueError(f"{len(words)} words have 2^{len(words)} sub-prompts; the oracle tries those of 16 at most")


def _sub_prompts(words: Sequence[str]) -> Iterator[str]:
    """All 2^n texts; bit i of the k-th one's k keeps word i."""
    for mask in range(1 << len(words)):
        yield " ".join(word for i, word in enumerate(words) if mask >> i & 1)


def needed_words(words: Sequence[str], scene: Scene) -> np.ndarray:
    """Which words are needed: those in some minimal sufficient subset, found by trying all 2^n masks.

    A subset is sufficient when it alone gives the full prompt's scene, and minimal when no proper
    subset of it does.

    Args:
        words: the prompt's n words.
        scene: the scene before the edit.

    Returns:
        bool array (n,).

    Raises:
        ValueError: more than 16 words.
    """
    _few(words)
    n = len(words)
    target = edited_scene(" ".join(words), scene)
    sufficient = np.array([edited_scene(text, scene) == target for text in _sub_prompts(words)])
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
        self.fingerprint = f"oracle-{VERSION}:{scene.to_json()}"
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
