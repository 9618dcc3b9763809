"""The folder of sockets and tokens is the user's alone, or nothing is put there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smile_server.private_folder import private_folder
from smile_server.trouble import DaemonError


def test_it_is_made_for_the_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = private_folder(tmp_path / "above/own")
    finally:
        os.umask(before)
    assert made.stat().st_mode & 0o7777 == 0o700
    assert made.parent.stat().st_mode & 0o7777 == 0o700
    assert private_folder(made) == made


def _link(path: Path) -> None:
    (path.parent / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(path.parent / "elsewhere")


def _of_nobody(path: Path) -> None:
    path.mkdir(mode=0o700)
    os.chown(path, 65534, 65534)


def _below_nobody(path: Path) -> None:
    os.chown(path.parent, 65534, 65534)


ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
BAD: list[tuple[str, Callable[[Path], object]]] = [
    ("symbolic link", _link),
    ("symbolic link", lambda path: path.symlink_to(path.parent / "nowhere")),
    ("no folder", lambda path: path.write_text("")),
    ("no folder", lambda path: os.mkfifo(path)),
    ("mode 0755", lambda path: path.mkdir() or path.chmod(0o755)),
    ("mode 0770", lambda path: path.mkdir() or path.chmod(0o770)),
    ("mode 0500", lambda path: path.mkdir() or path.chmod(0o500)),
    ("mode 1700", lambda path: path.mkdir() or path.chmod(0o1700)),
    ("others can change", lambda path: path.parent.chmod(0o777)),
    ("others can change", lambda path: path.parent.chmod(0o770)),
]


@pytest.mark.parametrize(
    ("said", "spoil"),
    [
        *BAD,
        pytest.param("belongs to user 65534", _of_nobody, marks=ROOT),
        pytest.param("others can change", _below_nobody, marks=ROOT),
    ],
)
def test_a_folder_that_others_could_use_is_refused(tmp_path: Path, said: str, spoil: Callable[[Path], object]) -> None:
    path = tmp_path / "above/own"
    path.parent.mkdir(mode=0o700)
    spoil(path)
    with pytest.raises(DaemonError, match=said) as caught:
        private_folder(path)
    assert "\n" not in str(caught.value)


def test_a_shared_folder_above_is_fine_where_names_stay(tmp_path: Path) -> None:
    above = tmp_path / "like-tmp"
    above.mkdir()
    above.chmod(0o1777)
    private_folder(above / "own")
