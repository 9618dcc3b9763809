"""The lock that one daemon holds for life. The system lets go of it at death, so a process id decides nothing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def try_lock(path: Path) -> int | None:
    """An open descriptor that holds the lock, or None while another process does.

    A lock file may have been removed between opening and locking it; such a lock is worth nothing and is tried
    again. On POSIX the lock goes with the descriptor, so that a child which inherits it keeps it.

    Raises:
        OSError: the file cannot be opened.
    """
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
        if not _taken(descriptor):
            os.close(descriptor)
            return None
        if _is_still(descriptor, path):
            return descriptor
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock. It takes and drops it, and makes no file."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return False
    try:
        return not _taken(descriptor)
    finally:
        os.close(descriptor)


def unlock(descriptor: int, path: Path) -> None:
    """Remove the file while it is still held, then let go."""
    if sys.platform == "win32":  # An open file cannot be removed there.
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        return
    with suppress(FileNotFoundError):
        path.unlink()
    os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
