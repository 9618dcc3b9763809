"""The names of the models that come with the package, for those who must not import numpy to know them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

WEIGHTS = Path(__file__).parent.parent / "scenes" / "weights"


def short_names(models: Sequence[str]) -> tuple[str, ...]:
    """What tables call models: a folder by its last part, unless another would be called the same."""
    last = [PurePath(model).name or model for model in models]
    return tuple(name if last.count(name) == 1 else model for name, model in zip(last, models, strict=True))


def shipped_names() -> tuple[str, ...]:
    """Folders with weights, in alphabetical order."""
    return tuple(sorted(index.parent.name for index in WEIGHTS.glob("*/model_index.json")))
