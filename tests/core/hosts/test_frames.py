"""Frames: what goes in comes out, and garbage is refused instead of read."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_core.hosts.frames import HEADER, MOST_BYTES, FrameError, decoded, encoded, read_frame

MESSAGES = st.dictionaries(st.text(max_size=8).filter(lambda k: k != "blobs"), st.integers() | st.text(max_size=8))


@given(st.lists(st.tuples(MESSAGES, st.lists(st.binary(max_size=20), max_size=3)), max_size=5))
def test_messages_come_out_as_they_went_in(sent: list[tuple[dict[str, object], list[bytes]]]) -> None:
    stream = io.BytesIO(b"".join(encoded(message, blobs) for message, blobs in sent))
    received = []
    while (frame := read_frame(stream)) is not None:
        received.append(frame)
    assert received == sent


def test_a_stream_that_breaks_off_has_ended() -> None:
    whole = encoded({"do": "explain"}, [b"12345"])
    for length in range(len(whole)):
        assert read_frame(io.BytesIO(whole[:length])) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [(b"no json", b""), (b"[1]", b""), (b'{"blobs":[3]}', b"12"), (b"{}", b"1"), (b"[" * 100_000, b"")],
    ids=["text", "a list", "too short", "unannounced", "too deep"],
)
def test_garbage_is_refused(text: bytes, rest: bytes) -> None:
    with pytest.raises(FrameError):
        decoded(text, rest)


def test_a_frame_that_claims_to_be_huge_is_refused_before_it_is_read() -> None:
    with pytest.raises(FrameError, match="too long"):
        read_frame(io.BytesIO(HEADER.pack(MOST_BYTES, 1)))
