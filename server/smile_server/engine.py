"""The shared engine. For now one that is always idle."""

from __future__ import annotations

from smile_server.parts import Engine
from smile_server.protocol import StatusResult


class IdleEngine:
    """An engine without models."""

    unload_minutes = 10.0
    leave_minutes = 30.0
    busy = False

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to end."""

    async def unload(self) -> None:
        """Nothing is loaded."""

    def status(self) -> StatusResult:
        """Always idle."""
        return StatusResult(
            state="idle",
            version="",
            pid=0,
            worker_pid=None,
            uptime=0.0,
            sessions=0,
            jobs=0,
            edits=0,
            memory=0,
            device="",
            models=(),
        )


def new_engine() -> Engine:
    """The engine of this daemon."""
    return IdleEngine()
