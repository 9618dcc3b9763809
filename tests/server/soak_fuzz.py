"""100,000 random handshakes and frames: `make soak`, or `pytest tests/server/soak_fuzz.py`."""

from __future__ import annotations

from fuzzing import fuzz
from homes import Home, eventually

INPUTS = 100_000


def test_no_input_ends_the_daemon_nor_makes_it_grow(home: Home) -> None:
    record = home.echo_daemon()
    fuzz(record, inputs=INPUTS // 10, seed=2)
    before = home.smile("daemon", "status", "--json")["memory"]
    fuzz(record, inputs=INPUTS - INPUTS // 10, seed=3)
    after = eventually(lambda: _quiet(home), "all sessions have ended")
    assert after["pid"] == record.pid
    assert after["memory"] < before * 1.1


def _quiet(home: Home) -> dict[str, int]:
    found: dict[str, int] = home.smile("daemon", "status", "--json")
    return found if found["sessions"] == 0 else {}
