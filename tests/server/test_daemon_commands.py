"""`smile daemon ...` against real daemons: what it tells, what it ends, and that it never starts what it should not."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from homes import Home, eventually

from smile_server.lock import try_lock, unlock


def test_without_a_daemon_nothing_is_started(home: Home) -> None:
    assert home.smile("daemon", "stop", "--json") == {"stopped": False, "pid": None}
    assert home.smile("daemon", "stop") == "not running\n"
    assert home.smile("daemon", "status", "--json") == {"state": "stopped"}
    assert home.smile("daemon", "status") == "not running\n"
    assert home.smile("daemon", "logs", "--json")["lines"] == []
    found = home.smile("daemon", "doctor", "--json", code=None)
    assert found["daemons"] == []
    # This user's daemons in other folders are seen by their processes.
    assert [problem for problem in found["problems"] if not problem.startswith("process")] == []
    assert not any(home.endpoint.folder.iterdir())
    assert not home.daemons()


def test_start_status_restart_and_stop(home: Home) -> None:
    first = home.smile("daemon", "start", "--json")
    assert first["started"] is True
    assert home.smile("daemon", "start", "--json")["started"] is False
    assert "runs already" in home.smile("daemon", "start", "--leave-minutes", "3", code=1)
    found = home.smile("daemon", "status", "--json")
    assert {found["pid"]} == home.daemons() == {first["pid"]}
    assert found["state"] == "idle"
    assert found["memory"] > 2**20
    assert found["uptime"] >= first["uptime"]
    second = home.smile("daemon", "restart", "--json")
    assert {second["pid"]} == home.daemons()
    assert second["pid"] != first["pid"]
    assert home.smile("daemon", "stop", "--json") == {"stopped": True, "pid": second["pid"]}
    assert not home.daemons()
    assert not any(home.endpoint.folder.iterdir())


def test_status_is_answered_while_the_engine_is_busy(home: Home) -> None:
    home.echo_daemon()
    editor = home.editor()
    editor.send("hold", None, 1)
    eventually(lambda: home.smile("daemon", "status", "--json")["state"] == "busy", "busy")
    assert "busy" in home.smile("daemon", "status")


def test_status_tells_a_daemon_that_starts(home: Home) -> None:
    held = try_lock(home.endpoint.lock)
    assert held is not None
    try:
        assert home.smile("daemon", "status", "--json") == {"state": "starting"}
    finally:
        unlock(held, home.endpoint.lock)


def test_a_stuck_daemon_is_told_and_stopped_by_force(home: Home) -> None:
    record = home.echo_daemon()
    os.kill(record.pid, signal.SIGSTOP)
    assert home.smile("daemon", "status", "--json", code=1) == {"state": "stuck", "pid": record.pid}
    assert any("restart" in problem for problem in home.smile("daemon", "doctor", "--json", code=1)["problems"])
    assert home.smile("daemon", "stop", "--json")["pid"] == record.pid
    home.processes[0].wait(10)
    assert home.smile("daemon", "start", "--json")["pid"] != record.pid


def test_the_list_of_models_asks_the_daemon(home: Home) -> None:
    def loaded() -> bool:
        found: bool = home.smile("models", "--json")[0]["loaded"]
        return found

    assert not loaded()
    home.echo_daemon()
    assert loaded()


def test_models_unload_and_then_the_daemon_leaves(home: Home) -> None:
    home.echo_daemon("--unload-minutes", "0.02", "--leave-minutes", "0.05")
    editor = home.editor()
    assert editor.ask("echo", 1) == 1

    def state() -> str:
        found: str = home.smile("daemon", "status", "--json")["models"][0]["state"]
        return found

    editor.send("hold", None, 2)
    eventually(lambda: home.smile("daemon", "status", "--json")["state"] == "busy", "busy")
    time.sleep(3)  # Well past both times: a busy engine keeps its models, a client its daemon.
    assert state() == "warm"
    editor.process.kill()
    quiet = home.editor()
    assert quiet.ask("echo", 1) == 1
    eventually(lambda: state() == "cold", "unloaded")
    assert quiet.ask("echo", 2, 2) == 2
    assert quiet.leave() == 0
    assert home.processes[0].wait(20) == 0
    assert "leaving: nobody" in home.log
    assert not any(home.endpoint.folder.iterdir())


def test_a_daemon_that_nobody_ever_comes_to_leaves(home: Home) -> None:
    home.smile("daemon", "start", "--leave-minutes", "0.01")
    eventually(lambda: not home.daemons(), "it has left")


def test_an_idle_daemon_uses_no_processor_time(home: Home) -> None:
    home.smile("daemon", "start")
    editor = home.editor()
    editor.hello()
    pids = [*home.daemons(), editor.process.pid]

    def ticks() -> int:
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
        return sum(int(fields[11]) + int(fields[12]) for fields in stats)

    def switches() -> int:
        told = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
        return sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in told)

    eventually(lambda: _still(switches), "both have gone to sleep")
    before = ticks(), switches()
    time.sleep(3)
    assert (ticks(), switches()) == before


def _still(count: object) -> bool:
    assert callable(count)
    before = count()
    time.sleep(0.5)
    return bool(count() == before)


def test_doctor_lists_what_is_there_and_what_is_wrong(home: Home) -> None:
    record = home.echo_daemon()
    editor = home.editor()
    editor.ask("echo")
    found = home.smile("daemon", "doctor", "--json", code=None)
    assert {one["build"]: one["locked"] for one in found["daemons"]} == {record.build: True}
    assert {"pid": editor.process.pid, "kind": "forwarder"}.items() <= {
        **next(one for one in found["processes"] if one["pid"] == editor.process.pid)
    }.items()
    assert [model["name"] for model in found["models"]] == ["scenes-turbo"]
    assert {"log"} <= {one["what"] for one in found["files"]}
    home.processes[0].kill()
    home.processes[0].wait()
    found = home.smile("daemon", "doctor", "--json", code=1)
    assert any(f"{record.build}.sock" in problem and "left behind" in problem for problem in found["problems"])
    text = home.smile("daemon", "doctor", code=1)
    assert "wrong: " in text
    assert record.build in text


def test_status_never_takes_longer_than_its_patience(home: Home) -> None:
    home.echo_daemon()
    editor = home.editor()
    editor.ask("echo")
    editor.send("block", 30, 1)
    began = time.monotonic()
    eventually(lambda: home.smile("daemon", "status", "--json", code=None)["state"] == "stuck", "stuck")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", ":1", "1.2.3.4:0"])
def test_a_bad_address_is_one_line(home: Home, listen: str) -> None:
    said = home.smile("daemon", "start", "--listen", listen, code=1)
    assert said.startswith("smile: ")
    assert said.count("\n") == 1
