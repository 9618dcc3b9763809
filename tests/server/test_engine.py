"""The queue in front of the worker, with a worker that only writes down what it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from smile_core.hosts.tasks import Task
from smile_server.cards import Cards
from smile_server.engine import Engine
from smile_server.jobs import Priority, Update

pytestmark = pytest.mark.asyncio
VIEW = {"quality": {"edits": 16, "known": 0}}


class SilentWorker:
    """Does nothing by itself; a test says what it answers."""

    def __init__(self, on_message: Callable[..., None], on_death: Callable[[str], None], **_: Any) -> None:
        self.say, self.die = on_message, on_death
        self.sent: list[dict[str, Any]] = []
        self.pid: int | None = None

    async def start(self) -> None:
        self.pid = 1

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def close(self) -> None:
        self.pid = None

    def last(self, do: str) -> dict[str, Any]:
        return next(message for message in reversed(self.sent) if message["do"] == do)

    def finish(self) -> None:
        """The newest explanation is done."""
        self.say({"say": "done", "id": self.last("explain")["id"], "result": {"view": VIEW}}, [])


@pytest_asyncio.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> SilentWorker:
    """The worker of `engine`."""
    found: list[SilentWorker] = []

    def made(*arguments: Any, **options: Any) -> SilentWorker:
        found.append(SilentWorker(*arguments, **options))
        return found[-1]

    monkeypatch.setattr("smile_server.engine.WorkerClient", made)
    return found  # type: ignore[return-value]


def _task(prompt: str) -> Task:
    return Task(prompt, "/scene.png", (0, 0), "scenes-turbo")


def _prompts(worker: SilentWorker) -> list[str]:
    return [message["task"]["prompt"] for message in worker.sent if message["do"] == "explain"]


async def _watching(engine: Engine, prompt: str, priority: Priority) -> tuple[Any, list[Update]]:
    heard: list[Update] = []
    watch = engine.watch(_task(prompt), heard.append, priority)
    if engine._starting is not None:
        await engine._starting
    return watch, heard


async def test_the_most_urgent_goes_first_and_equals_in_order(worker: Any) -> None:
    engine = Engine()
    await _watching(engine, "first", Priority.ASKED)
    for prompt, priority in [("far", Priority.BACKGROUND), ("seen", Priority.VISIBLE), ("seen too", Priority.VISIBLE)]:
        await _watching(engine, prompt, priority)
    for _ in range(4):
        worker[0].finish()
    assert _prompts(worker[0]) == ["first", "seen", "seen too", "far"]


async def test_a_more_urgent_one_sends_the_running_one_back_and_it_goes_on_later(worker: Any) -> None:
    engine = Engine()
    _, heard = await _watching(engine, "far", Priority.BACKGROUND)
    await _watching(engine, "near", Priority.FOCUSED)
    silent = worker[0]
    assert silent.last("cancel")["id"] == silent.last("explain")["id"]
    silent.say({"say": "cancelled", "id": silent.last("cancel")["id"]}, [])
    assert _prompts(silent) == ["far", "near"]
    silent.finish()
    assert _prompts(silent) == ["far", "near", "far"]
    silent.finish()
    assert heard[-1].final


async def test_equal_tasks_are_one_job_and_the_last_to_leave_cancels_it(worker: Any) -> None:
    engine = Engine()
    one, _ = await _watching(engine, "same", Priority.VISIBLE)
    two, _ = await _watching(engine, "same", Priority.FOCUSED)
    silent = worker[0]
    assert _prompts(silent) == ["same"]
    one.close()
    assert not [message for message in silent.sent if message["do"] == "cancel"]
    two.close()
    assert silent.last("cancel")["id"] == silent.last("explain")["id"]


async def test_what_ran_when_the_worker_died_is_tried_once_more(worker: Any) -> None:
    engine = Engine()
    _, heard = await _watching(engine, "unlucky", Priority.ASKED)
    for _ in range(2):
        worker[-1].pid = None
        worker[-1].die("the worker was killed")
        if engine._starting is not None:
            await engine._starting
    assert [_prompts(one) for one in worker] == [["unlucky"], ["unlucky"]]
    assert heard[-1].failure is not None
    assert "twice" in heard[-1].failure[1]


async def test_cards_stay_within_their_bytes_and_the_longest_unused_goes() -> None:
    cards = Cards(most_bytes=100)
    a, b = _task("a"), _task("b")
    cards.put(a, (0,), ({}, b"x" * 40))
    cards.put(a, (1,), ({}, b"x" * 40))
    assert cards.get(a, (0,)) is not None
    cards.put(b, (0,), ({}, b"x" * 40))
    assert cards.get(a, (1,)) is None
    assert cards.bytes == 80
    cards.put(b, (0,), ({}, b"x" * 10))
    assert cards.bytes == 50
    cards.forget(a)
    assert (cards.bytes, cards.get(a, (0,))) == (10, None)
