"""Look at the stored evidence, and clear it, without opening it when it is not there."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from smile_core.errors import EvidenceError
from smile_core.evidence_connection import is_damage
from smile_core.evidence_place import EvidencePlace
from smile_core.evidence_rows import EvidenceRows, Summary

_PATIENCE = 10.0
_LOG_BYTES = 1024**2


@dataclass(frozen=True)
class Stored:
    """What is on disk: where, how many bytes with logs and what was set aside, and what the rows say."""

    path: Path
    bytes: int
    summary: Summary


def stored(place: EvidencePlace) -> Stored:
    """What is stored now.

    Raises:
        EvidenceError: it cannot be read, and why.
    """
    summary = Summary(0, 0, None, None)
    if place.holds_file():
        try:
            with place.prepared(_PATIENCE) as path:
                rows = EvidenceRows(path, patience=_PATIENCE, log_bytes=_LOG_BYTES)
            try:
                summary = rows.summary()
            finally:
                rows.close()
        except (sqlite3.Error, OSError) as error:
            raise EvidenceError(f"cannot read {place.path} ({error}); `smile evidence clear` removes it") from error
    return Stored(place.path, place.bytes(), summary)


def clear(place: EvidencePlace) -> int:
    """Drop all stored edits, and damaged files that were set aside; gives the bytes freed on disk.

    Other processes may have the file open, so it is emptied, not removed, unless it is damaged.

    Raises:
        EvidenceError: it cannot be cleared, and why.
    """
    before = place.bytes()
    if not place.holds_file():
        place.drop_damaged()
        return before - place.bytes()
    try:
        with place.prepared(_PATIENCE) as path:
            try:
                rows = EvidenceRows(path, patience=_PATIENCE, log_bytes=_LOG_BYTES)
                try:
                    rows.clear()
                finally:
                    rows.close()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                place.set_aside()
            place.drop_damaged()
    except (sqlite3.Error, OSError) as error:
        raise EvidenceError(f"cannot clear {place.path} ({error}); end the processes that use it") from error
    return before - place.bytes()


def as_json(found: Stored) -> str:
    """One JSON object; times in seconds since 1970, null when nothing is stored."""
    return json.dumps({"path": str(found.path), "bytes": found.bytes, **asdict(found.summary)}, indent=1)


def as_text(found: Stored) -> str:
    """The same in lines for people; times in UTC."""
    summary = found.summary
    lines = [str(found.path), f"{megabytes(found.bytes)}, {summary.edits} edits in {summary.settings} settings"]
    if summary.oldest is not None and summary.newest is not None:
        lines.append(f"made from {_day(summary.oldest)} to {_day(summary.newest)}")
    return "\n".join(lines)


def megabytes(number: int) -> str:
    """A number of bytes, in MB of a million."""
    return f"{number / 1e6:.1f} MB"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
