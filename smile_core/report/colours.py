"""The ramp that words are coloured by: ten steps each way, the same in every report and editor.

The scale is absolute, so a word keeps its colour when other words change. Fills are drawn under the
text and lines under the fill; a solid line pulls towards the edit, a dashed one works against it.
`colours.json` holds the numbers, with their contrast and colour-vision checks done where they were made.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from smile_core.explanation import ExplainedWord

ThemeName = Literal["light", "dark", "highContrast", "highContrastLight"]
THEME_NAMES: tuple[ThemeName, ...] = ("light", "dark", "highContrast", "highContrastLight")

STEPS = 10
"""Buckets each way: -10 to -1 work against the edit, 1 to 10 pull towards it, 0 has no colour."""


@dataclass(frozen=True)
class Ramp:
    """Ten fills of one colour, from faint to strong, as opacities over the background."""

    rgb: tuple[int, int, int]
    alpha: tuple[float, ...]


@dataclass(frozen=True)
class Theme:
    """The colours of one kind of theme; plain colours are `#RRGGBB`, `line_width` is in CSS pixels per step."""

    background: str
    text: str
    neutral_line: str
    positive_line: str
    negative_line: str
    line_width: tuple[int, ...]
    positive: Ramp
    negative: Ramp

    def fill(self, bucket: int) -> str:
        """The CSS colour under a word of this bucket."""
        if bucket == 0:
            return "transparent"
        ramp = self._ramp(bucket)
        red, green, blue = ramp.rgb
        return f"rgba({red},{green},{blue},{ramp.alpha[abs(bucket) - 1]:g})"

    def line(self, bucket: int) -> str:
        """The colour of the line under a word of this bucket."""
        return self.neutral_line if bucket == 0 else self.positive_line if bucket > 0 else self.negative_line

    def solid_fill(self, bucket: int) -> tuple[int, int, int]:
        """The fill laid over the theme's background, for places that know no transparency."""
        below = rgb(self.background)
        if bucket == 0:
            return below
        ramp = self._ramp(bucket)
        alpha = ramp.alpha[abs(bucket) - 1]
        red, green, blue = (round(alpha * top + (1 - alpha) * base) for top, base in zip(ramp.rgb, below, strict=True))
        return red, green, blue

    def width(self, bucket: int) -> int:
        """The width of the line under a word of this bucket, in CSS pixels."""
        return self.line_width[abs(bucket) - 1] if bucket else 1

    def _ramp(self, bucket: int) -> Ramp:
        return self.positive if bucket > 0 else self.negative


def theme(name: ThemeName) -> Theme:
    """The colours for light, dark and the two high-contrast kinds of theme."""
    fields = dict(_table()["themes"][name])
    for sign in ("positive", "negative"):
        ramp = fields[sign]
        fields[sign] = Ramp(rgb=tuple(ramp["rgb"]), alpha=tuple(ramp["alpha"]))
    return Theme(**{**fields, "line_width": tuple(fields["line_width"])})


def bucket(influence: float) -> int:
    """The step of an influence in -10 to 10, by the absolute edges of the scale; 0 within +-0.02."""
    step = bisect_right(_table()["edges"], abs(influence))
    return step if influence > 0 else -step


def word_bucket(word: ExplainedWord) -> int:
    """The step that a word is drawn in: 0, so no colour, unless the word is effective."""
    return bucket(word.influence) if word.state == "effective" else 0


def rgb(colour: str) -> tuple[int, int, int]:
    """`#RRGGBB` as three numbers in 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


@cache
def _table() -> dict[str, Any]:
    text = files("smile_core.report").joinpath("colours.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table
