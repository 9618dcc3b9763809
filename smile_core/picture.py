"""Read a picture safely: only known formats, size checked before decoding, always 8-bit RGB afterwards."""

from __future__ import annotations

import hashlib
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from smile_core.errors import ImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
MOST_PIXELS = 100_000_000


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture. `pixels` is uint8 (H, W, 3); `notes` say what was changed on the way in."""

    pixels: np.ndarray
    name: str
    sha256: str
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def load_picture(source: str | Path | Image.Image | np.ndarray | Picture) -> Picture:
    """A picture from a file, a PIL image or an array.

    Args:
        source: a path; a PIL image; or an array (H, W, 3), uint8, or float in [0, 1].

    Raises:
        ImageError: it is missing, not a picture, damaged, too large, or an array of another shape.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return _picture(_pixels_of_array(source), "picture", [])
    if isinstance(source, Image.Image):
        name = Path(str(getattr(source, "filename", "") or "picture")).name
        with _one_line(name):
            return _from_image(source, name)
    path = Path(source)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not a file" if path.exists() else "is not there"
        raise ImageError(f"{path} {what}; give the path of a picture")
    if path.stat().st_size == 0:
        raise ImageError(f"{path} is empty; give the path of a picture")
    with _one_line(str(path)), Image.open(path, formats=FORMATS) as image:
        return _from_image(image, path.name)


@contextmanager
def _one_line(name: str) -> Iterator[None]:
    """Say in one line what is wrong with a picture, whatever Pillow raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    except UnidentifiedImageError as error:
        formats = ", ".join(FORMATS)
        raise ImageError(f"{name} is not a picture that can be read; use one of: {formats}") from error
    except Image.DecompressionBombError as error:
        raise ImageError(_too_large(name)) from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error) as error:
        raise ImageError(f"{name} is damaged or cut short ({error}); save it again or use another") from error


def _too_large(name: str) -> str:
    return f"{name} has more than {MOST_PIXELS // 1_000_000} million pixels; make it smaller first"


def _from_image(image: Image.Image, name: str) -> Picture:
    if image.width * image.height > MOST_PIXELS:
        raise ImageError(_too_large(name))
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append("the picture is animated; its first frame was used")
        image.seek(0)
    # Pillow reads 16-bit colour into 8 bits by itself; only the raw mode still tells.
    deep = any("16" in str(tile[3]) for tile in getattr(image, "tile", []))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        notes.append(f"the picture has {'16' if image.mode.startswith('I') else '32'} bits a channel; 8 were kept")
        top = 65535.0 if image.mode.startswith("I") else 1.0
        return _picture(_eight_bits(np.asarray(image, dtype=np.float64), top), name, notes)
    if deep:
        notes.append("the picture has 16 bits a channel; 8 were kept")
    if image.mode == "CMYK":
        notes.append("the picture is in CMYK; it was converted to RGB")
    if image.has_transparency_data:
        notes.append("transparent parts of the picture were put on white")
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return _picture(np.asarray(image.convert("RGB")), name, notes)


def _eight_bits(values: np.ndarray, top: float) -> np.ndarray:
    """Grey values (H, W) from 0 to `top` as uint8 (H, W, 3)."""
    grey = np.clip(np.nan_to_num(values) / top * 255, 0, 255).round().astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _pixels_of_array(array: np.ndarray[Any, Any]) -> np.ndarray:
    if array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ImageError(f"an array of shape {array.shape} is not a picture; use (height, width, 3)")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind == "f" and np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1:
        return (array * 255).round().astype(np.uint8)
    raise ImageError(f"an array of {array.dtype} is not a picture; use uint8, or floats between 0 and 1")


def _picture(pixels: np.ndarray, name: str, notes: list[str]) -> Picture:
    pixels = np.array(pixels, order="C")
    pixels.setflags(write=False)
    digest = hashlib.sha256(struct.pack("<II", *pixels.shape[:2]) + pixels.tobytes()).hexdigest()
    return Picture(pixels, name, digest, tuple(notes))
