"""Names, locks, stale sockets and process ids: what decides whether a daemon is there, and which."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from homes import Home, eventually
from raw_client import connected

from smile_server.build import current_build
from smile_server.endpoint import (
    MOST_PATH_BYTES,
    Endpoint,
    Record,
    endpoint_of,
    read_record,
    write_private,
    write_record,
)
from smile_server.listening import Address, bound
from smile_server.lock import is_locked, try_lock, unlock
from smile_server.processes import is_process, resident_bytes, start_mark
from smile_server.shutdown import stopped
from smile_server.trouble import DaemonError


@pytest.fixture
def endpoint(home: Home) -> Endpoint:
    return home.endpoint


def test_another_build_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "__init__.py").write_text('__version__ = "1.2"\n')
    (tmp_path / "inner/code.py").write_text("one")
    names = [current_build((tmp_path,)).name]
    assert current_build((tmp_path,)).version == "1.2"

    def changed() -> bool:
        names.append(current_build((tmp_path,)).name)
        return len(set(names)) == len(names)

    (tmp_path / "inner/code.py").write_text("other")
    assert changed()
    os.utime(tmp_path / "inner/code.py", ns=(1, 1))
    assert changed()
    (tmp_path / "inner/code.py").rename(tmp_path / "inner/named.py")
    assert changed()
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    assert changed()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/code.pyc").write_text("compiled")
    assert not changed()


def test_a_path_too_long_for_a_socket_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir(mode=0o700)
    short = Path("/tmp") / f"smile-test-{os.getpid()}"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", str(short))
    short.mkdir(mode=0o700)
    try:
        found = endpoint_of(current_build())
        assert found.folder.parent == short
        assert found.folder.stat().st_mode & 0o777 == 0o700
        assert len(os.fsencode(found.token)) <= MOST_PATH_BYTES
        found.folder.chmod(0o755)
        with pytest.raises(DaemonError, match="mode 0755"):
            endpoint_of(current_build())
    finally:
        found.folder.rmdir()
        short.rmdir()


def test_the_lock_is_held_by_one_and_goes_with_its_holder(endpoint: Endpoint) -> None:
    held = try_lock(endpoint.lock)
    assert held is not None
    assert is_locked(endpoint.lock)
    assert try_lock(endpoint.lock) is None
    unlock(held, endpoint.lock)
    assert not endpoint.lock.exists()
    code = (
        "import sys, pathlib, time; from smile_server.lock import try_lock; "
        "try_lock(pathlib.Path(sys.argv[1])); print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(endpoint.lock)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert is_locked(endpoint.lock)
        holder.kill()
        holder.wait()
        assert not is_locked(endpoint.lock)


def test_the_lock_of_a_file_that_was_removed_meanwhile_is_worth_nothing(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, first = os.open, []

    def removing(path: Path, *rest: int) -> int:
        descriptor = opened(path, *rest)
        if not first:
            first.append(descriptor)
            path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", removing)
    held = try_lock(endpoint.lock)
    assert held is not None
    assert endpoint.lock.exists()
    os.close(held)


def test_a_symbolic_link_in_the_place_of_a_lock_or_record_is_not_followed(endpoint: Endpoint, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("{}")
    endpoint.lock.symlink_to(target)
    endpoint.record.symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        try_lock(endpoint.lock)
    with pytest.raises(DaemonError, match="cannot read"):
        read_record(endpoint.record)


def test_files_are_the_users_alone(home: Home) -> None:
    home.echo_daemon("--listen", "127.0.0.1:0")
    eventually(lambda: home.endpoint.token.exists(), "a token")
    modes = {path.suffix: path.stat().st_mode & 0o777 for path in home.endpoint.folder.iterdir()}
    assert modes == {".lock": 0o600, ".json": 0o600, ".token": 0o600}


def test_a_socket_is_the_users_alone(home: Home) -> None:
    record = home.echo_daemon()
    assert Path(record.socket).stat().st_mode & 0o777 == 0o600


def test_a_dead_daemons_socket_is_reaped(endpoint: Endpoint) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(endpoint.socket))
    dead.close()
    assert endpoint.socket.exists()
    bound(endpoint, Address()).close()


def test_a_live_socket_is_preserved(endpoint: Endpoint) -> None:
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(endpoint.socket))
        alive.listen()
        with pytest.raises(DaemonError, match="another process listens"):
            bound(endpoint, Address())
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(endpoint.socket))


def test_what_is_no_socket_is_preserved(endpoint: Endpoint) -> None:
    endpoint.socket.write_text("mine")
    with pytest.raises(DaemonError, match="no socket"):
        bound(endpoint, Address())
    assert endpoint.socket.read_text() == "mine"


def test_a_process_is_known_by_its_start_too() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        mark = start_mark(other.pid)
        assert is_process(other.pid, mark)
        assert not is_process(other.pid, start_mark(os.getpid()))
        assert not is_process(other.pid, "")
        other.kill()
        eventually(lambda: not is_process(other.pid, mark), "dead, though not yet waited for")


def test_memory_is_what_the_system_says() -> None:
    told = Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]
    assert resident_bytes(os.getpid()) == pytest.approx(int(told) * 1024, rel=0.2)
    assert resident_bytes(2**22 + 1) == 0


def _record(endpoint: Endpoint, pid: int, mark: str) -> Record:
    build = endpoint.build
    return Record(pid, mark, build.version, build.name, build.prefix, str(endpoint.socket), "", 0)


@pytest.mark.parametrize("locked", [False, True])
def test_a_process_that_got_a_dead_daemons_id_is_left_alone(endpoint: Endpoint, home: Home, locked: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as innocent:
        write_record(endpoint, _record(endpoint, innocent.pid, "an earlier start"))
        if locked:
            held = try_lock(endpoint.lock)
            with pytest.raises(DaemonError, match="left alone"):
                stopped(endpoint)
            assert held is not None
            unlock(held, endpoint.lock)
        else:
            assert stopped(endpoint) is None
            assert home.smile("daemon", "status", "--json") == {"state": "stopped"}
            editor = home.editor()
            assert "capabilities" in editor.hello()
            assert editor.leave() == 0
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": "1"}', "[" * 30000, "\x00"])
def test_a_damaged_record_counts_as_none(endpoint: Endpoint, home: Home, text: str) -> None:
    write_private(endpoint.record, text)
    assert read_record(endpoint.record) is None
    assert home.smile("daemon", "stop", "--json")["stopped"] is False


def test_a_socket_left_by_kill_9_gives_way_to_a_new_daemon(home: Home) -> None:
    record = home.echo_daemon()
    home.processes[0].kill()
    home.processes[0].wait()
    assert Path(record.socket).exists()
    with pytest.raises(ConnectionRefusedError):
        connected(record)
    assert home.smile("daemon", "start", "--json")["pid"] != record.pid
