"""What the daemon's log never holds: prompts, pictures, tokens, full paths; whatever fails, and whoever logs."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import pytest
from busy_session import DOCUMENT, SECRET_NAMES, SECRETS, busy_session
from homes import HELLO, Home, eventually
from raw_client import connected, shake

from smile_server import log
from smile_server.endpoint import read_private
from smile_server.proof import NONCE, PROOF, client_proof, new_secret

PROMPT = "make the unmistakable car red"
PICTURE = "data:image/webp;base64,UklGRhYAAABXRUJQ"
PLACE = "/home/somebody/private/street.png"


def test_the_log_of_a_busy_daemon_holds_no_secret(home: Home) -> None:
    record = home.echo_daemon("--listen", "127.0.0.1:0")
    token = read_private(home.endpoint.token)
    assert token is not None
    params = {"text": PROMPT, "picture": PICTURE, "uri": f"file://{PLACE}"}
    good, bad = home.editor(), home.editor()
    assert good.ask("echo", params) == params
    bad.send("fail", f"{PROMPT} {PICTURE} {PLACE}", 1)
    assert bad.process.wait(20) == 1
    nonce = new_secret()
    proof = client_proof(token, "/lsp", nonce)
    for path, *headers in [
        (f"/lsp?{PROMPT.replace(' ', '+')}",),
        ("/lsp", f"Origin: https://{PROMPT.replace(' ', '.')}"),
        ("/lsp", f"{NONCE}: {nonce}", f"{PROOF}: {proof}"),
        ("/lsp", f"{NONCE}: {nonce}", f"{PROOF}: {proof}"),
        ("/lsp", f"{NONCE}: {PROMPT}", f"{PROOF}: {token}"),
    ]:
        with connected(record) as opened:
            shake(opened, path, *headers)
    good.leave()
    home.smile("daemon", "stop")
    found = eventually(lambda: home.log if "daemon leaves" in home.log else "", "the last line")
    assert "a session failed" in found
    assert "ValueError" in found
    assert "proof replayed" in found
    for secret in ("unmistakable", "car", "UklG", token, nonce, proof, "somebody", "street.png", str(home.folder)):
        assert secret not in found
    assert str(Path.home()) not in found
    assert (home.folder / "state/smile-lens/log/daemon.log").stat().st_mode & 0o777 == 0o600


def test_no_file_of_a_busy_product_but_the_evidence_and_the_reports_holds_a_secret(home: Home) -> None:
    """Everything that the whole product wrote by itself, after a session of all that goes well and badly."""
    work = home.folder / "work"
    work.mkdir()
    home.environment["TMPDIR"] = str(work)  # Reports and previews that were asked for are written there.
    home.smile("daemon", "start", "--listen", "127.0.0.1:0")
    token, token_file = read_private(home.endpoint.token), home.endpoint.token.name
    assert token is not None
    asyncio.run(busy_session(home, "stdio", work))
    os.kill(home.smile("daemon", "status", "--json")["workerPid"], signal.SIGKILL)
    asyncio.run(busy_session(home, "tcp", work / "again"))
    home.smile("explain", str(work / DOCUMENT))
    home.smile("daemon", "logs")
    home.smile("daemon", "stop")
    files = [path for path in home.folder.rglob("*") if path.is_file() and work not in path.parents]
    written = {path: path.read_bytes() for path in files}
    logs = [path for path in written if "log" in path.name]
    assert logs
    assert b"session" in b"".join(written[path] for path in logs)
    for path, data in written.items():
        if "evidence" in path.name:  # SECURITY.md says that it holds texts; of tokens and paths it knows nothing.
            forbidden = [token, str(home.folder), *SECRET_NAMES]
        else:
            forbidden = [*SECRETS, *([token] if path.name != token_file else [])]
        found = [secret for secret in forbidden if secret.encode() in data]
        assert not found, (path, found)
    for path in logs:
        assert str(home.folder).encode() not in written[path]
        assert str(work).encode() not in written[path]
        assert b"UklG" not in written[path]  # How every WebP in base64 starts.


def _line(name: str, message: str, *arguments: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord(name, logging.ERROR, PLACE, 1, message, arguments, info)
    return log.Formatter("%(name)s %(message)s").format(record)


@pytest.mark.parametrize("name", ["asyncio", "pygls.protocol", "websockets.server", "smile_serverx", "root"])
def test_other_libraries_messages_are_not_shown(name: str) -> None:
    assert _line(name, "failed on %s", PROMPT) == f"{name} (not shown)"


def test_an_exceptions_message_is_not_shown_nor_that_of_its_cause() -> None:
    try:
        try:
            raise KeyError(PROMPT)
        except KeyError as cause:
            raise ValueError(PLACE) from cause
    except ValueError as error:
        said = _line("smile_server.session", "a session failed", error=error)
    assert said.startswith("smile_server.session a session failed\n")
    assert said.endswith("ValueError")
    assert f"{Path(__file__).name}:" in said
    assert "unmistakable" not in said
    assert "/" not in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot read /home/a/b/c.png now", "cannot read …/c.png now"),
        (r"cannot read C:\Users\a\c.png now", r"cannot read …\c.png now"),
        ("'/home/a/c.png'", "'…/c.png'"),
        ("one\ntwo", "one two"),
        ("1/2 and 3 jobs", "1/2 and 3 jobs"),
    ],
)
def test_paths_lose_their_folders(text: str, shown: str) -> None:
    assert log.redacted(text) == shown


def test_the_file_is_bounded_private_and_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        log.open_log()
        for number in range(40_000):
            logging.getLogger("smile_server.test").info("line %d of a long story that is told again and again", number)
        files = sorted(log.log_path().parent.iterdir())
        assert [path.name for path in files] == ["daemon.log", "daemon.log.1", "daemon.log.2"]
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
        assert sum(path.stat().st_size for path in files) < 3_100_000
        for path in files:
            path.unlink()
        log.log_path().symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError, match="symbolic"):
            log.open_log()
        assert not (tmp_path / "elsewhere").exists()
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.raiseExceptions = True
        logging.getLogger("pygls").disabled = False


@pytest.mark.skipif(sys.platform == "win32", reason="standard error is silenced after a detached start")
def test_nothing_is_written_beside_the_log(home: Home) -> None:
    home.smile("daemon", "start")
    editor = home.editor()
    editor.ask("initialize", HELLO | {"clientInfo": {"name": PROMPT}})
    written = [path for path in home.folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} == {".log", ".json", ".lock"}
    assert not any(PROMPT.encode() in path.read_bytes() for path in written)
