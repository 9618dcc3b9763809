"""A client's connection to the daemon that listens at an endpoint, with both sides proved on TCP."""

from __future__ import annotations

import errno
import socket
import sys

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from smile_server.endpoint import Endpoint, Record, read_private, read_record
from smile_server.limits import Limits
from smile_server.lock import is_locked
from smile_server.proof import NONCE, PROOF, client_proof, is_secret, new_secret, server_proof
from smile_server.trouble import DaemonError

LSP = "/lsp"
CONTROL = "/control"
BUILD = "Smile-Build"
VERSION = "Smile-Version"
_NOBODY = {errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE}
_ENDED = (EOFError, ConnectionError)
_UNPROVED, _LEAVING = 401, 503


class Unanswered(DaemonError):
    """The daemon took the connection and said nothing: it is stuck, or still very busy starting."""


def try_connect(endpoint: Endpoint, path: str, patience: float) -> ClientConnection | None:
    """A proved connection to `path` of the endpoint's daemon, or None while none listens there or it is leaving.

    Args:
        patience: seconds in which the handshake must be done.

    Raises:
        Unanswered: the handshake took longer.
        DaemonError: the daemon refuses, or is not the one of this endpoint.
    """
    record = read_record(endpoint.record)
    # A dead daemon's port may be anyone's by now; the lock says whether the record is still true.
    if record is None or (record.host and not is_locked(endpoint.lock)):
        return None
    try:
        opened = _opened(record, patience)
    except TimeoutError as error:
        raise Unanswered(f"the daemon (process {record.pid}) does not take connections") from error
    except OSError as error:
        if error.errno in _NOBODY:
            return None
        where = record.socket or f"{record.host}:{record.port}"
        raise DaemonError(f"cannot connect to {where}: {error.strerror or error}") from error
    return _shaken(opened, endpoint, record, path, patience)


def _opened(record: Record, patience: float) -> socket.socket:
    if record.host:
        return socket.create_connection((record.host, record.port), timeout=patience)
    if sys.platform == "win32":
        raise DaemonError("unix sockets are not there on Windows; start the daemon with --listen 127.0.0.1:0")
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(patience)
    try:
        opened.connect(record.socket)
    except BaseException:
        opened.close()
        raise
    return opened


def _shaken(
    opened: socket.socket, endpoint: Endpoint, record: Record, path: str, patience: float
) -> ClientConnection | None:
    """The handshake over an open socket; closes the socket where it fails."""
    opened.settimeout(None)  # From here on `connect` keeps the time.
    headers, nonce, token = {BUILD: endpoint.build.name}, new_secret(), None
    if record.host:
        token = (read_private(endpoint.token) or "").strip()
        if not is_secret(token):
            opened.close()
            return None  # It is just being written, or the daemon is leaving.
        headers |= {NONCE: nonce, PROOF: client_proof(token, path, nonce)}
    host = f"{record.host}:{record.port}" if record.host else "localhost"
    try:
        connection = connect(
            f"ws://{host}{path}",
            sock=opened,
            compression=None,
            proxy=None,
            user_agent_header=None,
            additional_headers=headers,
            open_timeout=patience,
            ping_interval=None,
            close_timeout=1,
            max_size=Limits.message_bytes,
        )
    except InvalidStatus as error:
        opened.close()
        if error.response.status_code == _LEAVING:
            return None
        if error.response.status_code == _UNPROVED and (read_private(endpoint.token) or "").strip() != token:
            return None  # The token was renewed after it was read.
        why = (error.response.body or b"").decode(errors="replace").strip()
        raise DaemonError(f"the daemon refuses: {why or error.response.status_code}") from error
    except TimeoutError as error:
        opened.close()
        raise Unanswered(f"the daemon (process {record.pid}) does not answer; try `smile daemon doctor`") from error
    except (EOFError, ConnectionError, WebSocketException) as error:
        opened.close()
        if isinstance(error, _ENDED) or isinstance(error.__cause__, _ENDED):
            return None  # It died, or left, in the middle.
        raise DaemonError(f"what listens there is no daemon of ours ({error}); try `smile daemon doctor`") from error
    problem = _unproved(connection, endpoint, path, nonce, token)
    if problem:
        connection.close()
        raise DaemonError(f"{problem}; nothing was sent to it; try `smile daemon doctor`")
    return connection


def _unproved(connection: ClientConnection, endpoint: Endpoint, path: str, nonce: str, token: str | None) -> str | None:
    response = connection.response
    assert response is not None
    if token is not None:
        own, proof = response.headers.get(NONCE), response.headers.get(PROOF)
        if own is None or not is_secret(own) or proof != server_proof(token, path, nonce, own):
            return "what listens on the daemon's port does not know its token"
    if response.headers.get(BUILD) != endpoint.build.name:
        return "the daemon is of another build"
    return None
