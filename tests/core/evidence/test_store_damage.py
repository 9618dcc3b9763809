"""A damaged file is set aside with one note, and the store goes on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from smile_core.evidence_connection import EvidenceConnection
from smile_core.evidence_place import FILE, EvidencePlace
from smile_core.evidence_store import EvidenceStore
from smile_core.prompt import Prompt
from tests.core.evidence.stored import SETTING, held, put_all, query
from tests.core.evidence.troubles import (
    garbage,
    scribbled,
    truncated,
)


@pytest.mark.parametrize("damage", [garbage, truncated, scribbled])
def test_a_damaged_file_is_set_aside_with_one_note(folder: Path, damage: object) -> None:
    texts = [f"t {k}" for k in range(30)]
    with EvidenceStore(folder) as store:
        put_all(store, texts)
    assert callable(damage)
    damage(folder / FILE)
    damaged = (folder / FILE).read_bytes()
    with EvidenceStore(folder) as store:
        assert held(store, texts) == []
        put_all(store, texts)
        assert held(store, texts) == texts
        assert len(store.notes) == 1
        assert "was damaged; it was set aside as evidence.sqlite.damaged" in store.notes[0]
    assert (folder / (FILE + ".damaged")).read_bytes() == damaged
    assert query(folder, "PRAGMA integrity_check") == "ok"
    with EvidenceStore(folder) as store:
        assert held(store, texts) == texts
        assert store.notes == ()


def test_who_has_the_damaged_file_open_moves_to_the_new_one(folder: Path, store: EvidenceStore) -> None:
    put_all(store, ["old"])
    assert held(store, ["old"])
    for path in folder.glob(FILE + "*"):
        path.unlink()
    garbage(folder / FILE)
    with EvidenceStore(folder) as other:
        put_all(other, ["theirs"])
        assert held(other, ["theirs"])
        assert len(other.notes) == 1
        assert held(store, ["old", "theirs"]) == ["theirs"]
        put_all(store, ["ours"])
        assert held(other, ["ours", "theirs"]) == ["ours", "theirs"]
        assert store.known(SETTING, Prompt("ours and theirs").words) == ["theirs", "ours"]
    assert store.notes == ()


def test_a_damaged_file_is_set_aside_by_the_first_who_notices_only(folder: Path) -> None:
    notes: list[str] = []
    first, second = (
        EvidenceConnection(EvidencePlace(folder), patience=2, log_bytes=4096, note=notes.append) for _ in range(2)
    )
    garbage(folder.parent / "garbage")
    with pytest.raises(sqlite3.DatabaseError) as damage:
        sqlite3.connect(folder.parent / "garbage").execute("PRAGMA user_version")
    raised: list[str] = []

    def fail_once(name: str) -> int:
        if name in raised:
            return 1
        raised.append(name)
        if name == "second":
            assert first.run(lambda _: fail_once("first")) == 1
        raise damage.value

    assert second.run(lambda _: fail_once("second")) == 1
    assert len(notes) == 1
    assert first.opened == second.opened == 2
    first.run(lambda rows: rows.erased())
    assert first.opened == 2
    first.close()
    second.close()


def test_a_bad_row_counts_as_unknown_and_goes(folder: Path, store: EvidenceStore) -> None:
    put_all(store, ["good", "bad"])
    connection = sqlite3.connect(folder / FILE)
    with connection:
        connection.execute(
            "UPDATE pictures SET data = zeroblob(length(data)) WHERE id = (SELECT id FROM edits WHERE text = ?)",
            (b"bad",),
        )
    connection.close()
    assert held(store, ["good", "bad"]) == ["good"]
    store.flush()
    assert store.known(SETTING, Prompt("good and bad").words) == ["good"]
    assert query(folder, "SELECT count(*) FROM pictures") == 1
    put_all(store, ["bad"])
    assert held(store, ["bad"])
