"""The whole product asks for no other machine: the kernel refuses and counts every attempt, of torch's too.

`network_guard.c` stands between the product and the kernel; what it does is tested first.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from busy_session import DOCUMENT, busy_session
from homes import SMILE, Home, eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")

ATTEMPTS = """
import os, socket, sys
def attempt(act):
    try:
        act()
    except OSError as error:
        return
    os._exit(3)
datagram = lambda: socket.socket(type=socket.SOCK_DGRAM)
attempt(lambda: socket.create_connection(("192.0.2.1", 80)))
attempt(lambda: socket.socket(socket.AF_INET6).connect(("2001:db8::1", 80)))
attempt(lambda: datagram().sendto(b"x", ("192.0.2.2", 80)))
attempt(lambda: datagram().sendmsg([b"x"], [], 0, ("192.0.2.3", 80)))
attempt(lambda: socket.create_connection(("127.0.0.1", 53)))
attempt(lambda: socket.getaddrinfo("smile.invalid", 80))
if os.fork() == 0:  # As a daemon does.
    os.setsid()
    if os.fork() == 0:
        attempt(lambda: socket.create_connection(("192.0.2.4", 80)))
    os._exit(0)
os.wait()
listening = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listening.getsockname())
sys.exit(7)
"""


@pytest.fixture(scope="module")
def guard() -> Iterator[Path]:
    """The guard, compiled."""
    folder = Path(tempfile.mkdtemp(prefix="smile-"))
    try:
        if shutil.which("gcc") is None:
            assert not os.environ.get("CI"), "in CI a C compiler must be there"
            pytest.skip("there is no C compiler")
        source = Path(__file__).with_name("network_guard.c")
        subprocess.run(["gcc", "-O1", "-Wall", "-Werror", "-o", folder / "guard", source], check=True)
        yield folder / "guard"
    finally:
        shutil.rmtree(folder)


def lines(log: Path, kind: str) -> list[str]:
    """What the guard noted of one kind: "allowed" or "refused"."""
    noted = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line.removeprefix(f"{kind} ") for line in noted if line.startswith(kind)]


def test_the_guard_refuses_and_counts_every_way_out_and_leaves_the_loopback(guard: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = subprocess.run([guard, log, tmp_path, sys.executable, "-c", ATTEMPTS], timeout=60)
    assert done.returncode == 7
    wanted = ["192.0.2.1 port 80", "2001:db8::1 port 80", "192.0.2.2 port 80", "192.0.2.3 port 80"]
    wanted += ["127.0.0.1 port 53", "192.0.2.4 port 80"]

    def counted() -> bool:
        refused = lines(log, "refused")
        asked = [line for line in refused if not any(address in line for address in wanted)]
        # Asking for a name goes to the name servers of this machine, whichever they are.
        return len(refused) >= len(wanted) + 1 and all(" port 53 " in line for line in asked)

    eventually(counted, "every attempt is counted, a daemon's too")
    assert len(lines(log, "allowed")) == 1


def test_the_whole_product_asks_for_no_other_machine(home: Home, guard: Path) -> None:
    log, work = home.folder / "network.log", home.folder / "work"
    work.mkdir()
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        home.environment.pop(name, None)  # What users do not set must not be needed.
    home.command = [str(guard), str(log), str(home.folder), *SMILE]
    home.smile("daemon", "start")
    asyncio.run(busy_session(home, "stdio", work))
    home.smile("explain", str(work / DOCUMENT), "--html", str(home.folder / "report.html"), "--private")
    assert home.smile("daemon", "status", "--json")["edits"] > 0
    home.smile("daemon", "stop")
    assert lines(log, "refused") == []
    # The guard was there: it saw the forwarder find its daemon.
    assert any(line.startswith(f"unix {home.folder}") for line in lines(log, "allowed"))
