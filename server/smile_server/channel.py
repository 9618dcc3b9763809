"""A client's connection to the daemon that listens at an endpoint, with both sides proved on TCP."""

from __future__ import annotations

import errno
import socket
import sys

from smile_server.endpoint import Endpoint, Record, read_private, read_record
from smile_server.limits import Limits
from smile_server.lock import is_locked
from smile_server.proof import NONCE, PROOF, client_proof, is_secret, new_secret, server_proof
from smile_server.trouble import DaemonError
from smile_server.web_socket import Refused, WebSocket, shake

LSP = "/lsp"
CONTROL = "/control"
BUILD = "Smile-Build"
VERSION = "Smile-Version"
_NOBODY = {errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE}
_UNPROVED, _LEAVING = 401, 503


class Unanswered(DaemonError):
    """The daemon took the connection and said nothing: it is stuck, or still very busy starting."""


def try_connect(endpoint: Endpoint, path: str, patience: float) -> WebSocket | None:
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


def _shaken(opened: socket.socket, endpoint: Endpoint, record: Record, path: str, patience: float) -> WebSocket | None:
    """The handshake over an open socket; closes the socket where it fails."""
    headers, nonce, token = {BUILD: endpoint.build.name}, new_secret(), None
    if record.host:
        token = (read_private(endpoint.token) or "").strip()
        if not is_secret(token):
            opened.close()
            return None  # It is just being written, or the daemon is leaving.
        headers |= {NONCE: nonce, PROOF: client_proof(token, path, nonce)}
    opened.settimeout(patience)
    host = f"{record.host}:{record.port}" if record.host else "localhost"
    try:
        connection = shake(opened, host, path, headers, Limits.message_bytes)
    except Refused as error:
        if error.status == _LEAVING:
            return None
        if error.status == _UNPROVED and (read_private(endpoint.token) or "").strip() != token:
            return None  # The token was renewed after it was read.
        if not error.status:
            raise DaemonError("what listens there is no daemon of ours; try `smile daemon doctor`") from error
        raise DaemonError(f"the daemon refuses: {error.body or error.status}") from error
    except TimeoutError as error:
        raise Unanswered(f"the daemon (process {record.pid}) does not answer; try `smile daemon doctor`") from error
    except OSError:
        return None  # It died, or left, in the middle.
    problem = _unproved(connection, endpoint, path, nonce, token)
    if problem:
        connection.drop()
        raise DaemonError(f"{problem}; nothing was sent to it; try `smile daemon doctor`")
    return connection


def _unproved(connection: WebSocket, endpoint: Endpoint, path: str, nonce: str, token: str | None) -> str | None:
    if token is not None:
        own, proof = connection.headers.get(NONCE.lower()), connection.headers.get(PROOF.lower())
        if own is None or not is_secret(own) or proof != server_proof(token, path, nonce, own):
            return "what listens on the daemon's port does not know its token"
    if connection.headers.get(BUILD.lower()) != endpoint.build.name:
        return "the daemon is of another build"
    return None
