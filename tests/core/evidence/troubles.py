"""What can be wrong with the file that holds evidence, or with its folder."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from smile_core.evidence_place import FILE


def garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def newer(folder: Path) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def linked_folder(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to(folder.parent / "elsewhere")


def linked_file(folder: Path) -> None:
    folder.mkdir()
    (folder.parent / "elsewhere").write_bytes(b"")
    (folder / FILE).symlink_to(folder.parent / "elsewhere")


def dangling_link(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).symlink_to(folder.parent / "elsewhere")


def folder_for_file(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)


def no_place(folder: Path) -> None:
    folder.write_text("a file")


def anothers(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    folder.mkdir()
    os.chown(folder, 12345, 12345)
