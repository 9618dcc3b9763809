"""Where stored evidence lies: one file in a folder of this user alone, never behind a symbolic link."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from smile_core.errors import EvidenceError

FILE = "evidence.sqlite"
_BESIDE = ("-journal", "-wal", "-shm")
_DAMAGED = ".damaged"


def default_folder() -> Path:
    """The folder in the user's cache that holds the evidence; it need not be there yet."""
    return platformdirs.user_cache_path("smile-lens", appauthor=False) / "evidence"


class EvidencePlace:
    """A folder for evidence. Nothing is made or checked before `prepared`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE
        self.damaged = folder / (FILE + _DAMAGED)

    @contextmanager
    def prepared(self, patience: float) -> Iterator[Path]:
        """Make or check folder and file, and keep other processes from opening or moving it meanwhile.

        Args:
            patience: seconds to wait for them.

        Raises:
            EvidenceError: folder or file is a symbolic link, of another kind or another user's, or stays locked.
            OSError: it cannot be made.
        """
        if not self.folder.is_absolute():  # A user without a home: "~" would become a folder here.
            raise EvidenceError(f"{self.folder} is not an absolute path; set HOME or XDG_CACHE_HOME")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check(self.folder, stat.S_ISDIR, 0o700)
        try:
            with FileLock(self.folder / "evidence.lock", timeout=patience, mode=0o600):
                if not os.path.lexists(self.path):
                    os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
                _check(self.path, stat.S_ISREG, 0o600)
                yield self.path
        except Timeout as error:
            raise EvidenceError(f"another process keeps {self.folder} locked; end it, or try later") from error

    def holds_file(self) -> bool:
        """Whether there is a file.

        Raises:
            EvidenceError: folder or file is not what `prepared` would take.
        """
        if not os.path.lexists(self.folder):
            return False
        _check(self.folder, stat.S_ISDIR, 0o700)
        return os.path.lexists(self.path)

    def identity(self) -> tuple[int, int] | None:
        """What tells the file now at `path` from another one put there later; None when there is none."""
        try:
            found = self.path.lstat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def set_aside(self) -> None:
        """Rename a damaged file, over the one set aside before; call it inside `prepared`.

        The log goes first: left behind, it could be taken for the log of the next file.
        """
        for beside in _BESIDE:
            file = self.path.with_name(FILE + beside)
            if file.exists():
                file.replace(self.path.with_name(FILE + _DAMAGED + beside))
        self.path.replace(self.damaged)

    def drop_damaged(self) -> None:
        """Remove what was set aside."""
        for file in self.folder.glob(FILE + _DAMAGED + "*"):
            file.unlink(missing_ok=True)

    def bytes(self) -> int:
        """Bytes on disk, with logs and what was set aside."""
        total = 0
        for file in self.folder.glob(FILE + "*"):
            with suppress(FileNotFoundError):  # Logs come and go.
                total += file.lstat().st_size
        return total


def _check(path: Path, kind: Callable[[int], bool], mode: int) -> None:
    """Refuse links and what is not ours; take away others' rights."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise EvidenceError(f"{path} is a symbolic link; remove it, evidence is only kept in a real place")
    if not kind(found.st_mode):
        raise EvidenceError(f"{path} is not what belongs there; move it away")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise EvidenceError(f"{path} belongs to another user; move it away")
    if stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)
