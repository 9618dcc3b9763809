"""A connection to the evidence file that is there now: reopened when the file was replaced, begun anew when damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from smile_core.evidence_place import EvidencePlace
from smile_core.evidence_rows import EvidenceRows

Result = TypeVar("Result")

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class EvidenceConnection:
    """Opens on first use. Only one thread may use it at a time."""

    def __init__(self, place: EvidencePlace, *, patience: float, log_bytes: int, note: Callable[[str], None]) -> None:
        """Args: `note` is told, in one sentence, that a damaged file was set aside; the others see `EvidenceRows`."""
        self._place, self._patience, self._log_bytes, self._note = place, patience, log_bytes, note
        self._rows: EvidenceRows | None = None
        self._identity: tuple[int, int] | None = None
        self.opened = 0
        """How often a file was opened. Ids of another opening mean nothing."""

    def run(self, action: Callable[[EvidenceRows], Result]) -> Result:
        """Do something with the rows; when they are damaged, once again with new, empty ones.

        Raises:
            sqlite3.Error, OSError, EvidenceError: the file cannot be used.
        """
        try:
            return action(self._current())
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._set_aside()
            return action(self._current())

    def close(self) -> None:
        """Close it; the next use opens it again."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None

    def _current(self) -> EvidenceRows:
        if self._rows is not None and self._place.identity() == self._identity:
            return self._rows
        self.close()
        with self._place.prepared(self._patience) as path:
            self._identity = self._place.identity()
            self._rows = EvidenceRows(path, patience=self._patience, log_bytes=self._log_bytes)
        self.opened += 1
        return self._rows

    def _set_aside(self) -> None:
        self.close()
        with self._place.prepared(self._patience) as path:
            if self._place.identity() != self._identity:
                return  # Another process or thread was quicker, and said so.
            self._place.set_aside()
        self._note(f"the evidence in {path} was damaged; it was set aside as {self._place.damaged.name} and begun anew")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file is damaged, or no database."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
