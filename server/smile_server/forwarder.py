"""`smile lsp`: copies messages between an editor's pipes and the daemon, which it finds or starts.

It knows nothing of LSP but which requests are open: when the daemon dies it answers them with the cause and leaves,
so that the editor starts it again. Everything it imports is paid for at every start of an editor.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection

from smile_server.build import current_build
from smile_server.channel import LSP, try_connect
from smile_server.endpoint import endpoint_of
from smile_server.frames import FrameReader, write_frame
from smile_server.limits import Limits
from smile_server.spawn import PATIENCE, joined
from smile_server.trouble import DaemonError

USAGE = "usage: smile lsp [--stdio]\n\nSpeak LSP on standard input and output; an editor starts this.\n"
_REQUEST_FAILED = -32803
_REASONS: dict[int, str] = {
    CloseCode.GOING_AWAY: "the SMILE daemon was stopped",
    CloseCode.MESSAGE_TOO_BIG: "a message was too long for the SMILE daemon",
    CloseCode.INTERNAL_ERROR: "the session in the SMILE daemon failed",
}


def main(arguments: list[str]) -> int:
    """Run until the editor or the daemon ends the session; the exit code: 0 when the editor did."""
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(USAGE)
        return 0
    if arguments not in ([], ["--stdio"]):
        sys.stderr.write(f"smile: lsp takes no {arguments[0]}\n\n{USAGE}")
        return 2
    try:
        endpoint = endpoint_of(current_build())
        connection = joined(endpoint, lambda: try_connect(endpoint, LSP, PATIENCE))
        return Forwarder(connection, 0, 1).run()
    except DaemonError as error:
        sys.stderr.write(f"smile: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


class Forwarder:
    """One editor on two descriptors, one connection to the daemon."""

    def __init__(self, connection: ClientConnection, source: int, sink: int) -> None:
        self._connection, self._source, self._sink = connection, source, sink
        self._open: dict[int | str, None] = {}
        self._cause = ""
        self._trouble: DaemonError | None = None
        self._lock = threading.Lock()

    def run(self) -> int:
        """Copy until either side ends; the exit code.

        Raises:
            DaemonError: the daemon ended the session, or the editor does not speak LSP.
        """
        threading.Thread(target=self._copy_in, daemon=True).start()
        cause = self._copy_out()
        if self._trouble is not None:
            raise self._trouble
        if not cause:
            return 0
        with suppress(OSError), self._lock:
            self._cause = cause
            for identity in self._open:
                self._refuse(identity)
        raise DaemonError(cause)

    def _copy_out(self) -> str:
        """Daemon to editor; why the daemon ended, empty where the editor wanted it."""
        try:
            while True:
                text = str(self._connection.recv())
                with self._lock:
                    write_frame(self._sink, text)
                    message = _parsed(text)
                    if "method" not in message:
                        self._open.pop(_identity(message), None)
        except ConnectionClosedOK as closed:
            code = closed.rcvd.code if closed.rcvd is not None else CloseCode.NORMAL_CLOSURE
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else CloseCode.ABNORMAL_CLOSURE
        except OSError:  # The editor has gone.
            self._connection.close()
            return ""
        if code == CloseCode.NORMAL_CLOSURE:
            return ""
        reason = _REASONS.get(code, "the SMILE daemon ended unexpectedly")
        return f"{reason}; see `smile daemon logs`"

    def _copy_in(self) -> None:
        """Editor to daemon; in a thread, since neither side can be waited for together with the other everywhere."""
        reader = FrameReader(self._source, Limits.message_bytes)
        try:
            while (text := reader.read()) is not None:
                message = _parsed(text)
                if "method" in message and "id" in message:
                    with self._lock:
                        self._open[_identity(message)] = None
                        if self._cause:
                            self._refuse(_identity(message))
                self._connection.send(text)
        except DaemonError as error:
            self._trouble = error
        except (OSError, ConnectionClosed):
            pass  # The other thread learns of it, and says why.
        self._connection.close()

    def _refuse(self, identity: int | str) -> None:
        error = {"code": _REQUEST_FAILED, "message": self._cause}
        write_frame(self._sink, json.dumps({"jsonrpc": "2.0", "id": identity, "error": error}))


def _parsed(text: str) -> dict[str, Any]:
    """A message, or nothing where it is none; then the other side says so."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _identity(message: dict[str, Any]) -> int | str:
    """A request's id; a client that sends anything else gets it refused by the daemon."""
    found = message.get("id")
    return found if isinstance(found, (int, str)) else ""
