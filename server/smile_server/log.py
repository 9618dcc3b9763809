"""The daemon's log: a rotating file that holds no prompt, picture, token or full path.

Only this package's messages are written in words; they never quote a client. Of other libraries, whose messages may
quote anything (pygls logs whole bodies), only the logger's name and the kind and place of an exception are kept.
Paths lose all but their last part.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType

import platformdirs

from smile_server.private_folder import private_folder

_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][^/\\\s'\",;:()]+)+(?=[/\\])")
_BYTES, _OLDER = 1_000_000, 2
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def log_path() -> Path:
    """The log file; it need not be there."""
    return platformdirs.user_log_path("smile-lens", appauthor=False) / "daemon.log"


def open_log() -> None:
    """Write warnings of all libraries, and what this package says, to the log file.

    Raises:
        DaemonError: its folder is not this user's alone.
    """
    path = log_path()
    private_folder(path.parent)
    handler = _PrivateFile(path, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8", errors="replace")
    handler.setFormatter(Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("smile_server").setLevel(logging.INFO)
    logging.getLogger("pygls").disabled = True
    logging.raiseExceptions = False


def redacted(text: str) -> str:
    """`text` on one line, with `…` in place of the folders of every path in it."""
    return _PATH.sub("…", " ".join(text.split()))


class Formatter(logging.Formatter):
    """One line a record, and one for every frame of an exception; never an exception's message."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        if record.name.partition(".")[0] == "smile_server":
            record.message = redacted(record.message)
        else:
            record.message = "(not shown)"
        return super().formatMessage(record)

    def formatException(self, ei: _ExcInfo) -> str:
        kind, _, frames = ei
        places = traceback.extract_tb(frames)
        lines = [f"  {Path(place.filename).name}:{place.lineno} {place.name}" for place in places]
        return "\n".join([*lines, f"  {kind.__name__ if kind else 'no exception'}"])

    def formatStack(self, stack_info: str) -> str:
        return "  (stack not shown)"


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file with mode 0600 that follows no symbolic link."""

    def _open(self):  # type: ignore[no-untyped-def]
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8", errors="replace")


def silence_standard_error() -> None:
    """After the start nobody reads it, and what libraries print there may quote a prompt."""
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
