"""Evidence on disk, shared by all processes of a user: what `Evidence` is in memory, kept.

Writing is done by a thread of its own, in batches; reading sees what waits to be written. When the
file cannot be used, one note says why and new edits are kept in memory: an explanation never fails
because of its store.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from smile_core.errors import EvidenceError
from smile_core.evidence import EditKey, Evidence
from smile_core.evidence_connection import EvidenceConnection
from smile_core.evidence_place import EvidencePlace, default_folder
from smile_core.evidence_rows import EvidenceRows, NewEdit
from smile_core.known_texts import KnownTexts
from smile_core.lossless import can_pack, pack, unpack
from smile_core.prompt import Word

MOST_BYTES = 2 * 1024**3
LEAST_BYTES = 1024**2
SETTINGS_KEPT = 64
"""Settings whose texts stay in memory; others are read again."""
_MOST_WAITING = 256 * 1024**2
_SECONDS_TO_GATHER_USES = 2.0
_TROUBLE = (sqlite3.Error, OSError, EvidenceError)

Result = TypeVar("Result")


@dataclass
class _Waiting:
    """What the thread is to write: pictures by key, last uses by id in seconds since 1970, ids of bad rows."""

    pictures: dict[EditKey, np.ndarray] = field(default_factory=dict)
    used: dict[int, float] = field(default_factory=dict)
    bad: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.pictures or self.used or self.bad)


@dataclass
class _Known:
    """The texts of one setting as far as the row `newest`."""

    texts: KnownTexts = field(default_factory=KnownTexts)
    newest: int = 0


class EvidenceStore:
    """Edits in one file for all processes of this user. Safe between threads.

    Creating one touches nothing; the file is opened on first use. `close` it when done; else that
    happens when the interpreter ends. A killed process loses what it had put but not yet written, a
    few milliseconds' worth. In a forked child it holds nothing and takes nothing.
    """

    def __init__(self, folder: Path | None = None, *, most_bytes: int = MOST_BYTES, patience: float = 30.0) -> None:
        """Args:
            folder: where the file is, an absolute path; else in the user's cache.
            most_bytes: most bytes on disk, log included; least recently used edits go first.
            patience: seconds to wait for a lock of another process.

        Raises:
            ValueError: `most_bytes` is less than a mebibyte.
        """
        if most_bytes < LEAST_BYTES:
            raise ValueError(f"most_bytes is {most_bytes}; use {LEAST_BYTES} or more")
        self.place = EvidencePlace(folder or default_folder())
        self._log_bytes = min(4 * 1024**2, most_bytes // 8)
        self._file_bytes = most_bytes - 3 * self._log_bytes
        self._patience = patience
        self._process = os.getpid()
        self._memory = Evidence()
        self._notes: list[str] = []

        self._wake = threading.Condition()
        self._waiting, self._writing = _Waiting(), _Waiting()
        self._hurry = self._closed = self._gave_up = False
        self._thread: threading.Thread | None = None

        self._reading = threading.Lock()
        self._reader: EvidenceConnection | None = self._connection()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._seen = (0, 0)
        atexit.register(self.close)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user about what went wrong with the file, each once."""
        with self._wake:
            return tuple(self._notes)

    def get(self, key: EditKey) -> np.ndarray | None:
        """See `AnyEvidence`. A row that does not give a picture back to the bit counts as none and is dropped."""
        if self._forked():
            return None
        with self._wake:
            picture = self._waiting.pictures.get(key, self._writing.pictures.get(key))
        if picture is None:
            picture = self._memory.get(key)
        if picture is not None:
            return picture
        found = self._read(lambda rows: rows.get(key.setting, key.text), None)
        if found is None:
            return None
        number, packed = found
        picture = unpack(packed)
        with self._wake:
            if not (self._closed or self._gave_up):
                if picture is None:
                    self._waiting.bad.add(number)
                else:
                    self._waiting.used[number] = time.time()
                self._wake_thread()
        return picture

    def put(self, key: EditKey, picture: np.ndarray) -> None:
        """See `AnyEvidence`. It returns at once, unless 256 MiB wait to be written."""
        if self._forked():
            return
        if picture.flags.writeable:
            picture = picture.copy()
            picture.setflags(write=False)
        with self._wake:
            self._wake.wait_for(lambda: self._bytes_waiting() < _MOST_WAITING)
            if self._closed or self._gave_up or not can_pack(picture):
                self._memory.put(key, picture)
                return
            self._waiting.pictures[key] = picture
            self._wake_thread()

    def known(self, setting: str, words: Sequence[Word]) -> list[str]:
        """See `AnyEvidence`. The first call for a setting loads its texts."""
        if self._forked():
            return []
        with self._wake:
            keys = [*self._writing.pictures, *self._waiting.pictures]
        waiting = [key.text for key in keys if key.setting == setting]

        def find(rows: EvidenceRows) -> list[str]:
            texts = self._texts(rows, setting)
            texts.add(waiting)
            return texts.find(words)

        found = self._read(find, None)
        if found is None:
            found = KnownTexts(waiting).find(words)
        return list(dict.fromkeys([*found, *self._memory.known(setting, words)]))

    def flush(self) -> None:
        """Wait until everything put so far is in the file, or in memory where the file cannot be used."""
        if self._forked():
            return
        with self._wake:
            self._hurry = bool(self._waiting)
            self._wake.notify_all()
            self._wake.wait_for(lambda: not (self._waiting or self._writing))

    def close(self) -> None:
        """Write what waits and let go of the file. What is put later stays in memory."""
        if self._forked():
            return
        atexit.unregister(self.close)
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def __enter__(self) -> EvidenceStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forked(self) -> bool:
        # SQLite's connections and the thread do not live on in a child.
        return os.getpid() != self._process

    def _connection(self) -> EvidenceConnection:
        return EvidenceConnection(self.place, patience=self._patience, log_bytes=self._log_bytes, note=self._note)

    def _note(self, sentence: str) -> None:
        with self._wake:
            if sentence not in self._notes:
                self._notes.append(sentence)

    def _give_up(self, error: Exception) -> None:
        """Say once why the file cannot be used; edits that wait go to memory."""
        with self._wake:
            if not self._gave_up:
                why = str(error)
                if not isinstance(error, EvidenceError):
                    why = f"the evidence in {self.place.path} cannot be used ({why}); {_advice(error)}"
                self._notes.append(f"{why}; this process keeps new edits in memory only")
            self._gave_up = True
            for waiting in (self._writing, self._waiting):
                for key, picture in waiting.pictures.items():
                    self._memory.put(key, picture)
            self._waiting = _Waiting()

    def _read(self, action: Callable[[EvidenceRows], Result], otherwise: Result) -> Result:
        with self._reading:
            if self._reader is None:
                return otherwise
            try:
                return self._reader.run(action)
            except _TROUBLE as error:
                self._reader.close()
                self._reader = None
                self._give_up(error)
                return otherwise

    def _texts(self, rows: EvidenceRows, setting: str) -> KnownTexts:
        """The texts of a setting, up to date with what every process has written."""
        assert self._reader is not None
        seen = (self._reader.opened, rows.erased())
        if seen != self._seen:
            self._known.clear()
            self._seen = seen
        known = self._known.setdefault(setting, _Known())
        self._known.move_to_end(setting)
        if len(self._known) > SETTINGS_KEPT:
            self._known.popitem(last=False)
        new = rows.since(setting, known.newest)
        if new:
            known.texts.add(text for _, text in new)
            known.newest = new[-1][0]
        return known.texts

    def _bytes_waiting(self) -> int:
        return sum(picture.nbytes for picture in self._waiting.pictures.values())

    def _wake_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_on, name="evidence", daemon=True)
            self._thread.start()
        self._wake.notify_all()

    def _write_on(self) -> None:
        """What the thread does: write what waits, until closed."""
        connection = self._connection()
        while self._take():
            self._write(connection)
            with self._wake:
                self._writing = _Waiting()
                self._wake.notify_all()
        connection.close()

    def _take(self) -> bool:
        """Wait for something to write and make a batch of it; False when there is no more to come."""

        def due() -> bool:
            return bool(self._waiting.pictures or self._waiting.bad or self._hurry or self._closed)

        with self._wake:
            self._wake.wait_for(lambda: due() or bool(self._waiting))
            self._wake.wait_for(due, timeout=_SECONDS_TO_GATHER_USES)
            taken = 0
            while self._waiting.pictures and taken < self._log_bytes:
                key = next(iter(self._waiting.pictures))
                self._writing.pictures[key] = self._waiting.pictures.pop(key)
                taken += self._writing.pictures[key].nbytes
            self._writing.used, self._waiting.used = self._waiting.used, {}
            self._writing.bad, self._waiting.bad = self._waiting.bad, set()
            if not self._waiting:
                self._hurry = False
            return bool(self._writing) or not self._closed

    def _write(self, connection: EvidenceConnection) -> None:
        try:
            edits: list[NewEdit] = []
            for key, picture in self._writing.pictures.items():
                packed = pack(picture)
                if len(packed.data) > self._file_bytes // 4:
                    self._memory.put(key, picture)
                else:
                    edits.append(NewEdit(key.setting, key.text, packed, time.time()))
            used, bad = self._writing.used, self._writing.bad
            connection.run(lambda rows: rows.write(edits, used, bad, self._file_bytes))
        except Exception as error:  # Whatever it is, those who wait for the thread must not wait for ever.
            self._give_up(error)


def _advice(error: Exception) -> str:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "end the process that holds it"
    return "free space or make it writable"
