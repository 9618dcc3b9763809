"""The server's editor, against a real HTTP server on this machine."""

from __future__ import annotations

import base64
import email
import email.policy
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from smile_core import Evidence, Explainer, explain
from smile_core.cli import app
from smile_core.editors.protocol import AsksFirst
from smile_core.editors.registry import open_editor
from smile_core.errors import Cancelled, EditorError

KEY = "sk-very-secret"
IMAGE = np.random.default_rng(0).integers(0, 255, (24, 36, 3), dtype=np.uint8)


class Server(ThreadingHTTPServer):
    """Answers as `behave` says: a status for a prompt and the number of times that it was asked before."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: Counter[str] = Counter()
        self.fields: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.now = self.most_at_once = 0
        self.lock = threading.Lock()
        self.behave: Any = lambda prompt, before: 200
        self.answer: bytes | None = None
        self.retry_after: str | None = None
        self.slow = 0.0

    @property
    def address(self) -> str:
        """What a user would write."""
        return f"http://127.0.0.1:{self.server_port}/v1#painter-1"


class Handler(BaseHTTPRequestHandler):
    """POST /v1/images/edits."""

    def do_POST(self) -> None:
        """One edit: the picture, darker for longer prompts, at a size that the server likes."""
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = email.message_from_bytes(
            b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
        )
        fields = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in message.iter_parts()
        }
        prompt = fields["prompt"].decode()
        with server.lock:
            server.now += 1
            server.most_at_once = max(server.most_at_once, server.now)
            before, server.asked[prompt] = server.asked[prompt], server.asked[prompt] + 1
            server.fields.append(fields)
            server.headers.append(dict(self.headers.items()) | {"path": self.path})
        time.sleep(server.slow)
        status = server.behave(prompt, before)
        with server.lock:
            server.now -= 1
        if status == "hang up":
            self.close_connection = True
            self.connection.close()
            return
        code = "moderation_blocked" if status == "refuse" else "insufficient_quota" if status == "broke" else "x"
        answer: Any = {"error": {"message": f"no\nwith {KEY}", "code": code}}
        number = {"refuse": 400, "broke": 429}.get(status, status)
        if number == 200:
            with Image.open(io.BytesIO(fields["image"])) as picture:
                shade = max(0, 200 - 9 * len(prompt))
                buffer = io.BytesIO()
                Image.new("RGB", (picture.width * 2, picture.height * 2), (shade, 0, 0)).save(buffer, "PNG")
            answer = {"data": [{"b64_json": base64.b64encode(buffer.getvalue()).decode()}]}
        raw = server.answer if server.answer is not None and number == 200 else json.dumps(answer).encode()
        self.send_response(number)
        if server.retry_after is not None and number != 200:
            self.send_header("Retry-After", server.retry_after)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server, running."""
    monkeypatch.setenv("SMILE_IMAGES_API_KEY", KEY)
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def _open(server: Server, *, allowed: int = 100, **settings: Any) -> Any:
    editor = open_editor(server.address, **{"first_wait": 0.01, **settings})
    assert isinstance(editor, AsksFirst)
    editor.allow(allowed)
    return editor


def test_a_request_is_of_the_shape_that_servers_know(server: Server) -> None:
    made = _open(server).edit(IMAGE, ["make it “red”", ""], seed=0)
    assert np.asarray(made[0]).shape == IMAGE.shape
    assert made[1] is None, "an empty prompt is never sent"
    (fields,), (headers,) = server.fields, server.headers
    assert {name: value for name, value in fields.items() if name != "image"} == {
        "model": b"painter-1",
        "prompt": "make it “red”".encode(),
        "n": b"1",
    }
    with Image.open(io.BytesIO(fields["image"])) as sent:
        assert (np.asarray(sent) == IMAGE).all()
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["path"] == "/v1/images/edits"


def test_a_whole_explanation(server: Server) -> None:
    explainer = Explainer(_open(server), evidence=Evidence())
    explanation = explainer.explain("make it red", IMAGE)
    assert len(explanation.rows) == 8
    assert explanation.setting.shell_name == server.address
    assert any("refuses an empty prompt" in note for note in explanation.notes)
    assert max(server.asked.values()) == 1, "no edit is paid for twice"


def test_nothing_is_sent_that_was_not_agreed_to(server: Server) -> None:
    editor = _open(server, allowed=2)
    with pytest.raises(EditorError, match="only 2 more are allowed; agree to more with --paid-edits N"):
        editor.edit(IMAGE, ["a", "b", "c"], seed=0)
    assert not server.asked
    editor.edit(IMAGE, ["a", "b"], seed=0)
    with pytest.raises(EditorError, match="only 0 more are allowed"):
        editor.edit(IMAGE, ["c"], seed=0)
    with pytest.raises(EditorError, match="only 0 more are allowed"):
        explain("make it red", IMAGE, server.address)
    assert editor.asks_first is True
    assert "whose price is not known" in editor.expected_cost(3)
    assert "about 1.50 in all" in _open(server, price=0.5).expected_cost(3)


@pytest.mark.parametrize("status", [429, 500, 503, "hang up"])
def test_what_may_pass_is_tried_again(server: Server, status: Any) -> None:
    server.behave = lambda prompt, before: status if before < 2 else 200
    assert _open(server).edit(IMAGE, ["red"], seed=0)[0] is not None
    assert server.asked["red"] == 3


def test_waits_grow_and_the_server_may_set_them(server: Server) -> None:
    server.behave = lambda prompt, before: 503 if before < 3 else 200
    started = time.monotonic()
    _open(server, first_wait=0.05).edit(IMAGE, ["red"], seed=0)
    assert time.monotonic() - started >= 0.8 * (0.05 + 0.1 + 0.2)
    server.retry_after, server.behave = "0.3", lambda prompt, before: 429 if before < 1 else 200
    started = time.monotonic()
    _open(server, first_wait=30).edit(IMAGE, ["blue"], seed=0)
    assert 0.3 <= time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("status", "tries", "message"),
    [
        (500, 3, "failed with status 500"),
        (404, 1, "failed with status 404"),
        (401, 1, "refuses the key; check SMILE_IMAGES_API_KEY"),
        ("broke", 1, "failed with status 429"),
        ("hang up", 3, "does not answer"),
        (302, 1, "failed with status 302"),
    ],
)
def test_what_does_not_pass_is_one_line_without_the_key(server: Server, status: Any, tries: int, message: str) -> None:
    server.behave = lambda prompt, before: status
    with pytest.raises(EditorError, match=message) as caught:
        _open(server, tries=3).edit(IMAGE, ["red"], seed=0)
    assert server.asked["red"] == tries
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_refusal_is_no_error_but_a_failed_edit(server: Server) -> None:
    server.behave = lambda prompt, before: "refuse" if prompt == "it" else 200
    explanation = Explainer(_open(server)).explain("make it red", IMAGE)
    assert [row.sub_prompt for row in explanation.rows if row.failed] == ["it"]


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"data": []}', b'{"data": [{"b64_json": "eA=="}]}', b'{"data": 3}'])
def test_answers_that_hold_no_picture(server: Server, answer: bytes) -> None:
    server.answer = answer
    with pytest.raises(EditorError, match="gave no picture"):
        _open(server).edit(IMAGE, ["red"], seed=0)


def test_only_so_many_requests_at_a_time(server: Server) -> None:
    server.slow = 0.05
    _open(server, at_once=3).edit(IMAGE, [f"prompt {i}" for i in range(9)], seed=0)
    assert server.most_at_once == 3


def test_waiting_is_given_up_when_asked(server: Server) -> None:
    server.behave = lambda prompt, before: 503
    editor = _open(server, first_wait=30)
    started = time.monotonic()
    editor.stop_when(lambda: bool(server.asked))
    with pytest.raises(Cancelled):
        editor.edit(IMAGE, ["red"], seed=0)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://example.org/v1#m", "in the open; use https"),
        ("https://example.org/v1", "write https://server/v1#model"),
        ("https:///v1#m", "write https://server/v1#model"),
        ("https://me:pass@example.org/v1#m", "put the key into SMILE_IMAGES_API_KEY"),
    ],
)
def test_addresses_that_are_refused(address: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMILE_IMAGES_API_KEY", KEY)
    with pytest.raises(EditorError, match=message):
        open_editor(address)


def test_a_server_elsewhere_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMILE_IMAGES_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EditorError, match="wants a key; put it into the environment"):
        open_editor("https://example.org/v1#m")


def test_a_server_has_no_steps_and_no_drafts() -> None:
    for setting in ("steps", "guided", "reuse", "most_rows"):
        with pytest.raises(EditorError, match=f"a server takes no setting '{setting}'"):
            open_editor("http://127.0.0.1:1/v1#m", **{setting: 1})


def test_the_shell_asks_before_it_pays(server: Server, tmp_path: Any) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    command = [
        "preview",
        "make it red",
        "-i",
        str(tmp_path / "a.png"),
        "-m",
        server.address,
        "-o",
        str(tmp_path / "o.png"),
    ]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "this costs up to 2 paid edits at 127.0.0.1" in refused.stderr
    assert "agree with --paid-edits 2" in refused.stderr
    assert not server.asked
    assert CliRunner().invoke(app, [*command, "--paid-edits", "1"]).exit_code == 0
    assert server.asked == {"make it red": 1}


def test_every_command_that_pays_can_be_allowed_to(server: Server, tmp_path: Any) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    picture = ["-i", str(tmp_path / "a.png")]
    commands = [
        ["compare", "make it", *picture, "-m", server.address, "--seeds", "0,1", "--private"],
        ["evaluate", "make it", *picture, "-m", server.address, "--private"],
    ]
    for command in commands:
        refused = CliRunner().invoke(app, command)
        assert refused.exit_code == 1
        assert "agree with --paid-edits" in refused.stderr
        assert not server.asked
    assert CliRunner().invoke(app, [*commands[0], "--paid-edits", "60"]).exit_code == 0
    paid = sum(server.asked.values())
    assert 0 < paid <= 60
    few = CliRunner().invoke(app, [*commands[1], "--paid-edits", "1"])
    assert few.exit_code == 1
    assert "are allowed" in few.stderr
    assert sum(server.asked.values()) <= paid + 1
