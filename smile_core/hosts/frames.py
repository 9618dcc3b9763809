"""Messages between a process and its worker: a JSON object and any number of byte strings, over pipes.

A frame is two big-endian 32-bit lengths, then that much UTF-8 JSON, then that many bytes; the JSON's "blobs" says
how the bytes are cut. Nothing is pickled, so a worker that went astray cannot run code in its parent.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

HEADER = struct.Struct(">II")
MOST_BYTES = 256 * 1024**2
"""A longer frame is taken for garbage."""


class FrameError(Exception):
    """The bytes are no frame."""


def encoded(message: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """The frame of a message."""
    text = json.dumps({**message, "blobs": [len(blob) for blob in blobs]} if blobs else message).encode()
    return b"".join((HEADER.pack(len(text), sum(map(len, blobs))), text, *blobs))


def decoded(text: bytes, rest: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The inverse of `encoded`, from the two parts of a frame.

    Raises:
        FrameError: they do not fit together.
    """
    try:
        message = json.loads(text)
        lengths = message.pop("blobs", [])
    except (ValueError, AttributeError, RecursionError) as error:
        raise FrameError("a frame holds no JSON object") from error
    if sum(lengths) != len(rest):
        raise FrameError(f"a frame has {len(rest)} bytes of blobs, not {sum(lengths)}")
    blobs, at = [], 0
    for length in lengths:
        blobs.append(rest[at : at + length])
        at += length
    return message, blobs


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], list[bytes]] | None:
    """The next message of a blocking stream, None at its end.

    Raises:
        FrameError: what comes is no frame.
    """
    header = _exactly(stream, HEADER.size)
    if header is None:
        return None
    lengths = HEADER.unpack(header)
    if sum(lengths) > MOST_BYTES:
        raise FrameError(f"a frame of {sum(lengths)} bytes is too long")
    text, rest = _exactly(stream, lengths[0]), _exactly(stream, lengths[1])
    if text is None or rest is None:
        return None
    return decoded(text, rest)


def _exactly(stream: BinaryIO, count: int) -> bytes | None:
    parts, left = [], count
    while left:
        part = stream.read(left)
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
