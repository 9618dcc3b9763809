"""A newer build beside an older daemon: new clients get the new one, the old one leaves with its last client."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from homes import Home, eventually

import smile_core
import smile_server


def _installed(home: Home) -> Path:
    """Copies of both packages that may be changed, first in the path."""
    folder = home.folder / "installed"
    for package in (smile_core, smile_server):
        source = Path(str(package.__file__)).parent
        weights = shutil.ignore_patterns("__pycache__", "*.safetensors")
        shutil.copytree(source, folder / source.name, ignore=weights, copy_function=shutil.copy2)
    home.environment["PYTHONPATH"] = str(folder)
    return folder


def test_a_newer_build_starts_its_own_and_the_older_leaves_with_its_last_client(home: Home) -> None:
    folder = _installed(home)
    old_editor = home.editor()
    old_editor.hello()
    (old,) = home.daemons()
    (folder / "smile_server/added.py").write_text("")
    new_editor = home.editor()
    new_editor.hello()
    assert len(home.daemons()) == 2
    assert home.smile("daemon", "status", "--json")["pid"] != old
    eventually(lambda: _records(home) == 2, "two endpoints")
    assert old_editor.ask("smile/status", None, 2)
    assert old_editor.leave() == 0
    eventually(lambda: old not in home.daemons(), "the older has left")
    assert new_editor.ask("smile/status", None, 2)
    assert _records(home) == 1


def test_an_older_daemon_without_clients_leaves_at_once(home: Home) -> None:
    folder = _installed(home)
    old = home.smile("daemon", "start", "--json")["pid"]
    (folder / "smile_server/added.py").write_text("")
    new = home.smile("daemon", "start", "--json")["pid"]
    eventually(lambda: home.daemons() == {new}, f"{old} has left")


def _records(home: Home) -> int:
    files = list((home.folder / "runtime/smile-lens").glob("*.json"))
    return len({json.loads(path.read_text())["build"] for path in files})
