"""Which pictures a session reads: those inside its folders, after every symlink, plain files only."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from smile_core.hosts.tasks import Task
from smile_server.documents import OpenDocument
from smile_server.protocol import Trouble
from smile_server.resolving import Grounds, Refused, find_image, path_of, resolve
from smile_server.settings import Settings


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "work" / "deep").mkdir(parents=True)
    (tmp_path / "work" / "in.png").write_bytes(b"x")
    (tmp_path / "out.png").write_bytes(b"x")
    (tmp_path / "work" / "link.png").symlink_to(tmp_path / "out.png")
    (tmp_path / "work" / "fine.png").symlink_to(tmp_path / "work" / "in.png")
    (tmp_path / "work" / "loop.png").symlink_to(tmp_path / "work" / "loop.png")
    os.mkfifo(tmp_path / "work" / "pipe.png")
    return tmp_path


def _found(place: Path, name: str, *, folders: bool = True, picked: tuple[Path, ...] = ()) -> Path:
    uri = (place / "work" / "a.edit").as_uri()
    grounds = Grounds((place / "work",) if folders else (), frozenset(picked))
    return find_image(name, uri, grounds)[0]


@pytest.mark.parametrize("name", ["in.png", "./deep/../in.png", "fine.png"])
def test_pictures_inside_are_found(place: Path, name: str) -> None:
    assert _found(place, name) == (place / "work" / "in.png").resolve()
    assert _found(place, name, folders=False) == (place / "work" / "in.png").resolve()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../out.png", "outside"),
        ("link.png", "outside"),
        ("/etc/passwd", "outside"),
        ("pipe.png", "no plain file"),
        ("deep", "a folder"),
        ("loop.png", "broken"),
        ("missing.png", "not there"),
        ("\\\\server\\share\\a.png", "another machine"),
        ("//server/share/a.png", "another machine"),
        ("a\0.png", "no path"),
        ("in.png/x", "cannot be read"),
    ],
    ids=lambda value: repr(value),
)
def test_everything_else_is_refused_with_a_reason(place: Path, name: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        _found(place, name)


def test_a_picture_that_the_user_picked_may_lie_anywhere(place: Path) -> None:
    outside = (place / "out.png").resolve()
    assert _found(place, "../out.png", picked=(outside,)) == outside


def test_a_changed_picture_is_another_stamp(place: Path) -> None:
    uri, grounds = (place / "work" / "a.edit").as_uri(), Grounds((place / "work",))
    before = find_image("in.png", uri, grounds)[1]
    (place / "work" / "in.png").write_bytes(b"longer")
    assert find_image("in.png", uri, grounds)[1] != before


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "file://server/share/a.edit", "http://x/a.edit"])
def test_only_local_files_have_a_path(uri: str) -> None:
    assert path_of(uri) is None


def resolved(home: Path, text: str) -> Task | Trouble:
    """What the first prompt of a document in this folder resolves to."""
    home.mkdir(exist_ok=True)
    (home / "street.png").write_bytes(b"x")
    document = OpenDocument((home / "a.edit").as_uri(), "edit-prompt", 1, text, "utf-16")
    block = document.blocks[0]
    return resolve(document, block, block.prompts[0], Settings(trusted=True), Grounds())


@pytest.mark.parametrize(
    ("written", "area"),
    [("10,20,30,40", "10,20,30,40"), ("mask.png", "{home}/mask.png"), ("segment:m#car", "segment:{home}/m#car")],
)
def test_an_area_is_a_box_or_lies_in_the_folder(tmp_path: Path, written: str, area: str) -> None:
    (tmp_path / "mask.png").write_bytes(b"x")
    task = resolved(tmp_path, f"---\nimage: street.png\narea: {written}\n---\npaint it\n")
    assert isinstance(task, Task)
    assert task.area == area.format(home=tmp_path)
    assert (task.area_stamp is not None) == (written == "mask.png")
    assert Task.from_data(json.loads(json.dumps(task.to_data()))) == task


@pytest.mark.parametrize("written", ["../mask.png", "segment:/elsewhere", "segment:../m", "//host/mask.png"])
def test_an_area_elsewhere_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "mask.png").write_bytes(b"x")
    trouble = resolved(tmp_path / "in", f"---\nimage: street.png\narea: {written}\n---\npaint it\n")
    assert isinstance(trouble, Trouble)
    assert trouble.range is not None
