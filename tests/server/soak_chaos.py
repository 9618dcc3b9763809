"""Minutes of random kill -9: `make soak`, or `pytest tests/server/soak_chaos.py`."""

from __future__ import annotations

from chaos import chaos
from homes import Home


def test_whatever_is_killed_the_living_are_answered(home: Home) -> None:
    done = chaos(home, rounds=150, seed=5)
    assert min(done.values()) >= 10
