"""The pictures of a page, each embedded once.

A page names a picture by a CSS class whose background is a data URI, so that a picture shown in
three places is carried once. Pictures are made smaller, never larger, than they came.
"""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

BUDGET = 4_500_000
"""Bytes of CSS that all pictures of a page may take together; past it they are made smaller."""

_LOSSLESS_BYTES = 9_000
_QUALITY = 90
_SHRINK = (1.0, 0.7, 0.5, 0.35, 0.25)


@dataclass
class _Entry:
    name: str
    picture: np.ndarray
    pixels: int


class Album:
    """Collects pictures while a page is laid out, then writes them as one style sheet."""

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}

    def add(self, picture: np.ndarray, *, pixels: int) -> str:
        """The class name that shows this picture, which needs to be `pixels` wide at most."""
        key = hashlib.blake2b(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).digest()
        entry = self._entries.setdefault(key, _Entry(f"i{len(self._entries)}", picture, pixels))
        entry.pixels = max(entry.pixels, pixels)
        return entry.name

    def css(self) -> str:
        """One rule per picture, within `BUDGET` where shrinking to a quarter gets there."""
        sheet = ""
        for scale in _SHRINK:
            sheet = "\n".join(
                f".{entry.name}{{background-image:url({data_uri(entry.picture, pixels=round(entry.pixels * scale))})}}"
                for entry in self._entries.values()
            )
            if len(sheet) <= BUDGET:
                break
        return sheet


def data_uri(picture: np.ndarray, *, pixels: int) -> str:
    """A WebP of an (height, width, 3) uint8 picture, at most `pixels` wide and twice that high; lossless if small."""
    image = Image.fromarray(picture)
    scale = min(1.0, pixels / image.width, 2 * pixels / image.height)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    content = b""
    if image.width * image.height <= 256 * 256:
        content = _webp(image, lossless=True)
    if not 0 < len(content) <= _LOSSLESS_BYTES:
        content = _webp(image, lossless=False)
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii")


def _webp(image: Image.Image, *, lossless: bool) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=lossless, quality=_QUALITY, method=4)
    return file.getvalue()
