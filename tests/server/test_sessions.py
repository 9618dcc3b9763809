"""Many clients of one daemon: replies never cross, and the end of one is nothing to the others."""

from __future__ import annotations

import os
import random

import pytest
from homes import Home, eventually


@pytest.fixture(params=["unix", "tcp"])
def daemon(home: Home, request: pytest.FixtureRequest) -> Home:
    home.echo_daemon(*(["--listen", "127.0.0.1:0"] if request.param == "tcp" else []))
    return home


def jobs(home: Home) -> int:
    found: int = home.smile("daemon", "status", "--json")["jobs"]
    return found


def test_two_clients_replies_never_cross(daemon: Home) -> None:
    editors = [daemon.editor() for _ in range(2)]
    order, sent = random.Random(0), [0, 0]
    while min(sent) < 200:  # The same ids on both sides, in any order.
        one = order.randrange(2)
        editors[one].send("echo", [one, sent[one]], sent[one])
        sent[one] += 1
    for one, editor in enumerate(editors):
        for number in range(sent[one]):
            assert editor.read() == {"jsonrpc": "2.0", "id": number, "result": [one, number]}


def test_the_exit_of_one_leaves_the_other(daemon: Home) -> None:
    one, other = daemon.editor(), daemon.editor()
    assert one.ask("echo", 1) == other.ask("echo", 1) == 1
    other.send("hold", None, 2)
    eventually(lambda: jobs(daemon) == 1, "held")
    assert one.leave() == 0
    assert other.ask("echo", "still here", 3) == "still here"
    assert jobs(daemon) == 1


def test_kill_9_of_one_cancels_its_jobs_and_leaves_the_other(daemon: Home) -> None:
    one, other = daemon.editor(), daemon.editor()
    for editor in (one, other):
        editor.send("hold", None, 1)
    eventually(lambda: jobs(daemon) == 2, "both are held")
    one.process.kill()
    eventually(lambda: jobs(daemon) == 1, "the killed one's job is cancelled")
    assert other.ask("echo", "still here", 3) == "still here"
    eventually(lambda: daemon.smile("daemon", "status", "--json")["sessions"] == 1, "its session has ended")


def test_a_session_that_fails_says_so_and_leaves_the_other(daemon: Home) -> None:
    one, other = daemon.editor(), daemon.editor()
    assert one.ask("echo", 1) == other.ask("echo", 1) == 1
    one.send("fail", "make the car red", 2)
    answer = one.read()
    assert answer is not None
    assert "session in the SMILE daemon failed" in answer["error"]["message"]
    assert one.process.wait(10) == 1
    assert other.ask("echo", "still here", 3) == "still here"


def test_a_client_that_reads_nothing_holds_up_nobody(daemon: Home) -> None:
    deaf, other = daemon.editor(), daemon.editor()
    assert deaf.ask("echo", 1) == 1
    assert deaf.process.stdin is not None
    os.set_blocking(deaf.process.stdin.fileno(), False)
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": "%s"}' % (b"x" * 60_000)
    frame = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    written: int | None = 1
    while written:  # Until every buffer on the way is full.
        written = deaf.process.stdin.write(frame)
        assert other.ask("echo", "still here", 3) == "still here"
