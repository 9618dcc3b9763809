"""Draw the pictures that the documents and the examples show: `python -m docs.make_pictures`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.scenes import asked, edits
from smile_core import explain
from smile_core.editors.protocol import PaintsInArea
from smile_core.editors.registry import open_editor, shipped_models
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import GROUNDS, KINDS, SEASONS, TIMES, WEATHERS, Scene, Thing, random_scene
from smile_core.scenes.scene_png import scene_png

ROOT = Path(__file__).parent.parent
STREET = Scene(
    things=(Thing("house", "yellow", 0.24), Thing("tree", "green", 0.8), Thing("car", "blue", 0.6)), backdrop=31
)
PROMPT = "make the car red"


def contact_sheet(columns: int = 9, rows: int = 3, wide: int = 6, edge: int = 4) -> Image.Image:
    """Random scenes, rows of square ones and one of wide ones; docs/scenes.png."""
    scenes = _varied(columns * rows + wide)
    sheet = Image.new("RGB", (columns * (128 + edge) - edge, (rows + 1) * (128 + edge) - edge), "white")
    for index, scene in enumerate(scenes[wide:]):
        sheet.paste(Image.fromarray(draw(scene)), (index % columns * (128 + edge), index // columns * (128 + edge)))
    apart = (sheet.width - 192) / (wide - 1)
    for index, scene in enumerate(scenes[:wide]):
        sheet.paste(Image.fromarray(draw(scene, size=(192, 128))), (round(index * apart), rows * (128 + edge)))
    return sheet


def _varied(count: int) -> list[Scene]:
    """The first random scenes that show, together, every kind of thing, weather, time, season and ground."""
    scenes = [random_scene(seed) for seed in range(500)]
    wanted = {*KINDS, *WEATHERS, *TIMES, *SEASONS, *GROUNDS}
    chosen = []
    for scene in scenes:
        shown = {*(thing.kind for thing in scene.things), scene.weather, scene.time, scene.season, scene.ground}
        if shown & wanted:
            chosen.append(scene)
            wanted -= shown
    assert not wanted
    others = [scene for scene in scenes if scene not in chosen]
    return [*chosen, *others][:count][::-1]


def model_sheet(name: str, *, seed: int = 61_000, columns: int = 3, rows: int = 6) -> Image.Image:
    """What a model makes of instructions that training never drew: source, its edit, what was meant.

    One that paints inside an area is asked only what an area can hold; the source shows it.
    """
    editor = open_editor(name)
    cell_width, cell_height, edge = 3 * 128 + 2 * 4, 128 + 22, 18
    sheet = Image.new("RGB", (columns * (cell_width + edge) - edge, rows * (cell_height + edge) - edge), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for index, (question, _, area) in enumerate(asked(editor, columns * rows, seed=seed, wide=0)):
        x, y = index % columns * (cell_width + edge), index // columns * (cell_height + edge)
        edited = edits(editor, question.source, [question.instruction], area)[0]
        source = Image.fromarray(question.source)
        if isinstance(editor, PaintsInArea):
            _outline(source, area)
        for place, picture in enumerate((source, Image.fromarray(edited), Image.fromarray(question.choices[0]))):
            sheet.paste(picture, (x + place * 132, y + 22))
        pen.text((x, y + 2), _fitting(question.instruction, font, cell_width), "black", font)
    return sheet


def _outline(picture: Image.Image, area: np.ndarray) -> None:
    rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1]))
    pen = ImageDraw.Draw(picture)
    pen.rectangle(box, outline="white", width=2)
    pen.rectangle(box, outline="black", width=1)


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
    for model in shipped_models():
        model_sheet(model.name).save(ROOT / "docs" / f"{model.name}.png", optimize=True)
    explain(PROMPT, street).save(ROOT / "docs" / "explanation.png")
