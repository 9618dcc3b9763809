"""How many bytes a store may hold, and who may look."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from smile_core.evidence_place import FILE
from smile_core.evidence_store import EvidenceStore
from smile_core.prompt import Prompt
from tests.core.evidence.stored import SETTING, held, key, picture, put_all


def test_the_bytes_on_disk_stay_under_the_bound(folder: Path) -> None:
    most = 1024**2
    with EvidenceStore(folder, most_bytes=most) as store:
        for k in range(400):
            store.put(key(f"t {k}"), picture(f"t {k}", 64 if k % 7 else 8))
            if k % 3 == 0:
                assert store.place.bytes() <= most
        store.flush()
        assert store.place.bytes() <= most
        kept = held(store, [f"t {k}" for k in range(400) if k % 7], 64)
        assert len(kept) > 20
        assert kept[-1] == "t 398"
        assert store.notes == ()
        assert set(store.known(SETTING, Prompt(f"t {' '.join(map(str, range(400)))}").words)) >= set(kept)


def test_the_least_recently_used_go_first(folder: Path) -> None:
    words = Prompt(f"t {' '.join(map(str, range(100)))}").words
    with EvidenceStore(folder, most_bytes=1024**2) as store:
        texts = [f"t {k}" for k in range(20)]
        put_all(store, texts, 64)
        used = ["t 3", "t 0", "t 11"]
        assert held(store, used, 64) == used
        while len(known := store.known(SETTING, words)) == len(texts):
            texts.append(f"t {len(texts)}")
            put_all(store, texts[-1:], 64)
        gone = len(texts) - len(known)
        by_use = [*(text for text in texts[:20] if text not in used), *used, *texts[20:]]
        assert 0 < gone < 10
        assert set(known) == set(by_use[gone:])
        assert held(store, texts, 64) == known


def test_a_bound_too_small_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="use 1048576 or more"):
        EvidenceStore(folder, most_bytes=1000)


def test_only_the_user_may_look(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    (folder / FILE).touch(mode=0o644)
    umask = os.umask(0)
    try:
        with EvidenceStore(folder) as store:
            put_all(store, ["a"])
            modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()}
    finally:
        os.umask(umask)
    assert set(modes) == {FILE, f"{FILE}-wal", f"{FILE}-shm", "evidence.lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.lstat().st_mode) == 0o700
