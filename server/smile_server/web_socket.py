"""A WebSocket client (RFC 6455) of one connection to our own daemon: text messages over an open socket, no more.

`smile lsp` starts with every editor window and must start fast. The websockets library, which serves the other
end, costs more to import than all else in the forwarder together, so this side is written out.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
from contextlib import suppress

NORMAL, GOING_AWAY, PROTOCOL_ERROR, ABNORMAL = 1000, 1001, 1002, 1006
NOT_TEXT, TOO_BIG, INTERNAL_ERROR = 1007, 1009, 1011
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MOST_HEAD = 16384
_CLOSING = 1.0
"""Seconds that the other end has to answer a closing frame."""


class Closed(Exception):
    """The connection has ended. `code` is the other end's closing code; `ABNORMAL` where it went without a word."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Refused(Exception):
    """The handshake was answered with an HTTP status other than 101; `status` is 0 for what is no such answer."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status, self.body = status, body


class WebSocket:
    """An open connection. One thread may receive while others send; `headers` (lower case) are the server's."""

    def __init__(self, opened: socket.socket, headers: dict[str, str], left: bytes, most: int) -> None:
        self.headers = headers
        self._socket, self._left, self._most = opened, bytearray(left), most
        self._sending = threading.Lock()
        self._ended = threading.Event()

    def send(self, text: str) -> None:
        """Send one message; waits while the other end reads slowly.

        Raises:
            OSError: the connection has ended.
        """
        self._send(_TEXT, text.encode(errors="replace"))

    def receive(self, patience: float | None = None) -> str:
        """The next message.

        Args:
            patience: seconds to wait for every part of it; None for ever.

        Raises:
            Closed: there is none any more.
            TimeoutError: there was none in that time.
        """
        self._socket.settimeout(patience)
        try:
            return self._message()
        except Closed:
            self._ended.set()
            raise

    def close(self) -> None:
        """End the connection from any thread; a `receive` elsewhere then raises `Closed`."""
        with suppress(OSError):
            self._send(_CLOSE, NORMAL.to_bytes(2))
            self._ended.wait(_CLOSING)
        self.drop()

    def drop(self) -> None:
        """End the connection without a word."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _message(self) -> str:
        parts: list[bytes] = []
        while True:
            first, payload = self._frame(self._most - sum(map(len, parts)))
            kind = first & 0x0F
            if kind == _PING:
                with suppress(OSError):
                    self._send(_PONG, payload)
            elif kind == _CLOSE:
                with suppress(OSError):
                    self._send(_CLOSE, payload[:2])
                raise Closed(int.from_bytes(payload[:2]) if len(payload) >= 2 else NORMAL)
            elif kind in (0, _TEXT):
                if (kind == 0) != bool(parts):
                    raise Closed(PROTOCOL_ERROR)
                parts.append(payload)
                if first & 0x80:
                    return _decoded(b"".join(parts))
            elif kind != _PONG:
                raise Closed(PROTOCOL_ERROR)

    def _frame(self, most: int) -> tuple[int, bytes]:
        first, size = self._exactly(2)
        if first & 0x70 or size & 0x80:  # Reserved bits; a server masks nothing.
            raise Closed(PROTOCOL_ERROR)
        if size >= 126:
            size = int.from_bytes(self._exactly(2 if size == 126 else 8))
        if size > most:
            raise Closed(TOO_BIG)
        return first, self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        while len(self._left) < size:
            try:
                piece = self._socket.recv(65536)
            except TimeoutError:
                raise
            except OSError:
                piece = b""
            if not piece:
                raise Closed(ABNORMAL)
            self._left += piece
        found = bytes(self._left[:size])
        del self._left[:size]
        return found

    def _send(self, kind: int, payload: bytes) -> None:
        size, mask = len(payload), os.urandom(4)
        if size < 126:
            head = bytes([0x80 | kind, 0x80 | size])
        elif size < 65536:
            head = bytes([0x80 | kind, 0xFE]) + size.to_bytes(2)
        else:
            head = bytes([0x80 | kind, 0xFF]) + size.to_bytes(8)
        masks = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload) ^ int.from_bytes(masks)).to_bytes(size)
        with self._sending:
            self._socket.sendall(head + mask + masked)


def shake(opened: socket.socket, host: str, path: str, headers: dict[str, str], most: int) -> WebSocket:
    """Upgrade an open socket, whose timeout holds for every part of it. It is closed where that fails.

    Args:
        most: bytes that a message may have.

    Raises:
        Refused: the answer is another one than the upgrade.
        TimeoutError: there was none in time.
        OSError: the connection ended.
    """
    key = base64.b64encode(os.urandom(16))
    own = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    lines = [f"GET {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**own, "Sec-WebSocket-Key": key.decode(), **headers}.items()]
    try:
        opened.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        status, found, left = _head(opened)
        if status != 101:
            raise Refused(status, _body(opened, left))
        expected = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest()).decode()
        if found.get("sec-websocket-accept") != expected:
            raise Refused(0, "")
    except BaseException:
        opened.close()
        raise
    return WebSocket(opened, found, left, most)


def _head(opened: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status and headers of the answer, and what came after them."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = opened.recv(4096)
        if not piece:
            raise ConnectionResetError("the connection ended in the handshake")
        data += piece
        if len(data) > _MOST_HEAD:
            raise Refused(0, "")
    head, _, left = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise Refused(0, "")
    fields = (line.partition(":") for line in lines)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in fields}, left


def _body(opened: socket.socket, left: bytes) -> str:
    """What a refusal says, as far as it comes."""
    with suppress(OSError):
        while len(left) < 1024 and (piece := opened.recv(1024)):
            left += piece
    return left[:1024].decode(errors="replace").strip()


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Closed(NOT_TEXT) from None
