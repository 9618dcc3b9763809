"""The real daemon's process around a session that echoes; what tests run when they need requests that stay open.

Methods: `echo` gives its parameters back, `hold` is never answered, `fail` fails with its parameters as the message,
`block` keeps the event loop for that many seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable

from smile_server.daemon import main
from smile_server.limits import Limits
from smile_server.parts import Engine, TextConnection
from smile_server.protocol import ModelStatus, StatusResult


class EchoEngine:
    """Busy while a request is held; its one model is warm until it is unloaded."""

    def __init__(self) -> None:
        self.unload_minutes, self.leave_minutes = 10.0, 30.0
        self.tell_status: Callable[[], StatusResult] = self.status
        self.held = 0
        self.warm = True

    @property
    def busy(self) -> bool:
        return self.held > 0

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def unload(self) -> None:
        self.warm = False

    def status(self) -> StatusResult:
        model = ModelStatus("scenes-turbo", "", "warm" if self.warm else "cold", 0, "")
        return StatusResult("busy" if self.held else "idle", "", 0, None, 0, 0, self.held, 0, 0, "", (model,))


async def run_session(connection: TextConnection, engine: Engine) -> None:
    """See the module."""
    assert isinstance(engine, EchoEngine)
    held = 0
    try:
        async for text in connection:
            message = json.loads(text)
            method, params = message.get("method"), message.get("params")
            if method == "exit":
                return
            if method == "fail":
                raise ValueError(params)
            if method == "block":
                time.sleep(params)
            if method == "hold":
                held += 1
                engine.held += 1
                continue
            await asyncio.sleep(0)  # Lets sessions interleave.
            await connection.send(json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": params}))
    finally:
        engine.held -= held


if __name__ == "__main__":
    small = Limits(message_bytes=65536, sessions=4, connections=12, handshake=2.0)
    limits = small if os.environ.get("SMALL_LIMITS") else Limits()
    sys.exit(main(new_engine=EchoEngine, run_session=run_session, limits=limits))
