"""What an editor waits for: the forwarder's start and memory, and `initialize` with and without a running daemon.

All times run from the start of the `smile lsp` process to the answer on its standard output.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.bars import report
from smile_server.processes import resident_bytes

WARM, COLD = 15, 5
SMILE = [sys.executable, "-P", "-m", "smile_server.entry"]
INITIALIZE = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"processId": None, "rootUri": None, "capabilities": {}},
    }
)
NOT_JSON = "x"
"""The transport itself answers this, whatever sessions and engines there are."""


@contextmanager
def own_home() -> Iterator[dict[str, str]]:
    """An environment in which nobody else's daemon is found; its own is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="smile-bench-"))
    names = {"runtime": "XDG_RUNTIME_DIR", "cache": "XDG_CACHE_HOME", "state": "XDG_STATE_HOME"}
    for name in names:
        (folder / name).mkdir(mode=0o700)
    root = str(Path(__file__).parent.parent)
    path = os.pathsep.join([root, str(Path(root) / "server"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {variable: str(folder / name) for name, variable in names.items()} | {"PYTHONPATH": path}
    try:
        yield environment
    finally:
        smile(environment, "stop")
        shutil.rmtree(folder)


def smile(environment: dict[str, str], command: str) -> None:
    """Run a command of the daemon to its end."""
    subprocess.run([*SMILE, "daemon", command], env=environment, check=True, stdout=subprocess.DEVNULL)


def answered(environment: dict[str, str], body: str) -> tuple[float, int]:
    """Start a forwarder, send it one message: milliseconds until the answer, and the forwarder's bytes then."""
    frame = b"Content-Length: %d\r\n\r\n%s" % (len(body.encode()), body.encode())
    started = time.perf_counter()
    with subprocess.Popen([*SMILE, "lsp"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as forwarder:
        assert forwarder.stdin is not None
        assert forwarder.stdout is not None
        forwarder.stdin.write(frame)
        forwarder.stdin.flush()
        if not forwarder.stdout.readline().startswith(b"Content-Length"):
            raise AssertionError("no answer")
        elapsed = (time.perf_counter() - started) * 1e3
        occupied = resident_bytes(forwarder.pid)
        forwarder.stdin.close()
        forwarder.stdout.read()
    return elapsed, occupied


def starts() -> tuple[dict[str, float | None], dict[str, Any]]:
    """The figures of this bench, and the single measurements."""
    with own_home() as environment:
        cold = []
        for _ in range(COLD):
            cold.append(answered(environment, INITIALIZE)[0])
            smile(environment, "stop")
        smile(environment, "start")
        answered(environment, INITIALIZE)  # The first session of a daemon imports what sessions need.
        bare = [answered(environment, NOT_JSON) for _ in range(WARM)]
        warm = [answered(environment, INITIALIZE)[0] for _ in range(WARM)]
    figures: dict[str, float | None] = {
        "forwarder_start_milliseconds": statistics.median(elapsed for elapsed, _ in bare),
        "forwarder_megabytes": max(occupied for _, occupied in bare) / 2**20,
        "initialize_cold_milliseconds": statistics.median(cold),
        "initialize_warm_milliseconds": statistics.median(warm),
    }
    return figures, {"start": [elapsed for elapsed, _ in bare], "cold": cold, "warm": warm}


if __name__ == "__main__":
    report("daemon", *starts())
