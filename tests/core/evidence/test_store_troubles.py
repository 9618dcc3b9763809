"""A file or disk that cannot be used is said once, and memory serves."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from smile_core.evidence_place import FILE
from smile_core.evidence_store import EvidenceStore
from smile_core.prompt import Prompt
from tests.core.evidence.stored import SETTING, held, put_all, query
from tests.core.evidence.troubles import (
    anothers,
    dangling_link,
    folder_for_file,
    linked_file,
    linked_folder,
    newer,
    no_place,
)


def test_a_relative_folder_is_refused() -> None:
    with EvidenceStore(Path("~/evidence")) as store:
        put_all(store, ["a"])
        assert held(store, ["a"])
        assert "set HOME or XDG_CACHE_HOME" in store.notes[0]
    assert not Path("~").exists()


REFUSED = {
    newer: "written by a newer version",
    linked_folder: "is a symbolic link; remove it",
    linked_file: "is a symbolic link; remove it",
    dangling_link: "is a symbolic link; remove it",
    folder_for_file: "is not what belongs there",
    no_place: "cannot be used",
    anothers: "belongs to another user",
}


@pytest.mark.parametrize("trouble", REFUSED, ids=lambda trouble: trouble.__name__)
def test_what_cannot_be_used_is_said_once_and_memory_serves(folder: Path, trouble: object) -> None:
    assert callable(trouble)
    trouble(folder)
    before = sorted(path.lstat().st_size for path in folder.parent.rglob("*"))
    with EvidenceStore(folder) as store:
        put_all(store, ["a", "b"])
        assert held(store, ["a", "b", "c"]) == ["a", "b"]
        assert store.known(SETTING, Prompt("a c").words) == ["a"]
        put_all(store, ["c"])
        assert held(store, ["a", "b", "c"]) == ["a", "b", "c"]
        assert len(store.notes) == 1
        assert REFUSED[trouble] in store.notes[0]  # type: ignore[index]
        assert store.notes[0].endswith("this process keeps new edits in memory only")
    after = sorted(path.lstat().st_size for path in folder.parent.rglob("*") if path.name != "evidence.lock")
    assert after == before


def test_a_file_locked_too_long_is_said_once_and_memory_serves(folder: Path) -> None:
    with EvidenceStore(folder) as store:
        put_all(store, ["old"])
    lock = sqlite3.connect(folder / FILE, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with EvidenceStore(folder, patience=0.1) as store:
        put_all(store, ["new"])
        assert held(store, ["old", "new"]) == ["old", "new"]
        assert len(store.notes) == 1
        assert "locked" in store.notes[0]
    lock.close()


def _fill(folder: Path) -> None:
    """Write more than fits; what is known before stays known, one note, everything else in memory."""
    texts = [f"t {k}" for k in range(400)]
    with EvidenceStore(folder) as store:
        put_all(store, texts[:5], 32)
        assert store.notes == ()
        put_all(store, texts[5:], 32)
        assert held(store, texts, 32) == texts
        assert len(store.notes) == 1
        assert "full" in store.notes[0]
        assert len(store.known(SETTING, Prompt("t 1 2 3 399").words)) == 4
    with EvidenceStore(folder) as store:
        assert set(held(store, texts, 32)) >= set(texts[:5])
    assert query(folder, "PRAGMA integrity_check") == "ok"


def test_a_full_database_is_said_once_and_memory_serves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def small(*arguments: object, **named: object) -> sqlite3.Connection:
        connection = connect(*arguments, **named)  # type: ignore[call-overload]
        connection.execute("PRAGMA max_page_count = 100")
        assert isinstance(connection, sqlite3.Connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    _fill(folder)


def test_a_full_disk_is_said_once_and_memory_serves(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        _fill(disk / "evidence")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
