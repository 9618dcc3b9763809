"""The client written out against the websockets library's server, and against servers that break the rules."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest
from websockets.sync.server import ServerConnection, serve

from smile_server.web_socket import (
    ABNORMAL,
    INTERNAL_ERROR,
    NORMAL,
    NOT_TEXT,
    PROTOCOL_ERROR,
    TOO_BIG,
    Closed,
    Refused,
    WebSocket,
    shake,
)

MOST = 200_000


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of the library: it echoes, and does as it is told."""

    def handle(connection: ServerConnection) -> None:
        for message in connection:
            if message == "fragments":
                connection.send(iter(["one ", "two ", "three"]))
            elif message == "ping":
                connection.send("answered" if connection.ping().wait(10) else "not answered")
            elif message == "close":
                connection.close(INTERNAL_ERROR)
            elif message == "big":
                connection.send("x" * (MOST + 1))
            else:
                connection.send(message)

    with serve(handle, "127.0.0.1", 0, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def client(port: int) -> Iterator[WebSocket]:
    opened = socket.create_connection(("127.0.0.1", port), timeout=10)
    made = shake(opened, f"127.0.0.1:{port}", "/", {}, MOST)
    yield made
    made.close()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 125, 126, 127, 65535, 65536, 70_000])
def test_messages_of_every_length_come_back(client: WebSocket, size: int) -> None:
    text = ("aé€😀" * size)[:size]
    client.send(text)
    assert client.receive(10) == text


def test_fragments_are_joined_and_pings_answered(client: WebSocket) -> None:
    client.send("fragments")
    assert client.receive(10) == "one two three"
    client.send("ping")
    assert client.receive(20) == "answered"


@pytest.mark.parametrize(("told", "code"), [("close", INTERNAL_ERROR), ("big", TOO_BIG)])
def test_an_end_has_its_code(client: WebSocket, told: str, code: int) -> None:
    client.send(told)
    with pytest.raises(Closed) as caught:
        client.receive(10)
    assert caught.value.code == code


def test_closing_wakes_the_thread_that_receives(client: WebSocket) -> None:
    found: list[int] = []

    def receive() -> None:
        try:
            client.receive()
        except Closed as closed:
            found.append(closed.code)

    thread = threading.Thread(target=receive)
    thread.start()
    client.close()
    thread.join(10)
    assert found == [NORMAL]


def _served(head: bytes, frames: bytes = b"") -> socket.socket:
    """A socket at whose other end these bytes lie already, and nothing comes after them."""
    one, other = socket.socketpair()
    one.settimeout(10)
    other.sendall(head + frames)
    other.shutdown(socket.SHUT_WR)
    _KEPT.append(other)
    return one


_KEPT: list[socket.socket] = []
UPGRADE = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"


@pytest.fixture(autouse=True)
def _known_key(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The key of RFC 6455's own example, whose answer is known, where a test plays the server."""
    if "client" not in request.fixturenames:
        monkeypatch.setattr(os, "urandom", lambda size: b"the sample nonce"[:size])


def test_the_example_of_the_rfc_is_taken() -> None:
    with _served(UPGRADE, b"\x81\x05Hello") as opened:
        assert shake(opened, "localhost", "/", {}, MOST).receive(10) == "Hello"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (UPGRADE.replace(b"s3p", b"S3p"), 0),
        (b"HTTP/1.1 101 x\r\n\r\n", 0),
        (b"HTTP/1.1 403 x\r\n\r\nwhy", 403),
        (b"SSH-2.0\r\n\r\n", 0),
        (b"HTTP/1.1 x\r\n\r\n", 0),
        (b"x" * 20_000, 0),
    ],
    ids=["wrong key", "no key", "refusal", "no HTTP", "no status", "endless"],
)
def test_a_wrong_handshake_is_refused(head: bytes, status: int) -> None:
    opened = _served(head)
    with pytest.raises(Refused) as caught:
        shake(opened, "localhost", "/", {}, MOST)
    assert caught.value.status == status
    assert opened.fileno() == -1


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"", ABNORMAL),
        (b"\x81", ABNORMAL),
        (b"\x81\x05Hell", ABNORMAL),
        (b"\x81\x85maskHello", PROTOCOL_ERROR),
        (b"\xc1\x05Hello", PROTOCOL_ERROR),
        (b"\x80\x05Hello", PROTOCOL_ERROR),
        (b"\x82\x05Hello", PROTOCOL_ERROR),
        (b"\x01\x01a\x81\x01b", PROTOCOL_ERROR),
        (b"\x81\x01\xff", NOT_TEXT),
        (b"\x81\x7f" + (2**62).to_bytes(8), TOO_BIG),
        (b"\x88\x00", NORMAL),
        (b"\x88\x02\x03\xe9", 1001),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_wrong_frames_end_the_connection(frames: bytes, code: int) -> None:
    with _served(UPGRADE, frames) as opened:
        made = shake(opened, "localhost", "/", {}, MOST)
        with pytest.raises(Closed) as caught:
            made.receive(10)
    assert caught.value.code == code


def test_an_answer_that_never_comes_is_out_of_time() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.settimeout(0.05)
        with pytest.raises(TimeoutError):
            shake(one, "localhost", "/", {}, MOST)
