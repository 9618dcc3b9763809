"""The daemon's socket: bound before anybody is told of it, and never in the place of another that is alive."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from smile_server.admission import loopback
from smile_server.endpoint import Endpoint
from smile_server.trouble import DaemonError


@dataclass(frozen=True)
class Address:
    """Where to listen: a unix socket when `host` is empty."""

    host: str = ""
    port: int = 0


def address_from(text: str, *, anywhere: bool = False) -> Address:
    """`HOST:PORT` as an address.

    Args:
        text: empty for the platform's usual: a unix socket, or on Windows a free port of 127.0.0.1.
        anywhere: whether other hosts than the loopback's are taken.

    Raises:
        DaemonError: it is none, or not on this machine alone.
    """
    if not text:
        return Address("127.0.0.1", 0) if sys.platform == "win32" else Address()
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise DaemonError(f"cannot listen on {text}; write HOST:PORT, for instance 127.0.0.1:0")
    own = loopback(host)
    if own is None and not anywhere:
        raise DaemonError(
            f"{host} can be reached from other machines; listen on 127.0.0.1 and use a tunnel, "
            "or add --dangerously-listen-to-other-machines"
        )
    return Address((own or host).strip("[]"), int(port))


def bound(endpoint: Endpoint, address: Address) -> socket.socket:
    """A socket bound to the address. Call it with the endpoint's lock held.

    Raises:
        DaemonError: the address is taken by something alive, or cannot be had.
    """
    try:
        if address.host:
            return _bound_port(address)
        _reap(endpoint.socket)
        return _bound_path(endpoint.socket)
    except OSError as error:
        where = f"{address.host}:{address.port}" if address.host else str(endpoint.socket)
        raise DaemonError(f"cannot listen on {where}: {error.strerror or error}") from error


def _bound_port(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform == "win32":  # There another process could take the port over otherwise.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
    except BaseException:
        listening.close()
        raise
    return listening


def _bound_path(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except BaseException:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening


def _reap(path: Path) -> None:
    """Remove a dead daemon's socket: only a socket, and only after a refused connection."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise DaemonError(f"{path} is in the way and no socket; remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        refused = probe.connect_ex(str(path)) == errno.ECONNREFUSED
    if not refused:
        raise DaemonError(f"another process listens on {path}; end it, or try `smile daemon doctor`")
    path.unlink()
