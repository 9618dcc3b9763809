"""The messages: camelCase on the wire, and the extension's types are those of Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from smile_server.protocol import Forecast, Position, Range, camel, wire
from smile_server.typescript import typescript

TYPES = Path(__file__).parents[2] / "extension" / "src" / "protocol.ts"


def test_names_are_camel_case_on_the_wire() -> None:
    assert camel("seconds_left") == "secondsLeft"
    assert wire(Forecast(1, 2, None)) == {"made": 1, "expected": 2, "secondsLeft": None}
    assert wire((Range(Position(0, 1), Position(0, 2)),)) == [
        {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 2}}
    ]


def test_the_extensions_types_are_up_to_date() -> None:
    if not TYPES.exists():
        pytest.skip("the extension is not in this tree")
    written = TYPES.read_text(encoding="utf-8")
    assert written == typescript(), "run: python -m smile_server.typescript > extension/src/protocol.ts"
