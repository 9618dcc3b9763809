"""Random handshakes and random frames against a daemon: nothing that a stranger or a client sends may end it."""

from __future__ import annotations

import json
import random
import socket

from raw_client import UPGRADE, connected, read_frame, send_frame, shake

from smile_server.endpoint import Record

_NAMES = [
    *("Host", "Origin", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Smile-Nonce"),
    *("Smile-Proof", "Content-Length", "Transfer-Encoding", "Sec-WebSocket-Extensions", "X", "", ":", "\x00"),
]
_VALUES = [
    *("localhost", "websocket", "Upgrade", "13", "0" * 64, "null", "[::1]:x", "-1", "chunked", "permessage-deflate"),
    *("\xff\xfe", "\x00", "", " ", "a" * 9000, ",,,", '"', "%s%n", "localhost\r\nOrigin: x"),
]


def random_handshake(chance: random.Random) -> bytes:
    """From a good handshake with one thing wrong to noise."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(200)) + b"\r\n\r\n"
    lines = ["GET /lsp HTTP/1.1", "Host: localhost", *UPGRADE]
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(lines) + 1)
        lines.insert(place, f"{chance.choice(_NAMES)}: {chance.choice(_VALUES)}")
        if chance.random() < 0.5:
            lines.pop(chance.randrange(len(lines)))
    data = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if kind == 1:
        cut = chance.randrange(len(data))
        return data[:cut] + chance.randbytes(chance.randrange(1, 9)) + data[cut + chance.randrange(9) :]
    return data


def random_frames(chance: random.Random) -> bytes:
    """Frames with any bits, lengths that lie, and JSON that is nearly right."""
    pieces = []
    for _ in range(chance.randrange(1, 4)):
        kind = chance.randrange(3)
        if kind == 0:
            pieces.append(chance.randbytes(chance.randrange(1, 60)))
            continue
        body = {
            "jsonrpc": "2.0",
            "id": chance.choice([1, "a", None, [], {}, 1.5, True]),
            "method": "echo",
            "params": [1],
        }
        text = bytearray(json.dumps(body).encode())
        if kind == 1:
            for _ in range(chance.randrange(1, 4)):
                text[chance.randrange(len(text))] = chance.randrange(256)
        first = chance.choice([0x81, 0x81, 0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8A, 0xC1, 0x83])
        mask = chance.randbytes(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
        size = min(len(text), 125)
        pieces.append(bytes([first, 0x80 | size]) + mask + masked[:size])
    return b"".join(pieces)


def fuzz(record: Record, inputs: int, seed: int) -> None:
    """Send that many inputs, half of them handshakes; after every hundredth a well-behaved client is served."""
    chance = random.Random(seed)
    for number in range(inputs):
        if number % 100 == 0:
            assert_served(record)
        with connected(record) as opened:
            if number % 2:
                _send(opened, random_handshake(chance))
                continue
            # In one piece, without waiting for the answer: the daemon must cope, and it is quicker.
            _send(opened, "\r\n".join(["GET /lsp HTTP/1.1", "Host: localhost", *UPGRADE, "", ""]).encode())
            _send(opened, random_frames(chance))
    assert_served(record)


def assert_served(record: Record) -> None:
    """A client that does all right is answered."""
    for _ in range(200):
        with connected(record) as opened:
            found = shake(opened)
            if found.status in (0, 429):  # Full of what is just being cleared away.
                continue
            assert found.status == 101, found
            send_frame(opened, b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": "served"}')
            assert json.loads(read_frame(opened)[1])["result"] == "served"
            return
    raise AssertionError("no client is served any more")


def _send(opened: socket.socket, data: bytes) -> None:
    try:
        opened.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        return
