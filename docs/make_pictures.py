"""Draw the pictures that the documents and the examples show: `python docs/make_pictures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from smile_core import explain
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import Scene, Thing, random_scene
from smile_core.scenes.scene_png import scene_png

ROOT = Path(__file__).parent.parent
STREET = Scene(
    things=(Thing("house", "yellow", 0.24), Thing("tree", "green", 0.8), Thing("car", "blue", 0.6)), backdrop=31
)
PROMPT = "make the car red"


def contact_sheet(columns: int = 8, rows: int = 4, edge: int = 4) -> Image.Image:
    """Random scenes side by side."""
    cells = [draw(random_scene(seed)) for seed in range(columns * rows)]
    framed = [np.pad(cell, ((0, edge), (0, edge), (0, 0)), constant_values=255) for cell in cells]
    lines = [np.hstack(framed[k * columns : (k + 1) * columns]) for k in range(rows)]
    return Image.fromarray(np.vstack(lines))


if __name__ == "__main__":
    street = ROOT / "examples" / "street.png"
    street.write_bytes(scene_png(STREET))
    contact_sheet().save(ROOT / "docs" / "scenes.png", optimize=True)
    explain(PROMPT, street).save(ROOT / "docs" / "explanation.png")
