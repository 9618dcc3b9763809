"""Seconds of what `make soak` does for minutes."""

from __future__ import annotations

from fuzzing import fuzz
from homes import Home


def test_no_input_ends_the_daemon(home: Home) -> None:
    record = home.echo_daemon()
    before = home.smile("daemon", "status", "--json")["memory"]
    fuzz(record, inputs=1000, seed=1)
    after = home.smile("daemon", "status", "--json")
    assert after["pid"] == record.pid
    assert after["memory"] < before + 2**25
    assert "Traceback" not in home.log
