"""`smile lsp` as an editor starts it: what it loads, how it finds or starts the daemon, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from homes import HELLO, SMILE, Home, eventually
from hypothesis import given, settings
from hypothesis import strategies as st

from smile_server.frames import FrameReader, write_frame
from smile_server.lock import is_locked
from smile_server.trouble import DaemonError


def test_it_loads_no_model_library_and_nothing_of_the_method(home: Home) -> None:
    code = "import sys; from smile_server import entry, forwarder; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    heavy = {"torch", "numpy", "typer", "smile_core", "pygls", "lsprotocol", "websockets", "asyncio", "rich"}
    assert not {name.partition(".")[0] for name in out.split()} & heavy
    assert "smile_server.channel" in out


@pytest.mark.parametrize("how", ["in turn", "killed while starting"])
def test_fifty_parallel_starts_give_exactly_one_daemon(home: Home, how: str) -> None:
    editors = [home.editor() for _ in range(50 if how == "in turn" else 8)]
    if how == "killed while starting":
        eventually(lambda: is_locked(home.endpoint.lock), "somebody starts a daemon")
        editors.pop(0).process.kill()
    for editor in editors:
        editor.send("initialize", HELLO, 1)
    assert [(editor.read(60) or {}).get("id") for editor in editors] == [1] * len(editors)
    assert len(home.daemons()) == 1
    assert home.smile("daemon", "status", "--json")["sessions"] == len(editors)
    assert [editor.leave() for editor in editors] == [0] * len(editors)
    assert home.log.count("listens") == 1


def test_when_the_daemon_is_killed_open_requests_get_the_cause_and_a_new_start_works(home: Home) -> None:
    record = home.echo_daemon()
    first, second = home.editor(), home.editor()
    for editor in (first, second):
        assert editor.ask("echo", "hello", "mine") == "hello"
        for identity in (1, 2, "three"):
            editor.send("hold", None, identity)
    eventually(lambda: home.smile("daemon", "status", "--json")["jobs"] == 6, "all are held")
    home.processes[0].kill()
    for editor in (first, second):
        answers = [editor.read() for _ in range(3)]
        assert [answer and answer["id"] for answer in answers] == [1, 2, "three"]
        assert all(answer and "ended unexpectedly" in answer["error"]["message"] for answer in answers)
        assert editor.read() is None
        assert editor.process.wait(10) == 1
        assert editor.process.stderr is not None
        assert editor.process.stderr.read().decode().count("\n") == 1
    again = home.editor()
    assert "capabilities" in again.hello()
    assert home.record.pid != record.pid
    assert again.leave() == 0


def test_when_the_daemon_is_stopped_open_requests_say_so(home: Home) -> None:
    home.echo_daemon()
    editor = home.editor()
    editor.send("hold", None, 5)
    eventually(lambda: home.smile("daemon", "status", "--json")["state"] == "busy", "held")
    home.smile("daemon", "stop")
    answer = editor.read()
    assert answer is not None
    assert answer["id"] == 5
    assert "was stopped" in answer["error"]["message"]
    assert editor.process.wait(10) == 1


def test_the_daemon_does_not_descend_from_the_editor_that_started_it(home: Home) -> None:
    editor = home.editor()
    editor.hello()
    (pid,) = home.daemons()
    process = Path(f"/proc/{pid}")
    parent, group, session = (int(field) for field in (process / "stat").read_text().rpartition(")")[2].split()[1:4])
    assert parent != editor.process.pid
    assert os.getpgid(editor.process.pid) != group
    assert os.getsid(0) != session
    assert (process / "cwd").readlink() != Path.cwd()
    assert {str((process / "fd" / number).readlink()) for number in "012"} == {os.devnull}


def test_the_daemon_imports_nothing_from_the_folder_it_was_started_in(home: Home) -> None:
    workspace = home.folder / "workspace"
    workspace.mkdir()
    for name in ("asyncio", "websockets", "json", "logging"):
        (workspace / f"{name}.py").write_text(f"open({str(home.folder / 'owned')!r}, 'w')")
    done = subprocess.run(
        [*SMILE, "daemon", "start"], env=home.environment, cwd=workspace, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done
    assert not (home.folder / "owned").exists()


def test_the_end_of_input_ends_the_session(home: Home) -> None:
    home.echo_daemon()
    editor = home.editor()
    editor.send("hold", None, 1)
    eventually(lambda: home.smile("daemon", "status", "--json")["jobs"] == 1, "held")
    assert editor.process.stdin is not None
    editor.process.stdin.close()
    assert editor.process.wait(10) == 0
    eventually(lambda: home.smile("daemon", "status", "--json")["jobs"] == 0, "its job is cancelled")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_cleanly(home: Home, number: int) -> None:
    home.smile("daemon", "start")
    (pid,) = home.daemons()
    os.kill(pid, number)
    eventually(lambda: not home.daemons(), "it has gone")
    assert not any(home.endpoint.folder.iterdir())


def test_a_daemon_that_cannot_start_says_why_in_one_line(home: Home) -> None:
    home.endpoint.socket.write_text("in the way")
    done = subprocess.run(
        [*SMILE, "lsp"], env=home.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "could not start" in done.stderr
    assert "in the way and no socket" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"x" * 5000,
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: 1\r\n\r\n\xff",
    ],
    ids=["http", "no number", "noise", "huge", "not UTF-8"],
)
def test_what_is_no_lsp_is_refused_in_one_line(shared_home: Home, sent: bytes) -> None:
    done = subprocess.run([*SMILE, "lsp"], env=shared_home.environment, input=sent, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(b"smile: ")
    assert done.stderr.count(b"\n") == 1


def test_wrong_words_are_wrong_usage() -> None:
    done = subprocess.run([*SMILE, "lsp", "--what"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage" in done.stderr


@settings(max_examples=50)
@given(st.lists(st.text(max_size=200), max_size=5), st.integers(1, 40))
def test_messages_come_out_as_they_went_in_however_they_are_cut(texts: list[str], piece: int) -> None:
    texts = [text.encode(errors="replace").decode() for text in texts]
    source, sink = os.pipe()
    for text in texts:
        write_frame(sink, text)
    os.close(sink)
    with os.fdopen(source, "rb") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr("smile_server.frames._PIECE", piece)
        reader = FrameReader(file.fileno(), 10_000)
        assert [reader.read() for _ in texts] == texts
        assert reader.read() is None


def test_headers_may_come_in_any_case_and_company() -> None:
    source, sink = os.pipe()
    os.write(sink, b"content-type: x\r\nCONTENT-LENGTH:  2 \r\n\r\n{}Content-Length: 3\r\n\r\n{}")
    os.close(sink)
    with os.fdopen(source, "rb") as file:
        reader = FrameReader(file.fileno(), 10)
        assert reader.read() == "{}"
        assert reader.read() is None  # Cut off in the middle.


def test_a_frame_over_the_limit_is_refused_before_it_is_read() -> None:
    source, sink = os.pipe()
    os.write(sink, b"Content-Length: 11\r\n\r\n")
    with os.fdopen(source, "rb") as file, os.fdopen(sink, "wb"), pytest.raises(DaemonError, match="too long"):
        FrameReader(file.fileno(), 10).read()


def test_help_lists_the_daemons_commands_beside_the_methods(home: Home) -> None:
    said = home.smile("--help")
    assert {"lsp", "daemon", "explain", "evidence"} <= {line.split()[0] for line in said.splitlines() if line.strip()}
    said = home.smile("daemon", "--help")
    words = {line.split()[0] for line in said.splitlines() if line.strip()}
    assert {"start", "status", "stop", "restart", "logs", "doctor"} <= words
