"""Draw the pictures that the documents and the examples show: `python docs/make_pictures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from smile_core import explain
from smile_core.editors.registry import open_editor, shipped_models
from smile_core.scenes.draw import draw
from smile_core.scenes.quiz import questions
from smile_core.scenes.scene import Scene, Thing, random_scene
from smile_core.scenes.scene_png import scene_png

ROOT = Path(__file__).parent.parent
STREET = Scene(
    things=(Thing("house", "yellow", 0.24), Thing("tree", "green", 0.8), Thing("car", "blue", 0.6)), backdrop=31
)
PROMPT = "make the car red"


def contact_sheet(columns: int = 8, rows: int = 4, edge: int = 4) -> Image.Image:
    """Random scenes side by side; docs/scenes.png."""
    cells = [draw(random_scene(seed)) for seed in range(columns * rows)]
    framed = [np.pad(cell, ((0, edge), (0, edge), (0, 0)), constant_values=255) for cell in cells]
    lines = [np.hstack(framed[k * columns : (k + 1) * columns]) for k in range(rows)]
    return Image.fromarray(np.vstack(lines))


def model_sheet(name: str, *, seed: int = 61_000, columns: int = 3, rows: int = 6) -> Image.Image:
    """What a model makes of instructions that training never drew: source, its edit, what was meant."""
    editor = open_editor(name)
    cell_width, cell_height, edge = 3 * 128 + 2 * 4, 128 + 22, 18
    sheet = Image.new("RGB", (columns * (cell_width + edge) - edge, rows * (cell_height + edge) - edge), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for index, question in enumerate(questions(columns * rows, seed=seed, wide=0)):
        x, y = index % columns * (cell_width + edge), index // columns * (cell_height + edge)
        edited = editor.edit(question.source, [question.instruction], seed=0)[0]
        for place, picture in enumerate((question.source, edited, question.choices[0])):
            sheet.paste(Image.fromarray(np.asarray(picture)), (x + place * 132, y + 22))
        pen.text((x, y + 2), _fitting(question.instruction, font, cell_width), "black", font)
    return sheet


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while font.getlength(text + "...") > width:
        text = text.rsplit(" ", 1)[0]
    return text + "..."


if __name__ == "__main__":
    street = ROOT / "examples" / "street.png"
    street.write_bytes(scene_png(STREET))
    contact_sheet().save(ROOT / "docs" / "scenes.png", optimize=True)
    for model in (one for one in shipped_models() if one.family != "inpainting"):  # Its prompts need an area.
        model_sheet(model.name).save(ROOT / "docs" / f"{model.name}.png", optimize=True)
    explain(PROMPT, street).save(ROOT / "docs" / "explanation.png")
