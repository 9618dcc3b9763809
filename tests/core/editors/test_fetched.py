"""Fetching models, against a small hub on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
from typer.testing import CliRunner

from smile_core.cli import app
from smile_core.editors.fetched import all_fetched, fetched, pull
from smile_core.editors.inventory import as_text, known_models
from smile_core.editors.registry import _FAMILIES, is_loaded, open_editor
from smile_core.errors import EditorError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "someone/tiny-edit"


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's interface as fetching needs."""

    folder: Path
    asked: list[str]

    def _answer(self, *, body: bool) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        self.asked.append(path)
        if path.startswith(f"/api/models/{NAME}"):
            names = [str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file()]
            if "/tree/" in path:
                tree = [
                    {"type": "file", "path": name, "size": (self.folder / name).stat().st_size, "oid": "0" * 40}
                    for name in names
                ]
                self._send(json.dumps(tree).encode(), {}, body)
                return
            known = {"id": NAME, "sha": COMMIT, "siblings": [{"rfilename": name} for name in names]}
            self._send(json.dumps({**known, "cardData": {"license": "cc0-1.0"}}).encode(), {}, body)
            return
        file = self.folder / path.removeprefix(f"/{NAME}/resolve/{COMMIT}/")
        if not file.is_file():
            self.send_error(404)
            return
        content = file.read_bytes()
        self._send(content, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}, body)

    def _send(self, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def do_GET(self) -> None:
        """Content."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """What it is."""
        self._answer(body=False)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A hub with one model, a caches' folder of its own, and its address."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Hub.folder, Hub.asked = tiny_models.build_instruct_pix2pix(tmp_path / "remote"), []
    for name in ("evil.py", "unet/pytorch_model.bin", "unet/diffusion.fp16.safetensors", "unet/code.py"):
        (Hub.folder / name).write_bytes(b"x")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_model_is_fetched_once_pinned_and_opened_offline(hub: str) -> None:
    model = pull(NAME, endpoint=hub)
    assert (model.revision, model.licence) == (COMMIT, "cc0-1.0")
    assert not [name for name in model.files if name.endswith((".py", ".bin")) or ".fp16." in name]
    assert not [path for path in Hub.asked if path.endswith((".py", ".bin")) or ".fp16." in path]
    for path, (size, digest) in model.files.items():
        content = (Hub.folder / path).read_bytes()
        assert (size, digest) == (len(content), hashlib.sha256(content).hexdigest())
    Hub.asked.clear()
    assert fetched(NAME) == model
    picture = open_editor(NAME, steps=1).edit(np.zeros((32, 32, 3), np.uint8), ["red"], seed=0)[0]
    assert picture is not None
    assert not Hub.asked, "opening asks no network"


def test_changed_files_are_noticed(hub: str) -> None:
    model = pull(NAME, endpoint=hub)
    file = model.folder / "scheduler" / "scheduler_config.json"
    text = file.read_text()
    file.unlink()
    with pytest.raises(EditorError, match=r"scheduler_config\.json is missing or changed; fetch it again"):
        fetched(NAME)
    file.write_text(text + " ")
    with pytest.raises(EditorError, match="is missing or changed"):
        fetched(NAME)


def test_models_are_listed(hub: str) -> None:
    model = pull(NAME, endpoint=hub)
    shipped, mine = known_models()[0], known_models()[-1]
    assert (shipped.name, shipped.steps, shipped.loaded) == ("scenes-turbo", 1, False)
    assert (mine.name, mine.family, mine.steps, mine.licence) == (NAME, "InstructPix2Pix", 20, "cc0-1.0")
    assert mine.where == str(model.folder)
    editor = open_editor(NAME, steps=1)
    assert not is_loaded(NAME)
    editor.edit(np.zeros((32, 32, 3), np.uint8), ["red"], seed=0)
    assert known_models()[-1].loaded
    assert "20 steps, loaded" in as_text(known_models())
    listed = json.loads(CliRunner().invoke(app, ["models", "--json"]).stdout)
    assert [one["name"] for one in listed][-1] == NAME


def test_a_damaged_record_is_left_out(hub: str, tmp_path: Path) -> None:
    pull(NAME, endpoint=hub, records=tmp_path / "records")
    (tmp_path / "records" / "other--model.json").write_text("{")
    (tmp_path / "records" / "third--model.json").write_text('{"name": 3}')
    assert [model.name for model in all_fetched(records=tmp_path / "records")] == [NAME]


@pytest.mark.parametrize(
    ("gone", "message"),
    [("model_index.json", "is no diffusers model"), ("*/*.safetensors", "has no safetensors; pickled weights can run")],
)
def test_what_is_not_fetched(hub: str, gone: str, message: str) -> None:
    for file in Hub.folder.glob(gone):
        file.unlink()
    with pytest.raises(EditorError, match=message):
        pull(NAME, endpoint=hub)
    assert not [path for path in Hub.asked if "/resolve/" in path]
    assert all_fetched() == ()


def test_names_and_networks(hub: str) -> None:
    with pytest.raises(EditorError, match="is no hub id; give owner/name"):
        pull("../etc", endpoint=hub)
    with pytest.raises(EditorError, match=r"cannot fetch someone/else .*; check the name and the network"):
        pull("someone/else", endpoint=hub)


def test_the_steps_listed_are_those_taken() -> None:
    """The list must not import torch, so it keeps the numbers a second time."""
    import importlib

    for pipeline, family in _FAMILIES.items():
        module = importlib.import_module(f"smile_core.editors.{family.module}")
        found = getattr(module, family.class_name)
        assert found.family == family.name, pipeline
        assert found.defaults.get("steps", 1) == family.steps, pipeline
