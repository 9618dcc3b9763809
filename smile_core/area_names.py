"""How an area is written: a box, `segment:` and a model's folder, or a mask's file. Only text; nothing is opened."""

from __future__ import annotations

import re
from pathlib import Path

SEGMENT = "segment:"
_BOX = re.compile(r"\s*[\d.]+\s*(,\s*[\d.]+\s*){3}")


def is_box(text: str) -> bool:
    """Whether a text is four numbers, as in "10,20,200,180"."""
    return _BOX.fullmatch(text) is not None


def beside(area: str, folder: Path) -> str:
    """An area as a document names it, with its file or model's folder taken as relative to the document's folder."""
    if is_box(area):
        return area
    kind = SEGMENT if area.startswith(SEGMENT) else ""
    return f"{kind}{folder / area.removeprefix(kind)}"
