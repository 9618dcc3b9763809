"""A folder that only this user can reach into: the ground that sockets, locks and tokens stand on."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from smile_server.trouble import DaemonError


def private_folder(path: Path) -> Path:
    """Make `path` with mode 0700, or check that it is such a folder already; the path, unchanged.

    Raises:
        DaemonError: it cannot be made, is a symbolic link or no folder, is another user's, or others may enter it;
            or others may rename it, because the folder above is theirs to write.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.mkdir(0o700)
        about, above = path.lstat(), path.parent.stat()
    except OSError as error:
        raise DaemonError(f"cannot make {path}: {error.strerror}; set XDG_RUNTIME_DIR to a folder of yours") from error
    problem = _problem(about) or _problem_above(above)
    if problem:
        raise DaemonError(f"{path} {problem}; remove it, or set XDG_RUNTIME_DIR to a folder of yours with mode 0700")
    return path


def _problem(about: os.stat_result) -> str | None:
    if stat.S_ISLNK(about.st_mode):
        return "is a symbolic link"
    if not stat.S_ISDIR(about.st_mode):
        return "is no folder"
    if sys.platform == "win32":  # Modes say nothing there; the folder is in the user's own profile.
        return None
    if about.st_uid != os.geteuid():
        return f"belongs to user {about.st_uid}, not {os.geteuid()}"
    mode = stat.S_IMODE(about.st_mode)
    return None if mode == 0o700 else f"has mode {mode:04o}, not 0700"


def _problem_above(above: os.stat_result) -> str | None:
    if sys.platform == "win32":
        return None
    others_write = above.st_mode & (stat.S_IWOTH | stat.S_IWGRP) and not above.st_mode & stat.S_ISVTX
    strange = above.st_uid not in (0, os.geteuid())
    return "lies in a folder that others can change" if others_write or strange else None
