"""LSP's base protocol on standard input and output: messages behind a `Content-Length` header."""

from __future__ import annotations

import os

from smile_server.trouble import DaemonError

_MOST_HEADER = 4096
_PIECE = 65536


class FrameReader:
    """Reads messages from a descriptor. Not through `sys.stdin`, whose lock a waiting thread would hold at exit."""

    def __init__(self, descriptor: int, most: int) -> None:
        self._descriptor, self._most = descriptor, most
        self._left = bytearray()

    def read(self) -> str | None:
        """The next message; None at the end of input, in the middle of one too.

        Raises:
            DaemonError: what comes is no such message, or one longer than `most` bytes.
        """
        while (end := self._left.find(b"\r\n\r\n")) < 0:
            if len(self._left) > _MOST_HEADER:
                raise DaemonError("standard input does not speak LSP; let an editor start `smile lsp`")
            if not self._fill():
                return None
        length = _length(bytes(self._left[:end]))
        if length > self._most:
            raise DaemonError(f"a message of {length} bytes is too long; {self._most} are taken")
        del self._left[: end + 4]
        while len(self._left) < length:
            if not self._fill():
                return None
        body = bytes(self._left[:length])
        del self._left[:length]
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            raise DaemonError("a message on standard input is not UTF-8") from error

    def _fill(self) -> bool:
        piece = os.read(self._descriptor, _PIECE)
        self._left += piece
        return bool(piece)


def _length(header: bytes) -> int:
    for line in header.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() == b"content-length":
            value = value.strip()
            if value.isdigit() and len(value) < 16:
                return int(value)
    raise DaemonError("a message on standard input has no Content-Length; let an editor start `smile lsp`")


def write_frame(descriptor: int, text: str) -> None:
    """Write one message whole.

    Raises:
        OSError: the reader has gone.
    """
    body = text.encode(errors="replace")
    data = memoryview(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    while data:
        data = data[os.write(descriptor, data) :]
