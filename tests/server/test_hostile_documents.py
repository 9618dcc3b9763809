"""What a document may do to the daemon: name pictures that are none of its, bombs, and more than can be done."""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from smile_server.documents import MOST_CHARACTERS
from smile_server.engine import MOST_WAITING, Engine
from smile_server.resolving import MOST_IMAGE_BYTES
from tests.server.talk import Talk

STREET = Path(__file__).parents[2] / "examples/street.png"
SLOW = {"run": "request"}

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine(private=True)
    yield engine
    await engine.close()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *chunks: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + _chunk(b"IEND", b"")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    root.mkdir()
    shutil.copy(STREET, tmp_path / "outside.png")
    (root / "link.png").symlink_to(tmp_path / "outside.png")
    (root / "folder").symlink_to(tmp_path)
    (root / "device.png").symlink_to("/dev/zero")
    os.mkfifo(root / "pipe.png")
    with (root / "huge.png").open("wb") as file:
        file.truncate(MOST_IMAGE_BYTES + 1)
    pixels = _chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
    (root / "bomb.png").write_bytes(_png(60_000, 60_000, pixels))
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 << 20), 9))
    (root / "text bomb.png").write_bytes(_png(8, 8, text, pixels))
    return root


def _document(image: str, prompt: str = "make the car red") -> str:
    return f"---\nimage: {image}\nmodel: scenes-turbo\n---\n{prompt}\n"


@pytest.mark.parametrize(
    "image",
    [
        "../outside.png",
        "link.png",
        "folder/outside.png",
        "device.png",
        "/dev/stdin",
        "/proc/self/environ",
        "pipe.png",
        "\\\\server\\share\\a.png",
        "//server/share/a.png",
        "file:///etc/passwd",
        "http://127.0.0.1/a.png",
        "huge.png",
        "..",
    ],
)
async def test_what_is_not_the_workspaces_own_picture_is_refused_before_any_worker_starts(
    engine: Engine, root: Path, image: str
) -> None:
    talk = Talk(engine)
    await talk.initialize(root.as_uri(), options=SLOW)
    uri = (root / "a.edit").as_uri()
    talk.open(uri, _document(image))
    (prompt,) = await talk.settled(uri)
    assert (prompt["phase"], prompt["trouble"]["kind"]) == ("failed", "image")
    assert engine.status().jobs == 0
    await talk.leave()


async def test_bombs_are_refused_in_one_line_and_the_worker_goes_on(engine: Engine, root: Path) -> None:
    shutil.copy(STREET, root / "street.png")
    talk = Talk(engine)
    await talk.initialize(root.as_uri())
    for name in ("bomb.png", "text bomb.png"):
        uri = (root / f"{name}.edit").as_uri()
        talk.open(uri, _document(name))
        (prompt,) = await talk.settled(uri)
        assert (prompt["phase"], prompt["trouble"]["kind"]) == ("failed", "image")
        assert "\n" not in prompt["trouble"]["text"]
    before = engine.status().worker_pid
    uri = (root / "good.edit").as_uri()
    talk.open(uri, _document("street.png"))
    (prompt,) = await talk.settled(uri)
    assert prompt["phase"] == "done"
    assert engine.status().worker_pid == before
    await talk.leave()


async def test_a_document_too_long_is_kept_in_step_but_not_read(engine: Engine, root: Path) -> None:
    shutil.copy(STREET, root / "street.png")
    talk = Talk(engine)
    await talk.initialize(root.as_uri(), options=SLOW)
    uri = (root / "long.edit").as_uri()
    talk.open(uri, _document("street.png") + "# long\n" * (MOST_CHARACTERS // 7))
    await talk.prompts(uri, lambda prompts: prompts == [])
    lines = 5 + MOST_CHARACTERS // 7
    cut = {"start": {"line": 5, "character": 0}, "end": {"line": lines, "character": 0}}
    talk.change(uri, 2, {"range": cut, "text": ""})
    (prompt,) = await talk.prompts(uri, lambda prompts: len(prompts) == 1, version=2)
    assert [word["text"] for word in prompt["words"]] == ["make", "the", "car", "red"]
    await talk.leave()


async def test_the_queue_is_bounded_and_what_does_not_fit_is_told(engine: Engine, root: Path) -> None:
    shutil.copy(STREET, root / "street.png")
    talk = Talk(engine)
    await talk.initialize(root.as_uri())
    uri = (root / "many.edit").as_uri()
    talk.open(uri, _document("street.png", "\n\n".join(f"make the car {n} red" for n in range(MOST_WAITING + 20))))
    refused = lambda prompts: any(prompt["phase"] == "failed" for prompt in prompts)  # noqa: E731
    prompts = await talk.prompts(uri, refused)
    assert engine.status().jobs <= MOST_WAITING + 1
    assert {p["trouble"]["text"] for p in prompts if p["phase"] == "failed"} == {
        f"{MOST_WAITING} prompts wait already; ask again when some of them are done"
    }
    await talk.vanish()
    assert engine.status().jobs <= 1
