"""A home of its own for a test's daemons, an editor's side of a forwarder, and an end for every process started."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from smile_server.build import current_build
from smile_server.endpoint import Endpoint, Record, endpoint_of, read_record

SMILE = [sys.executable, "-P", "-m", "smile_server.entry"]
T = TypeVar("T")


def eventually(check: Callable[[], T], what: str, seconds: float = 20) -> T:
    """What `check` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return found


class Home:
    """Folders for one user's daemons, and the processes that were started there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = dict(os.environ, OMP_NUM_THREADS="1")
        for name in ("runtime", "cache", "state"):
            (folder / name).mkdir(mode=0o700)
            self.environment["XDG_RUNTIME_DIR" if name == "runtime" else f"XDG_{name.upper()}_HOME"] = str(
                folder / name
            )
        self.processes: list[subprocess.Popen[bytes]] = []
        self.command = list(SMILE)
        """How `smile` is called here."""

    @property
    def endpoint(self) -> Endpoint:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", self.environment["XDG_RUNTIME_DIR"])
            return endpoint_of(current_build())

    @property
    def record(self) -> Record:
        return eventually(lambda: read_record(self.endpoint.record), "a record")

    @property
    def log(self) -> str:
        path = self.folder / "state/smile-lens/log/daemon.log"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def smile(self, *words: str, code: int | None = 0) -> Any:
        """Run a command to its end: its JSON where that was asked for, else its text."""
        done = subprocess.run(
            [*self.command, *words], env=self.environment, capture_output=True, text=True, timeout=240
        )
        assert code is None or done.returncode == code, done
        return json.loads(done.stdout) if "--json" in words else done.stdout + done.stderr

    def echo_daemon(self, *options: str, **environment: str) -> Record:
        """Start the echoing daemon, and wait until it listens."""
        command = [sys.executable, "-P", str(Path(__file__).parent / "echo_daemon.py"), *options]
        self.processes.append(subprocess.Popen(command, env=self.environment | environment))
        return self.record

    def editor(self) -> Editor:
        """A forwarder as an editor starts it."""
        process = subprocess.Popen(
            [*self.command, "lsp"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.processes.append(process)
        return Editor(process)

    def daemons(self) -> set[int]:
        """The ids of the daemons that run with this home."""
        return self.running(b"daemon")

    def running(self, word: bytes = b"") -> set[int]:
        """The ids of all processes of this home whose command has this in it; those that ended do not count."""
        mark = f"XDG_RUNTIME_DIR={self.environment['XDG_RUNTIME_DIR']}".encode()
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes() and word in (folder / "cmdline").read_bytes():
                    found.add(int(folder.name))
            except OSError:
                continue
        return found

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        for pid in self.daemons():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not self.daemons(), "no daemon is left")


HELLO = {"processId": None, "rootUri": None, "capabilities": {}}


class Editor:
    """The editor's side of a forwarder's pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._left = b""

    def send(self, method: str, params: Any = None, identity: int | str | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message | ({"id": identity} if identity is not None else {})).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def answer(self, identity: int | str) -> None:
        """Answer a request of the server with nothing."""
        body = json.dumps({"jsonrpc": "2.0", "id": identity, "result": None}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def read(self, seconds: float = 20) -> dict[str, Any] | None:
        """The next message; None at the end."""
        deadline = time.monotonic() + seconds
        assert self.process.stdout is not None
        while True:
            head, found, body = self._left.partition(b"\r\n\r\n")
            if found and len(body) >= (size := int(head.rpartition(b":")[2])):
                self._left = body[size:]
                message: dict[str, Any] = json.loads(body[:size])
                return message
            ready = select.select([self.process.stdout], [], [], deadline - time.monotonic())[0]
            assert ready, f"no message within {seconds} s"
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return None
            self._left += piece

    def ask(self, method: str, params: Any = None, identity: int | str = 1) -> Any:
        """A request's result."""
        self.send(method, params, identity)
        message = self.read()
        assert message is not None
        assert message["id"] == identity
        return message["result"]

    def hello(self) -> Any:
        """What the daemon says to `initialize`."""
        return self.ask("initialize", HELLO)

    def leave(self) -> int:
        """Say `exit`; the forwarder's exit code."""
        self.send("exit")
        return self.process.wait(20)
