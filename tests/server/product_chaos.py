"""The whole product under random kill -9: worker, daemon, forwarders and editors go while scenes-turbo works.

Whoever lives gets an answer to each of its requests; afterwards there is one daemon, nothing else of ours runs, and
what was edited is still known.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from homes import Editor, Home, eventually
from product import workspace
from talk import EXTENSION

WINDOWS = 3
VICTIMS = ("worker", "daemon", "forwarder", "editor")
PROMPTS = (
    "make the car red and remove the tree",
    "make the sky stormy, please",
    "make the house green",
    "turn it into a snowy night",
)
HEAD = "---\nimage: street.png\nseed: {seed}\n---\n"
PATIENCE = 150.0
"""Seconds for any answer: on a busy machine a worker's start alone takes half a minute."""


class Window:
    """An editor window: what it asked and was not answered yet, over a real forwarder."""

    def __init__(self, home: Home, root: Path, chance: random.Random) -> None:
        self.editor: Editor = home.editor()
        self.waiting: set[int] = set()
        self._chance, self._sent, self._version = chance, 0, 1
        self.text = self._any_text()
        self._uri = (root / "street.edit").as_uri()
        folder = {"uri": root.as_uri(), "name": "here"}
        given = {"processId": None, "rootUri": None, "workspaceFolders": [folder], "capabilities": EXTENSION}
        self._ask("initialize", given)
        assert self.settle(), "a new window is served"
        self._tell("initialized", {})
        document = {"uri": self._uri, "languageId": "edit-prompt", "version": 1, "text": self.text}
        self._tell("textDocument/didOpen", {"textDocument": document})

    def work(self, requests: int) -> None:
        """Send requests and changes of any kind at once; where the forwarder has just gone, they count for nothing."""
        kinds = (self._point, self._range, self._preview, self._whole, self._change, self._cancel)
        with suppress(BrokenPipeError):
            for _ in range(requests):
                self._chance.choice(kinds)()

    def settle(self) -> bool:
        """Read until all is answered; False where the forwarder left, with code 1."""
        while self.waiting:
            message = self.editor.read(PATIENCE)
            if message is None:
                assert self.editor.process.wait(20) == 1
                return False
            if "method" not in message:
                self.waiting.discard(message["id"])
            elif "id" in message:
                with suppress(BrokenPipeError):
                    self.editor.answer(message["id"])
        return True

    def stays(self) -> bool:
        """As `settle`; but False must come, once all is said."""
        while self.settle():
            if (message := self.editor.read(PATIENCE)) is None:
                return self.editor.process.wait(20) != 1
            assert "method" in message, "an answer that nobody asked for"
        return False

    def explained(self) -> bool:
        """Have the whole prompt explained; False where the forwarder left before that."""
        self._sent += 1
        number = self._sent
        self.editor.send("smile/explain", {"uri": self._uri, "position": {"line": 4, "character": 1}}, number)
        while (message := self.editor.read(PATIENCE)) is not None:
            if "method" in message and "id" in message:
                self.editor.answer(message["id"])
            elif message.get("id") == number and "method" not in message:
                assert "result" in message, message
                return True
        return False

    def _ask(self, method: str, params: Any) -> None:
        self._sent += 1
        self.editor.send(method, params, self._sent)
        self.waiting.add(self._sent)

    def _tell(self, method: str, params: Any) -> None:
        self.editor.send(method, params)

    def _any_text(self) -> str:
        return HEAD.format(seed=self._chance.randrange(2)) + self._chance.choice(PROMPTS) + "\n"

    def _point(self) -> None:
        place = {"line": 4, "character": self._chance.randrange(20)}
        method = self._chance.choice(("hover", "completion"))
        self._ask(f"textDocument/{method}", {"textDocument": {"uri": self._uri}, "position": place})

    def _range(self) -> None:
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        params = {"textDocument": {"uri": self._uri}, "range": whole, "context": {"diagnostics": []}}
        self._ask(f"textDocument/{self._chance.choice(('inlayHint', 'codeAction'))}", params)

    def _whole(self) -> None:
        method = self._chance.choice(("codeLens", "diagnostic", "documentLink"))
        self._ask(f"textDocument/{method}", {"textDocument": {"uri": self._uri}})

    def _preview(self) -> None:
        mask = [self._chance.randrange(2) for _ in range(8)]  # Fits one of the prompts, and is refused by the others.
        self._ask("smile/preview", {"uri": self._uri, "position": {"line": 4, "character": 1}, "mask": mask})

    def _change(self) -> None:
        self._version += 1
        document = {"uri": self._uri, "version": self._version}
        self.text = self._any_text()
        self._tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": self.text}]})

    def _cancel(self) -> None:
        if self.waiting:
            self._tell("$/cancelRequest", {"id": self._chance.choice(sorted(self.waiting))})


def product_chaos(home: Home, victims: Sequence[str], seed: int) -> None:
    """Kill one after the other, each time under load, and check what must hold in between and afterwards."""
    chance, root = random.Random(seed), home.folder / "work"
    root.mkdir()
    workspace(root)
    windows: list[Window] = []
    for victim in victims:
        windows += [Window(home, root, chance) for _ in range(WINDOWS - len(windows))]
        for window in windows:
            window.work(chance.randrange(5, 40))
        dead = _kill(home, windows, victim, chance)
        windows = [window for window in windows if window is not dead]
        for window in windows:
            window.work(chance.randrange(5))
        if victim == "daemon":  # Its forwarders answer for it, and leave.
            assert not any(window.stays() for window in windows)
            windows = []
        assert all(window.settle() for window in windows), f"after the {victim} went, a window lost its daemon"
    _check(home, root, chance, windows)


def _kill(home: Home, windows: list[Window], victim: str, chance: random.Random) -> Window | None:
    """Kill -9; the window that is dead now, if it was one."""
    if victim == "daemon":
        for pid in home.daemons():
            os.kill(pid, signal.SIGKILL)
        return None
    if victim == "worker":
        pid = eventually(lambda: home.smile("daemon", "status", "--json")["workerPid"], "a worker")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return None
    chosen = chance.choice(windows)
    if victim == "forwarder":
        chosen.editor.process.kill()
    elif chosen.editor.process.stdin is not None and chosen.editor.process.stdout is not None:
        chosen.editor.process.stdin.close()  # An editor that is killed leaves its pipes closed.
        chosen.editor.process.stdout.close()
    return chosen


def _check(home: Home, root: Path, chance: random.Random, windows: list[Window]) -> None:
    last = Window(home, root, chance)
    assert last.explained()
    (daemon,) = home.daemons()
    status = home.smile("daemon", "status", "--json")
    assert status["pid"] == daemon
    for window in (*windows, last):
        with suppress(BrokenPipeError):  # It had nothing open when the daemon was killed last.
            window.editor.leave()
    eventually(lambda: home.smile("daemon", "status", "--json")["sessions"] == 0, "no session is left", 60)
    mine = {daemon, home.smile("daemon", "status", "--json")["workerPid"]} - {None}
    eventually(lambda: home.running() <= mine, "nothing else of ours runs", 60)
    found = home.smile("daemon", "doctor", "--json", code=None)  # Other homes' daemons would be a problem to it.
    assert [one["pid"] for one in found["daemons"]] == [daemon]
    os.kill(daemon, signal.SIGKILL)
    eventually(lambda: not home.running(), "the worker goes with its daemon, even one that is killed", 60)
    _evidence_is_intact(home, last.text)


def _evidence_is_intact(home: Home, explained: str) -> None:
    """The store is whole, and holds every edit of a document that was explained."""
    (file,) = Path(home.environment["XDG_CACHE_HOME"]).rglob("evidence.sqlite")
    assert not list(file.parent.glob("*.damaged"))
    copy = home.folder / "copy"
    shutil.copytree(file.parent, copy)
    with closing(sqlite3.connect(copy / file.name)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    again = home.folder / "work/again.edit"
    again.write_text(explained, encoding="utf-8")
    assert home.smile("explain", str(again), "--json")["counts"]["made"] == 0
