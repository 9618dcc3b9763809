"""The two idle stages: models unload when nothing has happened for a while, the daemon leaves when nobody is there.

Timers only, each waking once: what happens meanwhile is only noted, and a timer that wakes too early goes back to
sleep for the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from smile_server.parts import Engine


class Idle:
    """Watches one engine on the running loop; `unload` and `leave` are called there."""

    def __init__(self, engine: Engine, unload: Callable[[], None], leave: Callable[[], None]) -> None:
        self._engine, self._unload, self._leave = engine, unload, leave
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._unloading: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None

    def seen(self) -> None:
        """A client sent something."""
        self._last = self._loop.time()
        if self._unloading is None:
            self._unloading = self._loop.call_later(60 * self._engine.unload_minutes, self._maybe_unload)

    def somebody(self) -> None:
        """A client has come."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def nobody(self) -> None:
        """No client is there."""
        self.somebody()
        self._leaving = self._loop.call_later(60 * self._engine.leave_minutes, self._leave)

    def stop(self) -> None:
        """Nothing happens any more."""
        self.somebody()
        if self._unloading is not None:
            self._unloading.cancel()
            self._unloading = None

    def _maybe_unload(self) -> None:
        quiet, pause = self._loop.time() - self._last, 60 * self._engine.unload_minutes
        self._unloading = None
        if self._engine.busy:
            self._unloading = self._loop.call_later(pause, self._maybe_unload)
        elif quiet < pause:
            self._unloading = self._loop.call_later(pause - quiet, self._maybe_unload)
        else:
            self._unload()
