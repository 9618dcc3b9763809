"""When a prompt is asked for after a change: how long a half-written word waits."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from smile_server.documents import Change, OpenDocument
from smile_server.engine import Engine
from smile_server.resolving import Grounds
from smile_server.settings import Settings
from smile_server.tracking import PAUSE, TrackedDocument

PROMPT = "make the tree re"


def _delay(folder: Path, typed: str, first_answer: float | None, monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds that a prompt waits after some characters were typed at its end."""
    (folder / "tree.png").write_bytes(Path("examples/street.png").read_bytes())
    text = f"---\nimage: tree.png\n---\n{PROMPT}"
    document = OpenDocument((folder / "a.edit").as_uri(), "edit-prompt", 1, text, "utf-16")
    line = text.count("\n")
    place = (line, len(PROMPT))
    engine = SimpleNamespace(first_answer=first_answer, seconds_per_edit={}, known=lambda task: None)
    waits: list[float] = []
    tracked = TrackedDocument(
        cast(Engine, engine), document, Settings, lambda: Grounds((folder,)), changed=lambda uri: None
    )
    monkeypatch.setattr("asyncio.get_running_loop", lambda: cast(Any, SimpleNamespace(call_later=_keep(waits))))
    tracked.take(document.changed(2, [Change(typed, place, place)]))
    (seconds,) = waits
    return seconds


def _keep(waits: list[float]) -> Any:
    return lambda seconds, run: waits.append(seconds)


@pytest.mark.parametrize(("first", "seconds"), [(None, PAUSE[1]), (0.1, PAUSE[0]), (0.2, 0.4), (5.0, PAUSE[1])])
def test_a_half_written_word_waits_by_what_it_would_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: float | None, seconds: float
) -> None:
    assert _delay(tmp_path, "d", first, monkeypatch) == pytest.approx(seconds)


def test_a_finished_word_waits_for_the_debounce_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _delay(tmp_path, "d ", 0.2, monkeypatch) == pytest.approx(Settings().debounce / 1000)
