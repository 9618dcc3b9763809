"""Every rule between the first byte of a connection and the upgrade, over real sockets to a real daemon."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import Home, eventually
from raw_client import Answer, connected, shake

from smile_server.admission import is_own, peer_uid
from smile_server.endpoint import Record, read_private
from smile_server.proof import NONCE, PROOF, client_proof, new_secret, server_proof


@pytest.fixture(scope="module")
def tcp(shared_home: Home) -> Iterator[tuple[Record, str]]:
    """A daemon on TCP and its token."""
    record = shared_home.echo_daemon(
        "--listen", "127.0.0.1:0", "--allow-origin", "https://listed.example", SMALL_LIMITS="1"
    )
    token = read_private(shared_home.endpoint.token)
    assert token is not None
    yield record, token
    assert shared_home.smile("daemon", "status", "--json")["pid"] == record.pid  # It has outlived it all.


def proved(token: str, path: str = "/lsp", nonce: str | None = None) -> tuple[str, str]:
    nonce = nonce or new_secret()
    return f"{NONCE}: {nonce}", f"{PROOF}: {client_proof(token, path, nonce)}"


def tried(record: Record, *headers: str, path: str = "/lsp", host: str | None = "localhost") -> Answer:
    with connected(record) as opened:
        return shake(opened, path, *headers, host=host)


def test_a_proved_client_is_let_in_and_gets_the_servers_proof(tcp: tuple[Record, str]) -> None:
    record, token = tcp
    nonce = new_secret()
    found = tried(record, *proved(token, nonce=nonce))
    assert found.status == 101
    assert found.headers["smile-proof"] == server_proof(token, "/lsp", nonce, found.headers["smile-nonce"])
    assert found.headers["smile-build"] == record.build


WRONG_PROOFS = {
    "missing": lambda token: (),
    "nonce only": lambda token: proved(token)[:1],
    "proof only": lambda token: proved(token)[1:],
    "of another token": lambda token: proved(new_secret()),
    "for the other path": lambda token: proved(token, "/control"),
    "the token itself": lambda token: (f"{NONCE}: {new_secret()}", f"{PROOF}: {token}"),
    "the server's own": lambda token: (f"{NONCE}: {'0' * 64}", f"{PROOF}: {server_proof(token, '/lsp', '0' * 64, '')}"),
    "twice": lambda token: (*proved(token), *proved(token)),
    "not hex": lambda token: (f"{NONCE}: {'x' * 64}", f"{PROOF}: {'y' * 64}"),
    "short": lambda token: (f"{NONCE}: 00", f"{PROOF}: 00"),
    "not ASCII": lambda token: (f"{NONCE}: \xe9", f"{PROOF}: \xe9"),
}


@pytest.mark.parametrize("kind", WRONG_PROOFS)
def test_a_wrong_proof_is_refused(tcp: tuple[Record, str], kind: str) -> None:
    record, token = tcp
    found = tried(record, *WRONG_PROOFS[kind](token))
    assert found.status == 401
    assert token not in str(found)
    assert "smile-proof" not in found.headers


def test_a_replayed_proof_is_refused(tcp: tuple[Record, str]) -> None:
    record, token = tcp
    once = proved(token)
    assert tried(record, *once).status == 101
    again = tried(record, *once)
    assert (again.status, again.body) == (401, "proof replayed\n")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "file://",
        "http://localhost",
        "https://listed.example.evil",
        "\xff\x00x",
        "x" * 4000,
    ],
)
def test_a_foreign_or_malformed_origin_is_refused(tcp: tuple[Record, str], origin: str) -> None:
    record, token = tcp
    found = tried(record, f"Origin: {origin}", *proved(token))
    assert found.status in (400, 403, 0)
    assert tried(record, *proved(token)).status == 101


def test_a_listed_origin_is_let_in_only_alone(tcp: tuple[Record, str]) -> None:
    record, token = tcp
    listed = "Origin: https://listed.example"
    assert tried(record, listed, *proved(token)).status == 101
    assert tried(record, listed).status == 401
    assert tried(record, listed, "Origin: https://evil.example", *proved(token)).status == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost:80:80",
        "localhost:x",
        "[::1",
        "",
        "a b",
        "\xe9",
        None,
        "localhost@evil",
    ],
)
def test_a_foreign_or_malformed_host_is_refused(tcp: tuple[Record, str], host: str | None) -> None:
    record, token = tcp
    assert tried(record, *proved(token), host=host).status in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:65535", "[::1]:9"])
def test_the_loopback_by_any_name_and_port_is_let_in(tcp: tuple[Record, str], host: str) -> None:
    record, token = tcp
    assert tried(record, *proved(token), host=host).status == 101


def test_two_hosts_are_refused(tcp: tuple[Record, str]) -> None:
    record, token = tcp
    assert tried(record, "Host: evil.example", *proved(token)).status in (400, 403)


@pytest.mark.parametrize("path", ["/", "/lsp/", "/lsp?x", "/status", "/../lsp", "//lsp"])
def test_another_path_is_refused(tcp: tuple[Record, str], path: str) -> None:
    record, token = tcp
    assert tried(record, *proved(token, path), path=path).status == 404


def test_one_session_too_many_is_refused_and_a_free_place_is_given_again(tcp: tuple[Record, str]) -> None:
    record, token = tcp
    with ExitStack() as opened:
        eventually(lambda: _sessions_left(record, token, opened), "four sessions")
        assert tried(record, *proved(token)).status == 429
        assert tried(record, *proved(token, "/control"), path="/control").status == 101
    eventually(lambda: tried(record, *proved(token)).status == 101, "a free place")


def _sessions_left(record: Record, token: str, opened: ExitStack) -> bool:
    """Open sessions until one is refused."""
    one = connected(record)
    if shake(one, "/lsp", *proved(token)).status == 101:
        opened.enter_context(one)
        return False
    one.close()
    return True


def test_a_slow_handshake_is_cut_off(tcp: tuple[Record, str]) -> None:
    record, token = tcp
    began = time.monotonic()
    with connected(record) as opened:
        opened.sendall(b"GET /lsp HTTP/1.1\r\nHost: localhost\r\n")
        opened.settimeout(10)
        assert opened.recv(1) == b""
    assert 1.5 < time.monotonic() - began < 8


def test_silent_connections_are_bounded_and_then_dropped(tcp: tuple[Record, str]) -> None:
    record, token = tcp
    with ExitStack() as opened:
        silent = [opened.enter_context(connected(record)) for _ in range(40)]
        began = time.monotonic()
        assert _ended(silent[-1])  # The last one is over the bound of twelve: at once, not after the time limit.
        assert time.monotonic() - began < 1.5
        assert all(_ended(one) for one in silent)
    eventually(lambda: tried(record, *proved(token)).status == 101, "room again")


def _ended(opened: socket.socket) -> bool:
    opened.settimeout(10)
    try:
        return opened.recv(1) == b""
    except ConnectionError:
        return True


def test_only_the_loopback_is_listened_on(home: Home) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "example.com", "::"):
        said = home.smile("daemon", "start", "--listen", f"{host}:0", code=1)
        assert "other machines" in said
        assert said.count("\n") == 1
    assert not home.daemons()


def test_a_squatter_on_the_port_gets_nothing(home: Home) -> None:
    """One that listens where the daemon should be, and says yes to everything, is not sent a message."""
    script = (
        "import socket,sys,base64,hashlib\n"
        "s=socket.socket();s.bind(('127.0.0.1',0));s.listen();print(s.getsockname()[1],flush=True)\n"
        "c,_=s.accept();d=b''\n"
        "while b'\\r\\n\\r\\n' not in d:d+=c.recv(4096)\n"
        "k=[l.split(b': ')[1] for l in d.split(b'\\r\\n') if l.lower().startswith(b'sec-websocket-key')][0]\n"
        "a=base64.b64encode(hashlib.sha1(k+b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())\n"
        "c.sendall(b'HTTP/1.1 101 x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSmile-Build: %s\\r\\n'\n"
        "b'Smile-Nonce: %s\\r\\nSmile-Proof: %s\\r\\nSec-WebSocket-Accept: %s\\r\\n\\r\\n'\n"
        "%(sys.argv[1].encode(),b'0'*64,b'0'*64,a))\n"
        "d=b''\n"
        "while (p:=c.recv(4096)):d+=p\n"
        "print(d.count(b'{'),(d[0]&15) if d else 8,flush=True)\n"
    )
    record = home.echo_daemon("--listen", "127.0.0.1:0")
    squatter = subprocess.Popen([sys.executable, "-c", script, record.build], stdout=subprocess.PIPE, text=True)
    assert squatter.stdout is not None
    path = home.endpoint.record
    path.write_text(path.read_text().replace(f": {record.port}", f": {squatter.stdout.readline().strip()}"))
    editor = home.editor()
    editor.send("initialize", {"secret": "prompt"}, 1)
    assert editor.process.wait(20) == 1
    assert editor.process.stderr is not None
    assert b"does not know its token" in editor.process.stderr.read()
    assert squatter.communicate(timeout=10)[0].strip() == "0 8"  # A closing frame and nothing else.


def test_the_system_says_who_is_at_a_unix_socket() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer_uid(one) == os.geteuid()
    assert is_own(os.geteuid())
    assert not is_own(os.geteuid() + 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_at_the_unix_socket(home: Home) -> None:
    record = home.echo_daemon()
    for folder in (home.folder, home.folder / "runtime", Path(record.socket).parent):
        folder.chmod(0o755)  # Even if the folders let others in.
    Path(record.socket).chmod(0o777)
    code = (
        "import os,sys; sys.path[:0]=sys.argv[2:]; import socket\n"
        "s=socket.socket(socket.AF_UNIX); os.setgid(65534); os.setuid(65534); s.connect(sys.argv[1])\n"
        "s.sendall(b'GET /lsp HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n'\n"
        "b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n')\n"
        "print(s.recv(4096).decode())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, record.socket], capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("HTTP/1.1 403")
    assert "another user's process" in said
    assert tried(record).status == 101
