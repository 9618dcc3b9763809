"""Cut the pictures of the README and the walkthrough out of what the end-to-end tests saw (`make test-vscode`)."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
SEEN = HERE.parents[1] / "out/screenshots"
COLOURS = 200

PICTURES = {
    "media/colours.png": ("example-dark", (48, 35, 848, 375)),
    "media/hover.png": ("example-hover-dark", (48, 235, 848, 535)),
    "media/report.png": ("example-report-dark", (48, 35, 1280, 755)),
    "media/quick-fix.png": ("quick-fix-dark", (348, 35, 1000, 255)),
    "media/light.png": ("editor-light", (348, 35, 1148, 395)),
}
"""Files below extension/: the screenshot, and left, top, right, bottom of what is shown."""


def main() -> None:
    """Write every picture with a palette, which keeps the package small."""
    for name, (screenshot, box) in PICTURES.items():
        with Image.open(SEEN / f"{screenshot}.png") as seen:
            cut = seen.convert("RGB").crop(box).quantize(COLOURS, dither=Image.Dither.NONE)
        cut.save(HERE.parent / name, optimize=True)


if __name__ == "__main__":
    main()
