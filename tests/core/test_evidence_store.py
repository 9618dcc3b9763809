"""Evidence on disk: shared, bounded, and never in the way, whatever happens to the file."""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from smile_core import Explainer
from smile_core.cli import app
from smile_core.evidence import EditKey
from smile_core.evidence_connection import EvidenceConnection
from smile_core.evidence_place import FILE, EvidencePlace
from smile_core.evidence_store import SETTINGS_KEPT, EvidenceStore
from smile_core.lossless import pack, unpack
from smile_core.prompt import Prompt

SETTING = EditKey("editor", "sha", 0, "").setting


def key(text: str, editor: str = "editor") -> EditKey:
    return EditKey(editor, "sha", 0, text)


def picture(text: str, side: int = 16) -> np.ndarray:
    """A picture of its own for every text, hard to pack."""
    seed = crc32(text.encode("utf-8", "surrogatepass"))
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def put_all(store: EvidenceStore, texts: Sequence[str], side: int = 16) -> None:
    for text in texts:
        store.put(key(text), picture(text, side))
    store.flush()


def held(store: EvidenceStore, texts: Sequence[str], side: int = 16) -> list[str]:
    """Those texts that give their picture back, to the bit."""
    return [t for t in texts if (p := store.get(key(t))) is not None and np.array_equal(p, picture(t, side))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def store(folder: Path) -> Iterator[EvidenceStore]:
    with EvidenceStore(folder, patience=2.0) as opened:
        yield opened


TEXTS = ["", "make the car red", "make", "car red", "二つ の 車", "a\nb  c\0d", "lone \ud800 surrogate"]


def test_what_is_put_comes_back_before_and_after_it_is_written_and_after_reopening(folder: Path) -> None:
    with EvidenceStore(folder) as store:
        for text in TEXTS:
            store.put(key(text), picture(text))
            assert held(store, [text])
        store.flush()
        assert held(store, TEXTS) == TEXTS
        assert store.get(key("make", editor="another")) is None
        store.put(key("make"), picture("changed"))
        store.flush()
        assert np.array_equal(store.get(key("make")), picture("changed"))  # type: ignore[arg-type]
    with EvidenceStore(folder) as store:
        assert held(store, TEXTS) == [text for text in TEXTS if text != "make"]
        assert store.notes == ()


def test_a_picture_given_can_be_painted_over_and_one_got_cannot(store: EvidenceStore) -> None:
    given = picture("a")
    store.put(key("a"), given)
    given[:] = 0
    assert held(store, ["a"])
    store.flush()
    got = store.get(key("a"))
    assert got is not None
    assert not got.flags.writeable


SHAPES = [(1, 1), (1, 300), (128, 128), (37, 91)]


@pytest.mark.parametrize("shape", SHAPES)
def test_packing_is_lossless_and_notices_every_change(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    pixels[: shape[0] // 2] = 7
    packed = pack(pixels)
    assert np.array_equal(unpack(packed), pixels)  # type: ignore[arg-type]
    changes: list[dict[str, object]] = [
        {"height": packed.height + 1},
        {"width": packed.width + 1},
        {"data": packed.data[:-1]},
        {"data": b""},
        {"crc": packed.crc ^ 1},
    ]
    for change in changes:
        assert unpack(type(packed)(**{**vars(packed), **change})) is None
    broken = b"RIFF" + packed.data[5:]
    assert unpack(type(packed)(packed.height, packed.width, crc32(broken), broken)) is None


def test_what_is_no_packable_picture_stays_in_memory(store: EvidenceStore) -> None:
    long = np.zeros((1, 17000, 3), np.uint8)
    store.put(key("long"), long)
    store.flush()
    assert store.get(key("long")) is not None
    assert store.known(SETTING, Prompt("long words").words) == ["long"]


# Several processes.

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
    assert _query(folder, "SELECT count(*) FROM edits") == len(texts)


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
    assert _query(folder, "PRAGMA integrity_check") == "ok"
    assert _query(folder, "SELECT count(*) FROM edits LEFT JOIN pictures USING (id) WHERE data IS NULL") == 0


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


def test_texts_of_few_settings_stay_in_memory_and_all_are_found(store: EvidenceStore) -> None:
    words = Prompt("make the car red").words
    settings = []
    for number in range(SETTINGS_KEPT + 10):
        store.put(key("car red", f"editor {number}"), picture("car red"))
        settings.append(key("", f"editor {number}").setting)
    store.flush()
    for _ in range(2):
        assert all(store.known(setting, words) == ["car red"] for setting in settings)
        assert len(store._known) == SETTINGS_KEPT


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
    assert _query(folder, "SELECT count(*) FROM edits") == 51


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


# A file that cannot be used.


def _query(folder: Path, query: str) -> object:
    connection = sqlite3.connect(folder / FILE)
    try:
        return connection.execute(query).fetchone()[0]
    finally:
        connection.close()


def garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


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
    assert _query(folder, "PRAGMA integrity_check") == "ok"
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
    assert _query(folder, "SELECT count(*) FROM pictures") == 1
    put_all(store, ["bad"])
    assert held(store, ["bad"])


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


def test_a_relative_folder_is_refused() -> None:
    with EvidenceStore(Path("~/evidence")) as store:
        put_all(store, ["a"])
        assert held(store, ["a"])
        assert "set HOME or XDG_CACHE_HOME" in store.notes[0]
    assert not Path("~").exists()


def folder_for_file(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)


def no_place(folder: Path) -> None:
    folder.write_text("a file")


def anothers(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    folder.mkdir()
    os.chown(folder, 12345, 12345)


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
    assert _query(folder, "PRAGMA integrity_check") == "ok"


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


# Bounds.


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


# Explanations over a store.


class Blocks:
    """Paints one block for every word; counts what it is asked for."""

    def __init__(self) -> None:
        self.fingerprint: str | None = "blocks"
        self.asked = 0

    def describe(self) -> dict[str, str]:
        return {"name": "blocks", "family": "test"}

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        self.asked += len(prompts)
        pictures = []
        for prompt in prompts:
            painted = image.copy()
            for word in prompt.split():
                start = 4 * (crc32(word.encode()) % 8)
                painted[start : start + 4] = 200
            pictures.append(painted)
        return list(pictures)


def test_an_explanation_over_a_store_is_the_one_from_memory_and_the_next_process_makes_no_edit(folder: Path) -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    prompt = "make the big car red today"
    expected = Explainer(Blocks()).explain(prompt, image)
    for made in (True, False):
        editor = Blocks()
        with EvidenceStore(folder) as store:
            explanation = Explainer(editor, evidence=store).explain(prompt, image)
        assert (editor.asked > 0) == made
        assert [word.influence for word in explanation.words] == [word.influence for word in expected.words]
    garbage(folder / FILE)
    folder.joinpath("evidence.lock").unlink()
    folder.joinpath("evidence.lock").mkdir()
    with EvidenceStore(folder) as store:
        explanation = Explainer(Blocks(), evidence=store).explain(prompt, image)
        assert len(store.notes) == 1
    assert [word.influence for word in explanation.words] == [word.influence for word in expected.words]


# The shell.


def run_cli(folder: Path, *arguments: str, answer: str | None = None) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smile_core.evidence_place.default_folder", lambda: folder)
        return CliRunner().invoke(app, ["evidence", *arguments], input=answer)


def test_evidence_is_shown_and_cleared_after_asking(folder: Path) -> None:
    empty = run_cli(folder)
    assert empty.exit_code == 0
    assert "0 edits in 0 settings" in empty.stdout
    assert not folder.exists()
    with EvidenceStore(folder) as store:
        put_all(store, [f"t {k}" for k in range(30)], 64)
        store.put(key("t", editor="another"), picture("t"))
        store.flush()
        shown = run_cli(folder)
        assert str(folder / FILE) in shown.stdout
        assert "31 edits in 2 settings" in shown.stdout
        data = json.loads(run_cli(folder, "--json").stdout)
        assert (data["edits"], data["settings"], data["path"]) == (31, 2, str(folder / FILE))
        assert data["bytes"] == sum(path.stat().st_size for path in folder.glob(FILE + "*"))
        assert time.time() - 60 < data["oldest"] <= data["newest"] < time.time() + 1
        refused = run_cli(folder, "clear", answer="n\n")
        assert refused.exit_code == 1
        assert "nothing was removed" in refused.stderr
        assert held(store, ["t 1"], 64)
        cleared = run_cli(folder, "clear", answer="y\n")
        assert cleared.exit_code == 0
        freed = re.search(r"(\d\.\d) MB freed", cleared.stdout)
        assert freed is not None
        assert 0.3 < float(freed.group(1)) < 0.9
        assert held(store, ["t 1"], 64) == []
        assert store.place.bytes() < 120_000


@pytest.mark.parametrize("damage", [garbage, truncated])
def test_a_damaged_file_and_what_was_set_aside_can_be_cleared(folder: Path, damage: object) -> None:
    with EvidenceStore(folder) as store:
        put_all(store, [f"t {k}" for k in range(30)], 64)
    assert callable(damage)
    damage(folder / FILE)
    shown = run_cli(folder)
    assert shown.exit_code == 1
    assert "`smile evidence clear` removes it" in shown.stderr
    assert run_cli(folder, "clear", "-y").exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["evidence.lock"]
    assert run_cli(folder).exit_code == 0


@pytest.mark.parametrize("trouble", [newer, linked_folder, linked_file, folder_for_file])
@pytest.mark.parametrize("arguments", [(), ("clear", "--yes")])
def test_the_shell_refuses_in_one_line_what_it_must_not_touch(
    folder: Path, trouble: object, arguments: tuple[str, ...]
) -> None:
    assert callable(trouble)
    trouble(folder)
    result = run_cli(folder, *arguments)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.stderr
