"""Pictures in: what is refused, and what is converted with a note."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_core.errors import ImageError
from smile_core.picture import load_picture

RED = Image.new("RGB", (20, 10), (200, 30, 30))


def _bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 x 60,000."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0" * 999)) + chunk(b"IEND", b"")
    )


def _sixteen_bit_colour() -> bytes:
    """A 2 x 1 PNG with 16 bits a channel, which Pillow itself cannot write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"\0" + struct.pack(">6H", 65_535, 0, 0, 0, 65_535, 0))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _truncated() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()[:2000]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "text.png": (lambda: b"hello", "is not a picture that can be read"),
    "empty.png": (lambda: b"", "is empty"),
    "cut.png": (_truncated, "damaged or cut short"),
    "bomb.png": (_bomb, "more than 100 million pixels"),
    "vector.svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a picture"),
}


@pytest.mark.parametrize(("name", "case"), REFUSED.items(), ids=REFUSED.keys())
def test_refused(tmp_path: Path, name: str, case: tuple[Callable[[], bytes], str]) -> None:
    content, message = case
    path = tmp_path / name
    path.write_bytes(content())
    with pytest.raises(ImageError, match=message) as caught:
        load_picture(path)
    assert "\n" not in str(caught.value)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is not there"):
        load_picture(tmp_path / "no.png")
    with pytest.raises(ImageError, match="is a folder"):
        load_picture(tmp_path)


CONVERTED: dict[str, tuple[Callable[[Path], None], str | None]] = {
    "plain.png": (lambda path: RED.save(path), None),
    "tiny.png": (lambda path: RED.resize((1, 1)).save(path), None),
    "grey.png": (lambda path: RED.convert("L").save(path), None),
    "palette.png": (lambda path: RED.quantize(4).save(path), None),
    "cmyk.jpg": (lambda path: RED.convert("CMYK").save(path), "CMYK"),
    "glass.png": (lambda path: Image.new("RGBA", (8, 8), (255, 0, 0, 128)).save(path), "put on white"),
    "deep.png": (lambda path: Image.fromarray(np.full((5, 6), 40_000, np.uint16)).save(path), "16 bits"),
    "deep-colour.png": (lambda path: path.write_bytes(_sixteen_bit_colour()), "16 bits"),
    "moving.gif": (
        lambda path: RED.save(path, save_all=True, append_images=[Image.new("RGB", RED.size, "blue")], duration=50),
        "its first frame was used",
    ),
    "sharp.webp": (lambda path: RED.save(path, lossless=True), None),
    "old.tiff": (lambda path: RED.save(path), None),
}


@pytest.mark.parametrize(("name", "case"), CONVERTED.items(), ids=CONVERTED.keys())
def test_converted(tmp_path: Path, name: str, case: tuple[Callable[[Path], None], str | None]) -> None:
    write, note = case
    path = tmp_path / name
    write(path)
    picture = load_picture(path)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.shape == (picture.size[1], picture.size[0], 3)
    if note is None:
        assert picture.notes == ()
    else:
        assert note in " ".join(picture.notes)


def test_values_survive(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.array([[0, 32_768, 65_535]], np.uint16)).save(path)
    assert load_picture(path).pixels[0, :, 0].tolist() == [0, 128, 255]
    path = tmp_path / "glass.png"
    Image.new("RGBA", (1, 1), (255, 0, 0, 0)).save(path)
    assert load_picture(path).pixels[0, 0].tolist() == [255, 255, 255]


def test_the_camera_s_orientation_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    RED.save(path, exif=exif)
    assert load_picture(path).size == (10, 20)


def test_the_content_hash_is_of_pixels_not_of_files(tmp_path: Path) -> None:
    RED.save(tmp_path / "a.png")
    RED.save(tmp_path / "b.bmp")
    hashes = {load_picture(tmp_path / name).sha256 for name in ("a.png", "b.bmp")}
    hashes.add(load_picture(RED).sha256)
    hashes.add(load_picture(np.asarray(RED)).sha256)
    assert len(hashes) == 1
    assert load_picture(np.asarray(RED).reshape(20, 10, 3)).sha256 not in hashes


@pytest.mark.parametrize("array", [np.zeros((4, 4)), np.zeros((4, 4, 4)), np.full((4, 4, 3), 2.0), np.zeros((0, 4, 3))])
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray) -> None:
    with pytest.raises(ImageError, match="not a picture"):
        load_picture(array)
