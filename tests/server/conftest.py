"""Fixtures that the daemon's tests share."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from homes import Home


@pytest.fixture
def home() -> Iterator[Home]:
    yield from _home()


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Home]:
    yield from _home()


def _home() -> Iterator[Home]:
    # Not pytest's own temporary folder: its path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="smile-"))
    made = Home(folder)
    try:
        yield made
    finally:
        made.end()
        shutil.rmtree(folder)
