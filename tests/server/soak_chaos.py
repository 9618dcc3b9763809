"""Minutes of random kill -9: `make soak`, or `pytest tests/server/soak_chaos.py`."""

from __future__ import annotations

import random

from chaos import chaos
from homes import Home
from product_chaos import VICTIMS, product_chaos


def test_whatever_is_killed_the_living_are_answered(home: Home) -> None:
    done = chaos(home, rounds=150, seed=5)
    assert min(done.values()) >= 10


def test_whatever_of_the_product_is_killed_the_living_are_answered(home: Home) -> None:
    product_chaos(home, random.Random(7).choices(VICTIMS, k=60), seed=7)
