"""Several processes on one store, some of them killed: nothing that was flushed is lost."""

from __future__ import annotations

import inspect
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smile_core.evidence_place import FILE
from smile_core.evidence_store import EvidenceStore
from smile_core.prompt import Prompt
from tests.core.evidence.shell import run_cli
from tests.core.evidence.stored import SETTING, held, key, picture, put_all, query

WRITER = f"""
import os, sys
from pathlib import Path
import numpy as np
from zlib import crc32
from smile_core.evidence import EditKey
from smile_core.evidence_store import SETTINGS_KEPT, EvidenceStore
{inspect.getsource(key)}
{inspect.getsource(picture)}
folder = Path(sys.argv[1])
"""


def start(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER + code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_eight_processes_writing_at_once_lose_nothing(folder: Path) -> None:
    code = """
children = []
for name in "abcdefgh":
    pid = os.fork()
    if pid:
        children.append(pid)
        continue
    store = EvidenceStore(folder)
    for k in range(40):
        for text in (f"{name} {k}", f"shared {k % 10}"):
            store.put(key(text), picture(text))
    store.close()
    print(store.notes, flush=True)
    os._exit(0)
print([os.waitpid(pid, 0)[1] for pid in children])
EvidenceStore(folder).put(key("not closed"), picture("not closed"))
"""
    assert start(code, folder).communicate(timeout=120)[0] == "()\n" * 8 + "[0, 0, 0, 0, 0, 0, 0, 0]\n"
    texts = [f"{name} {k}" for name in "abcdefgh" for k in range(40)] + [f"shared {k}" for k in range(10)]
    texts.append("not closed")
    with EvidenceStore(folder) as store:
        assert held(store, texts) == texts
        assert len(store.known(SETTING, Prompt("a b c d e f g h shared 0 1 2").words)) == 8 * 3 + 3
    assert query(folder, "SELECT count(*) FROM edits") == len(texts)


def test_a_process_killed_while_writing_loses_nothing_that_was_flushed(folder: Path) -> None:
    code = """
name = sys.argv[2]
store = EvidenceStore(folder)
for k in range(100000):
    text = f"{name} {k}"
    store.put(key(text), picture(text, 64))
    if k % 5 == 4:
        store.flush()
        print(k + 1, flush=True)
"""
    flushed: dict[str, int] = {}
    for name, lines, wait in (("a", 7, 0.0), ("b", 31, 0.011)):
        child = start(code, folder, name)
        assert child.stdout is not None
        for _ in range(lines):
            flushed[name] = int(child.stdout.readline())
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        rest = child.communicate()[0].split()
        flushed[name] = int(rest[-1]) if rest else flushed[name]
    texts = [f"{name} {k}" for name, number in flushed.items() for k in range(number)]
    with EvidenceStore(folder) as store:
        assert held(store, texts, 64) == texts
        put_all(store, ["after"])
        assert held(store, ["after"])
        assert store.notes == ()
    assert query(folder, "PRAGMA integrity_check") == "ok"
    assert query(folder, "SELECT count(*) FROM edits LEFT JOIN pictures USING (id) WHERE data IS NULL") == 0


def test_one_store_sees_what_another_writes_and_drops(folder: Path, store: EvidenceStore) -> None:
    words = Prompt("make the car red").words
    assert store.known(SETTING, words) == []
    with EvidenceStore(folder) as other:
        put_all(other, ["make red", "blue"])
        assert store.known(SETTING, words) == ["make red"]
        put_all(other, ["red"])
        assert store.known(SETTING, words) == ["make red", "red"]
    assert run_cli(folder, "clear", "--yes").exit_code == 0
    assert store.known(SETTING, words) == []
    assert store.get(key("red")) is None
    put_all(store, ["car"])
    assert store.known(SETTING, words) == ["car"]
    assert store.notes == ()


def test_put_does_not_wait_for_the_disk(folder: Path) -> None:
    with EvidenceStore(folder, patience=30) as store:
        put_all(store, ["before"])
        lock = sqlite3.connect(folder / FILE, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        texts = [f"t {k}" for k in range(50)]
        for text in texts:
            store.put(key(text), picture(text))
        assert held(store, texts) == texts
        assert len(store.known(SETTING, Prompt("t 1 2 3").words)) == 3
        lock.execute("COMMIT")
        lock.close()
        store.flush()
    assert query(folder, "SELECT count(*) FROM edits") == 51


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_leaves_the_store_alone(store: EvidenceStore) -> None:
    put_all(store, ["a"])
    child = os.fork()
    if child == 0:
        store.put(key("b"), picture("b"))
        store.flush()
        store.close()
        os._exit(0 if store.get(key("a")) is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert held(store, ["a", "b"]) == ["a"]
