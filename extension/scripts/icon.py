"""Draw the extension's icon: three words of a prompt, two that pull towards the edit and one that works against it."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
SIZE, SCALE = 256, 4


def icon() -> Image.Image:
    """A square RGBA picture of 256 pixels."""
    ramp = json.loads((HERE.parents[1] / "smile_core/report/colours.json").read_text(encoding="utf-8"))
    theme = ramp["themes"]["dark"]
    image = Image.new("RGBA", (SIZE * SCALE, SIZE * SCALE))
    draw = ImageDraw.Draw(image)

    def box(left: float, top: float, right: float, bottom: float, fill: str, radius: float = 0) -> None:
        draw.rounded_rectangle([v * SCALE for v in (left, top, right - 1, bottom - 1)], radius * SCALE, fill=fill)

    box(0, 0, 256, 256, theme["background"], 48)
    grey, blue, orange = "#4A4A4A", theme["positive_line"], theme["negative_line"]
    box(36, 52, 92, 76, grey, 4)
    box(104, 44, 220, 84, _over(theme, "positive", 9))
    box(104, 84, 220, 94, blue)
    box(36, 112, 140, 152, _over(theme, "negative", 9))
    for left in (36, 72, 108):
        box(left, 152, left + 24 if left < 108 else 140, 162, orange)
    box(152, 120, 220, 144, grey, 4)
    box(36, 188, 80, 212, grey, 4)
    box(92, 180, 184, 220, _over(theme, "positive", 5))
    box(92, 220, 184, 228, blue)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def _over(theme: dict, sign: str, step: int) -> str:
    """A fill of the ramp laid over the background, somewhat stronger so that it reads at 16 pixels."""
    alpha = min(1.0, 1.5 * theme[sign]["alpha"][step])
    back = [int(theme["background"][i : i + 2], 16) for i in (1, 3, 5)]
    mixed = (round(a * alpha + b * (1 - alpha)) for a, b in zip(theme[sign]["rgb"], back, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


if __name__ == "__main__":
    icon().save(HERE.parent / "media/icon.png", optimize=True)
