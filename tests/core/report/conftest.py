"""A hand-made explanation of known numbers, for tests of everything that shows one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from smile_core.explanation import Counts, ExplainedWord, Explanation, Row, Setting, State
from smile_core.quality import Fidelity

Build = Callable[..., Explanation]


def picture(value: int, height: int = 32, width: int = 32) -> np.ndarray:
    """A picture that is different for each value."""
    columns = np.linspace(0, 200, width, dtype=np.uint8)
    made = np.broadcast_to(columns[None, :, None], (height, width, 3)).copy()
    made[: 4 + value % 20, :, value % 3] = (37 * value) % 256
    return made


def explained(
    prompt: str = "make the car red",
    influences: Sequence[float] = (0.0, 0.0, 0.5, 0.42),
    states: Sequence[State] = ("idle", "idle", "effective", "effective"),
    *,
    half: float = 0.03,
    texts: Sequence[str] | None = None,
    held_out: float | None = 0.97,
    size: tuple[int, int] = (32, 32),
    with_pictures: bool = True,
    failed: str | None = None,
    weights: Sequence[float] = (1.0,),
    **fields: Any,
) -> Explanation:
    """The full row, the empty one, each word left out, then one half; responses are the sums of influences."""
    words, cursor = [], 0
    texts = texts or [text.strip(",.!?") for text in prompt.split()]
    for text, influence, state in zip(texts, influences, states, strict=True):
        start = prompt.index(text, cursor)
        cursor = start + len(text)
        word = ExplainedWord(text, start, cursor, influence, influence - half, influence + half, state, 1 - influence)
        words.append(word)
    read = [word for word in words if word.state != "unread"]
    n = len(read)
    masks = [[1] * n, [0] * n, *(1 - np.eye(n, dtype=int)).tolist(), [i % 2 for i in range(n)]]
    rows = []
    for i, mask in enumerate(masks):
        response = [1.0, 0.0][i] if i < 2 else sum(w.influence for w, kept in zip(read, mask, strict=True) if kept)
        broken = failed if failed and i == len(masks) - 1 else None
        rows.append(
            Row(
                mask=tuple(mask),
                sub_prompt=" ".join(w.text for w, kept in zip(read, mask, strict=True) if kept),
                distance=None if broken else 1 - response,
                response=None if broken else response,
                weight=weights[i % len(weights)],
                predicted=None if i < 2 or broken else response + 0.01,
                picture=None if broken or not with_pictures else picture(i, *size),
                reused=i == 2,
                failed=broken,
            )
        )
    values: dict[str, Any] = {
        "prompt": prompt,
        "words": tuple(words),
        "intercept": 0.0,
        "rows": tuple(rows),
        "fidelity": Fidelity(held_out, n + 1, 0.991, 0.987, 0.0015, 0.031, 0.0, 0.031, 0.0015, 0.031, 0.0015),
        "effect": 0.8,
        "noise_floor": 0.02,
        "stop": "settled",
        "setting": setting(),
        "counts": Counts(made=len(rows) - 1 - bool(failed), reused=1, failed=int(bool(failed)), placebo=2),
        "seconds": 3.1,
        **fields,
    }
    return Explanation(**values)


def setting(**fields: Any) -> Setting:
    """A plain setting with the default method."""
    values: dict[str, Any] = {
        "editor": "scenes-turbo",
        "shell_name": "scenes-turbo",
        "family": "Img2Img-Turbo",
        "fingerprint": "a" * 64,
        "image_name": "street.png",
        "image_sha256": "b" * 64,
        "image_size": (32, 32),
        "edit_size": (32, 32),
        "seed": 0,
        "seeds": 1,
        "method": {"half_width": 0.04, "design": "auto", "response": "projection", "budget": None},
        "versions": {"numpy": "2.0"},
        **fields,
    }
    return Setting(**values)


@pytest.fixture
def build() -> Build:
    """Makes explanations; see `explained`."""
    return explained


@pytest.fixture
def build_setting() -> Callable[..., Setting]:
    """Makes settings; see `setting`."""
    return setting
