"""What the engine's queue holds: jobs, how urgent they are, what is heard of them, how they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from smile_core.hosts.tasks import Task
from smile_server.protocol import Forecast


class Priority(IntEnum):
    """The smaller, the sooner."""

    HOVER = 0
    ASKED = 1
    FOCUSED = 2
    VISIBLE = 3
    BACKGROUND = 4


class JobFailed(Exception):
    """A job could not be done; `kind` as in `protocol.Trouble`."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind, self.text = kind, text


@dataclass(frozen=True)
class Update:
    """What a watcher hears: the newest view (None before the first), and how far the job is."""

    view: dict[str, Any] | None
    final: bool
    forecast: Forecast | None = None
    failure: tuple[str, str] | None = None
    cancelled: bool = False


Watcher = Callable[[Update], None]


@dataclass(eq=False)
class Job:
    """A request to the worker that waits or runs."""

    do: str
    given: dict[str, Any]
    priority: Priority
    task: Task
    watches: list[Any] = field(default_factory=list)
    future: asyncio.Future[tuple[dict[str, Any], list[bytes]]] | None = None
    id: int = 0
    retried: bool = False
    again: bool = False
    view: dict[str, Any] | None = None
    forecast: Forecast | None = None
    started: float = 0.0
    serial: int = 0
