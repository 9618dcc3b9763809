"""Who may connect: everything that is checked between the first byte of a connection and the WebSocket upgrade."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from smile_server.build import Build
from smile_server.channel import BUILD, CONTROL, LSP, VERSION
from smile_server.limits import Limits
from smile_server.proof import NONCE, PROOF, Verifier

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[0-9a-z.-]+)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True)
class Refusal:
    """Why a client is turned away; `why` is all that it and the log are told."""

    status: HTTPStatus
    why: str


@dataclass(frozen=True)
class Admission:
    """The rules of one listening daemon.

    `verifier` is None on a unix socket, where the system says who connects. `sessions` counts those open.
    `hosts` are names, besides the loopback's, that a client may call this machine by. `renewed` is called with a
    new token when the old one is worn.
    """

    build: Build
    limits: Limits
    sessions: Callable[[], int]
    refused: Callable[[str], None]
    renewed: Callable[[str], None]
    verifier: Verifier | None = None
    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """The `process_request` of websockets: a response that refuses, or None."""
        refusal = self.refusal(connection.transport.get_extra_info("socket"), request)
        if refusal is None:
            return None
        self.refused(refusal.why)
        return connection.respond(refusal.status, f"{refusal.why}\n")

    def process_response(self, connection: ServerConnection, request: Request, response: Response) -> Response | None:
        """The `process_response` of websockets: the daemon says what it is, and on TCP proves it."""
        response.headers[BUILD] = self.build.name
        response.headers[VERSION] = self.build.version
        if self.verifier is not None and response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            nonce, proof = self.verifier.answer(request.path, request.headers[NONCE])
            response.headers[NONCE], response.headers[PROOF] = nonce, proof
            if self.verifier.worn:
                self.verifier.renew()
                self.renewed(self.verifier.token)
        return None

    def refusal(self, peer: socket.socket, request: Request) -> Refusal | None:
        """The first rule that a connection breaks. A proof is only used up where all other rules hold."""
        if self.verifier is None and not is_own(peer_uid(peer)):
            return Refusal(HTTPStatus.FORBIDDEN, "another user's process")
        if not self._host_is_ours(request.headers.get_all("Host")):
            return Refusal(HTTPStatus.FORBIDDEN, "host not allowed")
        if any(origin not in self.origins for origin in request.headers.get_all("Origin")):
            return Refusal(HTTPStatus.FORBIDDEN, "origin not allowed")
        if request.path not in (LSP, CONTROL):
            return Refusal(HTTPStatus.NOT_FOUND, "no such path")
        if self.verifier is not None:
            nonces, proofs = request.headers.get_all(NONCE), request.headers.get_all(PROOF)
            why = self.verifier.refusal(request.path, _only(nonces), _only(proofs))
            if why:
                return Refusal(HTTPStatus.UNAUTHORIZED, why)
        if request.path == LSP and self.sessions() >= self.limits.sessions:
            return Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"there are {self.limits.sessions} sessions already")
        return None

    def _host_is_ours(self, given: list[str]) -> bool:
        found = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        return found is not None and found["name"].lower() in _LOOPBACK | self.hosts


def loopback(host: str) -> str | None:
    """The address that a host to listen on means, or None where it is not this machine's own."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        return host if ipaddress.ip_address(host.strip("[]")).is_loopback else None
    except ValueError:
        return None


def peer_uid(peer: socket.socket) -> int | None:
    """The user at the other end of a unix socket; None where the system does not say, and the folder must do."""
    if sys.platform == "linux":
        return int(struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
    if sys.platform == "darwin":
        local_peercred = 1  # struct xucred: version, uid, ...
        return int(struct.unpack_from("II", peer.getsockopt(0, local_peercred, 76))[1])
    return None


def is_own(uid: int | None) -> bool:
    """Whether that user is the one whose daemon this is; root is not."""
    if uid is None or sys.platform == "win32":
        return True
    import os

    return uid == os.geteuid()


def _only(values: list[str]) -> str | None:
    """The value of a header that stands there once."""
    return values[0] if len(values) == 1 else None
