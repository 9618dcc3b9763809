"""The rows of the evidence database: one edit each, in SQLite with a write-ahead log.

`edits` holds what is searched, `pictures` what is large, so that loading the texts of a setting reads
few pages. Ids are never used again, so that "newer than" finds what others wrote; `counts.erased`
tells them that rows went. All errors of SQLite are raised as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from smile_core.errors import EvidenceError
from smile_core.lossless import Packed

VERSION = 1

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT, setting TEXT NOT NULL, text BLOB NOT NULL,
  bytes INTEGER NOT NULL, made REAL NOT NULL, used REAL NOT NULL, UNIQUE (setting, text));
CREATE INDEX edits_by_setting ON edits (setting);
CREATE INDEX edits_by_use ON edits (used);
CREATE TABLE pictures (
  id INTEGER PRIMARY KEY, height INTEGER NOT NULL, width INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE counts (erased INTEGER NOT NULL);
INSERT INTO counts VALUES (0);
CREATE TRIGGER edit_gone AFTER DELETE ON edits BEGIN
  DELETE FROM pictures WHERE id = old.id;
  UPDATE counts SET erased = erased + 1;
END;
PRAGMA user_version = {VERSION};
COMMIT;
"""


@dataclass(frozen=True)
class NewEdit:
    """An edit to be stored. `made` is in seconds since 1970."""

    setting: str
    text: str
    packed: Packed
    made: float


@dataclass(frozen=True)
class Summary:
    """What the database holds; times in seconds since 1970, None when it is empty."""

    edits: int
    settings: int
    oldest: float | None
    newest: float | None


class EvidenceRows:
    """One connection. It may go from thread to thread, but only one may use it at a time."""

    def __init__(self, path: Path, *, patience: float, log_bytes: int) -> None:
        """Args:
            path: an existing file; an empty one becomes a database.
            patience: seconds to wait for another process's lock.
            log_bytes: size at which the write-ahead log is taken into the file.

        Raises:
            sqlite3.Error: it cannot be opened, or is not a database.
            EvidenceError: a newer version of this package wrote it.
        """
        self._connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        try:
            self._open(path, log_bytes)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, path: Path, log_bytes: int) -> None:
        version = self._number("PRAGMA user_version")
        if version > VERSION:
            raise EvidenceError(
                f"the evidence in {path} was written by a newer version of this package; "
                "update this one, or remove the file"
            )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            self._connection.executescript(_SCHEMA)
        self._page = self._number("PRAGMA page_size")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {max(1, log_bytes // self._page)}")
        self._connection.execute(f"PRAGMA journal_size_limit = {log_bytes}")

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def get(self, setting: str, text: str) -> tuple[int, Packed] | None:
        """An edit's id and picture."""
        row = self._connection.execute(
            "SELECT id, height, width, crc, data FROM edits JOIN pictures USING (id) WHERE setting = ? AND text = ?",
            (setting, _bytes(text)),
        ).fetchone()
        return None if row is None else (row[0], Packed(*row[1:]))

    def since(self, setting: str, newest: int) -> list[tuple[int, str]]:
        """Ids and texts of a setting's edits with an id beyond `newest`, in order."""
        rows = self._connection.execute(
            "SELECT id, text FROM edits INDEXED BY edits_by_setting WHERE setting = ? AND id > ? ORDER BY id",
            (setting, newest),
        )
        return [(number, text.decode("utf-8", "surrogatepass")) for number, text in rows]

    def erased(self) -> int:
        """How many edits went, ever."""
        return self._number("SELECT erased FROM counts")

    def write(self, edits: Iterable[NewEdit], used: Mapping[int, float], bad: Iterable[int], most_bytes: int) -> None:
        """Store edits, note uses (seconds since 1970 by id) and drop bad rows: all of it or nothing.

        The least recently used edits go first when the file would grow beyond `most_bytes`.
        """
        with _Transaction(self._connection) as run:
            run.executemany("DELETE FROM edits WHERE id = ?", [(number,) for number in bad])
            run.executemany("UPDATE edits SET used = max(used, ?) WHERE id = ?", [(t, i) for i, t in used.items()])
            for edit in edits:
                self._make_room(len(edit.packed.data), most_bytes)
                self._put(edit)

    def _put(self, edit: NewEdit) -> None:
        key, packed = (edit.setting, _bytes(edit.text)), edit.packed
        self._connection.execute(
            "INSERT INTO edits (setting, text, bytes, made, used) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET bytes = excluded.bytes, used = excluded.used",
            (*key, len(packed.data), edit.made, edit.made),
        )
        self._connection.execute(
            "INSERT OR REPLACE INTO pictures SELECT id, ?, ?, ?, ? FROM edits WHERE setting = ? AND text = ?",
            (packed.height, packed.width, packed.crc, packed.data, *key),
        )

    def _make_room(self, incoming: int, most_bytes: int) -> None:
        """Drop old edits, a twentieth of everything at once so that this is rare."""
        excess = self.held_bytes() + self._taken_by(incoming) - most_bytes
        if excess <= 0:
            return
        excess += most_bytes // 20
        gone = []
        for number, size in self._connection.execute("SELECT id, bytes FROM edits ORDER BY used, id"):
            if excess <= 0:
                break
            gone.append((number,))
            excess -= self._taken_by(size)
        self._connection.executemany("DELETE FROM edits WHERE id = ?", gone)

    def held_bytes(self) -> int:
        """Bytes of the file that are in use."""
        return (self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")) * self._page

    def _taken_by(self, size: int) -> int:
        """About what a picture of `size` bytes takes of the file: whole pages, and its row elsewhere."""
        return (size // self._page + 1) * self._page

    def summary(self) -> Summary:
        """Counts and times."""
        row = self._connection.execute("SELECT count(*), count(DISTINCT setting), min(made), max(made) FROM edits")
        return Summary(*row.fetchone())

    def clear(self) -> None:
        """Drop every edit and give the space back."""
        with _Transaction(self._connection) as run:
            run.execute("DELETE FROM edits")
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class _Transaction:
    """Writes all or nothing, and takes the lock first, so that waiting for it can succeed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _bytes(text: str) -> bytes:
    # A prompt from a shell may hold lone surrogates, which SQLite's own text cannot.
    return text.encode("utf-8", "surrogatepass")
