"""The names of the models that come with the package, for those who must not import numpy to know them."""

from __future__ import annotations

from pathlib import Path

WEIGHTS = Path(__file__).parent.parent / "scenes" / "weights"


def shipped_names() -> tuple[str, ...]:
    """Folders with weights, in alphabetical order."""
    return tuple(sorted(index.parent.name for index in WEIGHTS.glob("*/model_index.json")))
