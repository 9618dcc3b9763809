"""The state of an endpoint's daemon as seen from outside, and its end, gentle or forced. Nothing here starts one."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from smile_server.channel import Unanswered
from smile_server.control import ask
from smile_server.endpoint import Endpoint, read_record
from smile_server.lock import is_locked
from smile_server.processes import is_process
from smile_server.trouble import DaemonError

PATIENCE = 3.0
"""Seconds after which a daemon that says nothing counts as stuck."""
_TO_LEAVE = 15.0
"""Seconds that a daemon has to leave once it was asked or killed."""


def state_of(endpoint: Endpoint) -> dict[str, Any]:
    """The daemon's status as on the wire; without one only `state`: stopped, starting (also leaving), or stuck."""
    try:
        answer = ask(endpoint, "status", PATIENCE)
    except Unanswered:
        record = read_record(endpoint.record)
        return {"state": "stuck"} | ({"pid": record.pid} if record is not None else {})
    if answer is not None:
        return answer
    return {"state": "starting" if is_locked(endpoint.lock) else "stopped"}


def stopped(endpoint: Endpoint) -> int | None:
    """Stop the daemon and wait until it has gone; its process id, None where none ran.

    Raises:
        DaemonError: it neither answers nor can be told from another process of the same id, or it does not go.
    """
    if not is_locked(endpoint.lock):
        return None
    pid = _asked_to_leave(endpoint) or _killed(endpoint)
    if _has_gone(endpoint):
        return pid
    pid = _killed(endpoint)
    if pid is None or not _has_gone(endpoint):
        raise DaemonError("the daemon does not leave; try `smile daemon doctor`")
    return pid


def _asked_to_leave(endpoint: Endpoint) -> int | None:
    """The process that said it will leave; None where nobody answered."""
    deadline, pause = time.monotonic() + PATIENCE, 0.01
    while is_locked(endpoint.lock):
        try:
            answer = ask(endpoint, "stop", PATIENCE)
        except Unanswered:
            return None
        if answer is not None:
            return int(answer["pid"])
        if time.monotonic() > deadline:
            return None
        time.sleep(pause)  # It is starting, or leaving already.
        pause = min(2 * pause, 0.2)
    return None


def _killed(endpoint: Endpoint) -> int | None:
    """Kill a daemon that does not answer, if the record's process is surely still that daemon."""
    record = read_record(endpoint.record)
    if record is None or not is_locked(endpoint.lock):
        return None
    if not is_process(record.pid, record.mark):
        raise DaemonError(
            f"the daemon does not answer, and process {record.pid} is not surely it, so it was left alone; "
            "try `smile daemon doctor`"
        )
    os.kill(record.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    return record.pid


def _has_gone(endpoint: Endpoint) -> bool:
    deadline, pause = time.monotonic() + _TO_LEAVE, 0.01
    while is_locked(endpoint.lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.2)
    return True
