"""The daemon while it runs: sessions over one engine, control requests, idle stages, and a clean end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import time
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from smile_server.build import Build, current_build
from smile_server.channel import CONTROL
from smile_server.client_connection import ClientConnection
from smile_server.idle import Idle
from smile_server.limits import Limits
from smile_server.parts import Engine, RunSession
from smile_server.processes import resident_bytes
from smile_server.protocol import StatusResult, wire

_log = logging.getLogger(__name__)
_GRACE = 2.0
"""Seconds that a session has to end by itself once its client has gone."""


class Service:
    """Serves connections that were admitted. `ended` is set when the daemon should leave."""

    def __init__(self, build: Build, limits: Limits, engine: Engine, run_session: RunSession) -> None:
        self.ended = asyncio.Event()
        self._build, self._limits, self._engine, self._run_session = build, limits, engine, run_session
        engine.tell_status = self.status
        self._sessions = 0
        self._since = time.monotonic()
        self._retired = False
        self._starting = asyncio.create_task(self._start())
        self._unloading: asyncio.Task[None] | None = None
        self._idle = Idle(engine, self._unload, lambda: self._leave("nobody has come for long"))
        self._idle.nobody()

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return self._sessions

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one admitted connection until it ends."""
        assert connection.request is not None
        if connection.request.path == CONTROL:
            await self._control(connection)
            return
        self._sessions += 1
        self._idle.somebody()
        _log.info("session begins, %d open", self._sessions)
        try:
            await self._session(connection)
        finally:
            self._sessions -= 1
            _log.info("session ends, %d open", self._sessions)
            if self._sessions == 0:
                self._idle.nobody()
                self._leave_if_outdated()

    async def close(self) -> None:
        """End the engine. Call it when no connection is open any more."""
        self._idle.stop()
        self._starting.cancel()
        with suppress(asyncio.CancelledError):
            await self._starting
        try:
            await asyncio.wait_for(self._engine.close(), timeout=10)
        except Exception:
            _log.exception("the engine did not close")

    def status(self) -> StatusResult:
        """What `/control` and every session say."""
        found = self._engine.status()
        memory = resident_bytes(os.getpid()) + (resident_bytes(found.worker_pid) if found.worker_pid else 0)
        return dataclasses.replace(
            found,
            state="starting" if found.state == "idle" and not self._starting.done() else found.state,
            version=self._build.version,
            pid=os.getpid(),
            uptime=round(time.monotonic() - self._since, 3),
            sessions=self._sessions,
            memory=memory,
        )

    async def _start(self) -> None:
        try:
            await self._engine.start()
        except Exception:
            _log.exception("the engine did not start")

    async def _session(self, connection: ServerConnection) -> None:
        client = ClientConnection(connection, self._limits, self._idle.seen)
        session = asyncio.ensure_future(self._run_session(client, self._engine))
        gone = asyncio.ensure_future(connection.wait_closed())
        try:
            await asyncio.wait({session, gone}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({session}, timeout=_GRACE if not session.done() else 0)
        finally:
            gone.cancel()
            session.cancel()
            await asyncio.wait({session})
        if not session.cancelled() and session.exception() is not None:
            _log.error("a session failed", exc_info=session.exception())
            await connection.close(CloseCode.INTERNAL_ERROR, "the session failed; see `smile daemon logs`")

    async def _control(self, connection: ServerConnection) -> None:
        try:
            async with asyncio.timeout(self._limits.handshake):
                text = await connection.recv()
        except (TimeoutError, ConnectionClosed):
            return
        with suppress(ConnectionClosed):
            await connection.send(json.dumps(self._answer(text)))

    def _answer(self, text: str | bytes) -> dict[str, Any]:
        try:
            request = json.loads(text[:1024])
        except ValueError:
            return {"error": "not JSON"}
        match request:
            case {"do": "status"}:
                return {"ok": wire(self.status())}
            case {"do": "stop"}:
                self._leave("asked to stop")
                return {"ok": {"pid": os.getpid()}}
            case {"do": "unload"}:
                self._unload()
                return {"ok": {}}
            case {"do": "retire"}:
                self._retired = True
                self._leave_if_outdated()
                return {"ok": {}}
        return {"error": "no such request"}

    def _leave_if_outdated(self) -> None:
        """A newer build has been installed over this one: nobody new will come."""
        if self._sessions:
            return
        try:
            outdated = self._retired and current_build().name != self._build.name
        except (OSError, AssertionError):  # It has been uninstalled.
            outdated = True
        if outdated:
            self._leave("another build is installed")

    def _unload(self) -> None:
        if self._unloading is None or self._unloading.done():
            _log.info("models are unloaded")
            self._unloading = asyncio.create_task(self._unload_now())

    async def _unload_now(self) -> None:
        try:
            await self._engine.unload()
        except Exception:
            _log.exception("models were not unloaded")

    def _leave(self, why: str) -> None:
        if not self.ended.is_set():
            _log.info("leaving: %s", why)
            self.ended.set()
