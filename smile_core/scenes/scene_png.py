"""Pictures of scenes as PNG files that remember their scene, so that the oracle can edit them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, PngImagePlugin

from smile_core.errors import EditorError
from smile_core.picture import load_picture
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import Scene

_KEY = "smile-scene"


def scene_png(scene: Scene, *, size: tuple[int, int] = (128, 128)) -> bytes:
    """The scene's picture as a PNG with the scene inside."""
    info = PngImagePlugin.PngInfo()
    info.add_text(_KEY, scene.to_json())
    buffer = io.BytesIO()
    Image.fromarray(draw(scene, size=size)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def scene_of(path: Path) -> Scene:
    """The scene inside a PNG made by `scene_png`.

    Raises:
        ImageError: the picture cannot be read.
        EditorError: it holds no scene, or the picture was changed since.
    """
    picture = load_picture(path)
    with Image.open(path) as image:
        text = image.info.get(_KEY)
    try:
        scene = Scene.from_json(str(text))
        unchanged = (draw(scene, size=picture.size) == picture.pixels).all()
    except (ValueError, KeyError, TypeError) as error:
        raise EditorError(
            f"the oracle cannot edit {path}: it holds no scene; use a PNG made by `smile scene`"
        ) from error
    if not unchanged:
        raise EditorError(
            f"the oracle cannot edit {path}: it is not what its scene draws; make it anew by `smile scene`"
        )
    return scene
