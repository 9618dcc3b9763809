"""Start the daemon of an endpoint, or join the one that is starting: however many try at once, one daemon comes up.

Who gets the lock starts it, and hands the lock over with the open descriptor, so that there is no moment in which
nobody holds it. The others try to connect until it answers.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from smile_server.endpoint import Endpoint
from smile_server.lock import is_locked, try_lock
from smile_server.trouble import DaemonError

if TYPE_CHECKING:
    from subprocess import Popen

PATIENCE = 30.0
"""Seconds in which a daemon must have started, on a slow and busy machine too."""
_SHORTEST, _LONGEST = 0.01, 0.1

Found = TypeVar("Found")


def joined(endpoint: Endpoint, find: Callable[[], Found | None], options: Sequence[str] = ()) -> Found:
    """What `find` gives as soon as it is not None; a daemon is started when nobody holds the lock.

    Args:
        find: one try to reach the daemon.
        options: arguments for the daemon, if this process starts it.

    Raises:
        DaemonError: it ended while it started, or was not ready in time.
    """
    deadline, pause = time.monotonic() + PATIENCE, _SHORTEST
    child: Popen[bytes] | None = None
    while True:
        found = find()
        if found is not None:
            if child is not None and sys.platform != "win32":
                child.wait()  # Only the first half of the daemon's double fork; it has long gone.
            return found
        if child is None:
            child = _started(endpoint, options)
        elif child.poll() is not None and (child.returncode or not is_locked(endpoint.lock)):
            raise DaemonError(f"the daemon could not start: {_last_words(endpoint, child.returncode)}")
        if time.monotonic() > deadline:
            raise DaemonError(f"the daemon was not ready within {PATIENCE:.0f} s; try `smile daemon doctor`")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST)


def _started(endpoint: Endpoint, options: Sequence[str]) -> Popen[bytes] | None:
    """The daemon's process; None when another process holds the lock."""
    lock = try_lock(endpoint.lock)
    if lock is None:
        return None
    try:
        return spawned(endpoint, options, lock)
    except OSError as error:
        raise DaemonError(f"cannot start the daemon: {error.strerror or error}") from error
    finally:
        os.close(lock)


def spawned(endpoint: Endpoint, options: Sequence[str], lock: int) -> Popen[bytes]:
    """A daemon detached from this process's terminal, folder and life. It takes over the lock."""
    import subprocess

    log = os.open(endpoint.start_log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    # -P: the folder it is started in must not be a place to import from.
    command = [sys.executable, "-P", "-m", "smile_server.daemon", *options]
    environment = dict(os.environ)
    if "PYTHONPATH" in environment:  # It leaves the folder that relative entries mean.
        entries = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(entry).absolute()) for entry in entries if entry)
    try:
        if sys.platform == "win32":
            flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                creationflags=flags,
            )
        return subprocess.Popen(
            [*command, "--lock", str(lock)],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=(lock,),
            start_new_session=True,
        )
    finally:
        os.close(log)


def _last_words(endpoint: Endpoint, code: int) -> str:
    try:
        text = endpoint.start_log.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
    except OSError:
        lines = []
    return lines[-1].removeprefix("smile: ") if lines else f"it ended with code {code}; try `smile daemon doctor`"
