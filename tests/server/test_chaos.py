"""Seconds of what `make soak` does for minutes."""

from __future__ import annotations

from chaos import chaos
from homes import Home
from product_chaos import product_chaos


def test_whatever_is_killed_the_living_are_answered(home: Home) -> None:
    done = chaos(home, rounds=6, seed=4)
    assert done["daemon"] >= 1
    assert done["forwarder"] + done["gone"] >= 1


def test_whatever_of_the_product_is_killed_the_living_are_answered(home: Home) -> None:
    product_chaos(home, ("worker", "forwarder", "daemon", "editor"), seed=1)
