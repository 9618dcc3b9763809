"""The daemon's process: `python -m smile_server.daemon`. It takes the lock, listens, serves, and tidies up."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import CloseCode

from smile_server import log
from smile_server.admission import Admission
from smile_server.build import current_build
from smile_server.control import ask
from smile_server.daemon_options import OTHER_MACHINES
from smile_server.endpoint import Endpoint, Record, endpoint_of, neighbours, write_private, write_record
from smile_server.limits import Limits
from smile_server.listening import Address, address_from, bound
from smile_server.lock import try_lock, unlock
from smile_server.parts import Engine, NewEngine, RunSession, TextConnection
from smile_server.processes import start_mark
from smile_server.proof import Verifier
from smile_server.service import Service
from smile_server.trouble import DaemonError

_log = logging.getLogger(__name__)


def main(
    arguments: Sequence[str] | None = None,
    *,
    new_engine: NewEngine | None = None,
    run_session: RunSession | None = None,
    limits: Limits | None = None,
) -> int:
    """Run until asked to stop or idle for long; the exit code. A second daemon of a build leaves at once with 0."""
    options = _parser().parse_args(arguments)
    if options.lock is not None and sys.platform != "win32" and os.fork():
        # The second fork. Editors end a server together with all processes that descend from it.
        os._exit(0)
    try:
        address = address_from(options.listen, anywhere=options.anywhere)
        endpoint = endpoint_of(current_build())
        lock = try_lock(endpoint.lock) if options.lock is None else options.lock
        if lock is None:
            sys.stderr.write("smile: a daemon of this build runs already\n")
            return 0
        os.set_inheritable(lock, False)  # A worker that outlived this process must not keep the lock.
        try:
            log.open_log()
            listening = bound(endpoint, address)
            if options.lock is not None:
                os.chdir(_home())
            engine = (new_engine or _new_engine)()
            if options.unload_minutes is not None:
                engine.unload_minutes = options.unload_minutes
            if options.leave_minutes is not None:
                engine.leave_minutes = options.leave_minutes
            daemon = Daemon(endpoint, listening, address, frozenset(options.allow_origin), limits or Limits())
            with asyncio.Runner() as runner:
                runner.run(daemon.run(engine, run_session or _run_session, detached=options.lock is not None))
        finally:
            unlock(lock, endpoint.lock)
    except DaemonError as error:
        sys.stderr.write(f"smile: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m smile_server.daemon")
    parser.add_argument("--listen", default="", metavar="HOST:PORT")
    parser.add_argument(OTHER_MACHINES, dest="anywhere", action="store_true")
    parser.add_argument("--allow-origin", action="append", default=[], metavar="ORIGIN")
    parser.add_argument("--unload-minutes", type=float)
    parser.add_argument("--leave-minutes", type=float)
    parser.add_argument("--lock", type=int, help="descriptor of the endpoint's lock, held already")
    return parser


def _home() -> Path:
    """A folder that stays, so that the one it was started in can be removed or unmounted."""
    with suppress(RuntimeError):
        if (home := Path.home()).is_dir():
            return home
    return Path("/")


def _new_engine() -> Engine:
    from smile_server.engine import new_engine

    return new_engine()


async def _run_session(connection: TextConnection, engine: Any) -> None:
    from smile_server.session import run_session

    await run_session(connection, engine)


class Daemon:
    """One listening socket, from being told of to being tidied away. The caller holds the lock."""

    def __init__(
        self, endpoint: Endpoint, listening: socket.socket, address: Address, origins: frozenset[str], limits: Limits
    ) -> None:
        self._endpoint, self._listening, self._limits, self._origins = endpoint, listening, limits, origins
        self._host: str
        self._port: int
        self._host, self._port = (address.host, int(listening.getsockname()[1])) if address.host else ("", 0)
        self._verifier = Verifier() if address.host else None

    async def run(self, engine: Engine, run_session: RunSession, *, detached: bool) -> None:
        """Serve until the service ends or a signal comes."""
        service = Service(self._endpoint.build, self._limits, engine, run_session)
        self._on_signals(service)
        server = await self._server(service)
        try:
            self._tell()
            if detached:
                log.silence_standard_error()
                with suppress(OSError):
                    self._endpoint.start_log.unlink()
            _log.info("daemon %s of build %s listens", self._endpoint.build.version, self._endpoint.build.name)
            retiring = asyncio.ensure_future(asyncio.to_thread(self._retire_others))
            await service.ended.wait()
            # From here on new clients wait for the lock; then what is asked of this daemon can be answered.
            self._untell()
            server.close(code=CloseCode.GOING_AWAY, reason="the daemon was stopped")
            with suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), timeout=10)
            retiring.cancel()
        finally:
            self._untell()
            await service.close()
            _log.info("daemon leaves")

    async def _server(self, service: Service) -> Server:
        def refused(why: str) -> None:
            _log.warning("connection refused: %s", why)

        admission = Admission(
            build=self._endpoint.build,
            limits=self._limits,
            sessions=lambda: service.sessions,
            refused=refused,
            renewed=lambda token: write_private(self._endpoint.token, token),
            verifier=self._verifier,
            origins=self._origins,
            hosts=frozenset({self._host}) - {""},
        )
        where: dict[str, Any] = {"sock": self._listening, "backlog": 256}
        if not self._host:
            where |= {"unix": True}
        server = serve(
            service.serve,
            process_request=admission.process_request,
            process_response=admission.process_response,
            compression=None,
            server_header=None,
            open_timeout=self._limits.handshake,
            # A unix socket says when its other end has gone; a tunnel may not.
            ping_interval=60 if self._host else None,
            close_timeout=1,
            max_size=self._limits.message_bytes,
            create_connection=_bounded(self._limits.connections),
            **where,
        )
        return await server

    def _tell(self) -> None:
        if self._verifier is not None:
            write_private(self._endpoint.token, self._verifier.token)
        build = self._endpoint.build
        write_record(
            self._endpoint,
            Record(
                pid=os.getpid(),
                mark=start_mark(os.getpid()),
                version=build.version,
                build=build.name,
                prefix=build.prefix,
                socket="" if self._host else str(self._endpoint.socket),
                host=self._host,
                port=self._port,
            ),
        )

    def _untell(self) -> None:
        for path in (self._endpoint.record, self._endpoint.socket, self._endpoint.token):
            with suppress(OSError):
                path.unlink()

    def _retire_others(self) -> None:
        """Daemons of older builds of this installation leave with their last client."""
        for other in neighbours(self._endpoint):
            with suppress(DaemonError):
                ask(other, "retire", patience=2)

    def _on_signals(self, service: Service) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                loop.add_signal_handler(number, service.ended.set)
            except NotImplementedError:
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(service.ended.set))


def _bounded(most: int) -> type[ServerConnection]:
    """Connections that are dropped at once while more than `most` are open, those still shaking hands among them."""

    class Bounded(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            if len(self.server.handler_tasks) > most:
                self.transport.abort()

    return Bounded


if __name__ == "__main__":
    sys.exit(main())
