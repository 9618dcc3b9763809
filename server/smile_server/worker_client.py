"""The daemon's end of the worker process: starts it, sends requests, hands answers over, and sees it die."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from smile_core.hosts.frames import HEADER, MOST_BYTES, FrameError, decoded, encoded

Answer = Callable[[dict[str, Any], list[bytes]], None]


class WorkerClient:
    """One worker process. `on_message` gets every message, `on_death` one sentence when the process is gone."""

    def __init__(
        self,
        on_message: Answer,
        on_death: Callable[[str], None],
        *,
        arguments: Sequence[str] = (),
    ) -> None:
        self._on_message, self._on_death = on_message, on_death
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._last_lines: deque[str] = deque(maxlen=12)
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The worker's process id, None where it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process; its imports go on while this returns."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "smile_core.hosts.worker",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", "TOKENIZERS_PARALLELISM": "false"},
        )
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._listen())]

    def send(self, message: dict[str, Any]) -> None:
        """Send one request; into the void where the process has just died, which `on_death` tells."""
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(encoded(message))

    async def close(self) -> None:
        """End the process: its input ends, and so does it."""
        self._closing = True
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 3)
        except TimeoutError:
            process.kill()
            await process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        stream, why = self._process.stdout, ""
        try:
            while True:
                lengths = HEADER.unpack(await stream.readexactly(HEADER.size))
                if sum(lengths) > MOST_BYTES:
                    raise FrameError("a frame is too long")
                text = await stream.readexactly(lengths[0])
                rest = await stream.readexactly(lengths[1]) if lengths[1] else b""
                self._on_message(*decoded(text, rest))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except FrameError as error:
            why = str(error)
            self._process.kill()
        code = await self._process.wait()
        if not self._closing:
            self._on_death(why or self._cause(code))

    async def _listen(self) -> None:
        """Keep the last lines that the worker wrote to its standard error: they may name the cause of death."""
        assert self._process is not None
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._last_lines.append(line.decode("utf-8", "replace").rstrip())

    def _cause(self, code: int) -> str:
        if code == -9:
            return "the worker process was killed (out of memory, perhaps)"
        if code < 0:
            return f"the worker process died of signal {-code}"
        last = next((line for line in reversed(self._last_lines) if "Error" in line), "")
        return f"the worker process ended with code {code}" + (f": {last[:200]}" if last else "")
