"""What a client may send once it is in: size, depth and form, against a real daemon and an independent oracle."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from homes import Home, eventually
from hypothesis import given
from hypothesis import strategies as st
from raw_client import connected, read_frame, send_frame, shake

from smile_server.endpoint import Record
from smile_server.limits import is_deeper


@pytest.fixture(scope="module")
def record(shared_home: Home) -> Iterator[Record]:
    record = shared_home.echo_daemon(SMALL_LIMITS="1")
    yield record
    assert shared_home.smile("daemon", "status", "--json")["pid"] == record.pid  # It has outlived it all.


@pytest.fixture
def opened(record: Record) -> Iterator[socket.socket]:
    def tried() -> socket.socket | None:
        one = connected(record)
        if shake(one).status == 101:
            return one
        one.close()
        return None

    with eventually(tried, "a free place") as one:
        yield one


def error_of(opened: socket.socket) -> int:
    code: int = json.loads(read_frame(opened)[1])["error"]["code"]
    return code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ('{"a": }', -32700),
        ("{'a': 1}", -32700),
        ("\x00", -32700),
        ("9" * 5000, -32700),
        ("[]", -32600),
        ("1", -32600),
        ("null", -32600),
        ("[" * 30000, -32600),
        ('{"a":' * 9000 + "1" + "}" * 9000, -32600),
        ('{"method": "echo", "id": 1, "params": ' + "[" * 64 + "]" * 64 + "}", -32600),
        ('{"a": "' + '\\"' * 20000 + "[" * 10000, -32700),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_message_in_bad_form_is_answered_and_the_session_goes_on(opened: socket.socket, text: str, code: int) -> None:
    send_frame(opened, text.encode())
    assert error_of(opened) == code
    send_frame(opened, b'{"jsonrpc": "2.0", "id": 7, "method": "echo", "params": [[1]]}')
    assert json.loads(read_frame(opened)[1]) == {"jsonrpc": "2.0", "id": 7, "result": [[1]]}


def test_brackets_in_strings_are_not_depth(opened: socket.socket) -> None:
    params = ["[" * 1000, '\\"[{', "}" * 100]
    send_frame(opened, json.dumps({"jsonrpc": "2.0", "id": 7, "method": "echo", "params": params}).encode())
    assert json.loads(read_frame(opened)[1])["result"] == params


@pytest.mark.parametrize(
    ("payload", "opcode", "close"),
    [
        (b'{"a": "' + b"x" * 65536 + b'"}', 1, 1009),
        (b"{}", 2, 1003),
        (b'"\xff"', 1, 1007),
        (b"x", 3, 1002),
        (b"x" * 126, 9, 1002),
    ],
    ids=["oversize", "binary", "not UTF-8", "unknown opcode", "long ping"],
)
def test_what_is_no_message_closes_only_its_session(
    record: Record, opened: socket.socket, payload: bytes, opcode: int, close: int
) -> None:
    send_frame(opened, payload, opcode)
    kind, reason = read_frame(opened)
    assert (kind, int.from_bytes(reason[:2])) == (8, close)


def test_a_length_that_lies_costs_no_memory(record: Record, opened: socket.socket, shared_home: Home) -> None:
    before = shared_home.smile("daemon", "status", "--json")["memory"]
    opened.sendall(bytes([0x81, 0xFF]) + (2**62).to_bytes(8) + b"mask" + b"x" * 1000)
    assert int.from_bytes(read_frame(opened)[1][:2]) == 1009
    assert shared_home.smile("daemon", "status", "--json")["memory"] < before + 2**24


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


_TEXTS = st.text(alphabet='[]{}"\\ab', max_size=8)
_VALUES = st.recursive(_TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3))


@given(_VALUES, st.integers(0, 6))
def test_depth_is_what_a_parser_finds(value: object, most: int) -> None:
    assert is_deeper(json.dumps(value), most) == (_depth(value) > most)
    assert is_deeper(json.dumps(value, indent=1), most) == (_depth(value) > most)


@given(st.text(alphabet='[]{}"\\,:1', max_size=60), st.integers(0, 6))
def test_what_is_judged_shallow_is_shallow_if_it_is_json(text: str, most: int) -> None:
    try:
        value = json.loads(text)
    except ValueError:
        return
    assert is_deeper(text, most) == (_depth(value) > most)
