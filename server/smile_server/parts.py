"""Where the daemon's transport meets its engine and its sessions.

The transport knows nothing of LSP and nothing of models; it is given an engine once, and runs one session for
every connection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from smile_server.protocol import StatusResult


class TextConnection(Protocol):
    """One client: whole JSON messages in and out, in order, already checked for size, depth and form.

    Iteration ends when the client has gone, for whatever reason; `send` after that raises `ConnectionError`.
    """

    async def send(self, text: str) -> None:
        """Send one message; waits while the client reads slowly. `ValueError` where it is over 16 MiB."""

    def __aiter__(self) -> AsyncIterator[str]:
        """Messages as they come. Iterate once."""


class Engine(Protocol):
    """What all sessions share: models, queue, evidence. Children must not inherit the daemon's open files.

    The daemon unloads models after `unload_minutes` without a message or a job, and leaves `leave_minutes` after
    the last client; a session writes there what its settings say.
    """

    unload_minutes: float
    leave_minutes: float
    tell_status: Callable[[], StatusResult]
    """What sessions tell their clients: `status`, until the daemon puts its own in place, with what only it knows."""

    @property
    def busy(self) -> bool:
        """Whether a job is queued or running."""

    async def start(self) -> None:
        """Get ready. Clients are served before this returns."""

    async def close(self) -> None:
        """End all jobs and children."""

    async def unload(self) -> None:
        """Let go of all models; the next job loads what it needs."""

    def status(self) -> StatusResult:
        """What the engine is doing. Never blocks. Version, pid, uptime, sessions and memory are the daemon's to say."""


NewEngine = Callable[[], Engine]

RunSession = Callable[[TextConnection, Engine], Awaitable[None]]
"""Serves one client; returns when it says `exit` or has gone. When cancelled, it cancels the client's jobs."""
