"""A WebSocket client written from RFC 6455 alone, so that a test may break every rule of it."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

from smile_server.endpoint import Record

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", KEY, "Sec-WebSocket-Version: 13")


@dataclass(frozen=True)
class Answer:
    """What came back: 0 and nothing when the connection was closed without a word."""

    status: int
    headers: dict[str, str]
    body: str


def connected(record: Record) -> socket.socket:
    """An open socket to a daemon."""
    if record.host:
        return socket.create_connection((record.host, record.port), timeout=10)
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(10)
    opened.connect(record.socket)
    return opened


def shake(opened: socket.socket, path: str = "/lsp", *headers: str, host: str | None = "localhost") -> Answer:
    """Send a handshake with these headers and read the answer."""
    lines = [f"GET {path} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *UPGRADE, *headers, "", ""]
    opened.sendall("\r\n".join(lines).encode("latin-1"))
    return answer(opened)


def answer(opened: socket.socket) -> Answer:
    """Read an HTTP response up to the end of its head, and of its body where it has a length."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            piece = opened.recv(4096)
        except ConnectionError:
            piece = b""
        if not piece:
            return Answer(0, {}, "")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += opened.recv(4096)
    return Answer(int(first.split()[1]), headers, body.decode())


def send_frame(opened: socket.socket, payload: bytes, opcode: int = 1) -> None:
    """One final masked frame."""
    mask = os.urandom(4)
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else struct.pack("!BQ", 0xFF, size)
    length = struct.pack("!BH", 0xFE, size) if 126 <= size < 65536 else length
    masked = (int.from_bytes(payload, "little") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "little")).to_bytes(
        size, "little"
    )
    opened.sendall(bytes([0x80 | opcode]) + length + mask + masked)


def read_frame(opened: socket.socket) -> tuple[int, bytes]:
    """The next frame's opcode and payload; opcode 8 and nothing when the connection has ended."""
    head = _exactly(opened, 2)
    if len(head) < 2:
        return 8, b""
    size = head[1] & 0x7F
    if size == 126:
        size = int.from_bytes(_exactly(opened, 2))
    elif size == 127:
        size = int.from_bytes(_exactly(opened, 8))
    return head[0] & 0x0F, _exactly(opened, size)


def _exactly(opened: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        try:
            piece = opened.recv(size - len(data))
        except ConnectionError:
            break
        if not piece:
            break
        data += piece
    return data
