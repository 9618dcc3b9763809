"""What a user of a running daemon waits for, with scenes-turbo in the real worker: colours, hovers, cancellation.

All times are taken at the client, from the message that was sent to the one that came through `smile lsp`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.bars import report
from bench.daemon import own_home
from bench.lsp_client import SMILE, LspClient, coloured, done
from smile_server.processes import resident_bytes

PICTURE = Path(__file__).parent.parent / "examples" / "street.png"
HEAD = "---\nimage: street.png\nseed: {seed}\n---\n"
EIGHT = "make the car {colour} and remove the {thing}"
COLOURS = ("red", "green", "yellow", "purple", "orange", "white", "pink", "black", "brown")
HOVERS, CHANGES, CLIENTS, ROUNDS, SOAK, IDLE = 200, 9, 20, 12, 10_000, 15.0


def measure() -> tuple[dict[str, float | None], dict[str, Any]]:
    """All figures, and the single measurements."""
    with own_home() as environment:
        folder = Path(environment["XDG_CACHE_HOME"]) / "work"
        folder.mkdir()
        shutil.copy(PICTURE, folder / PICTURE.name)
        client = LspClient(environment, folder)
        uri = (folder / "a.edit").as_uri()
        _warm(client, uri)
        opened = _first_colours(client, folder)
        changed, finished = _one_word(client, uri)
        hovers = _hovers(client, uri)
        stopped = _cancelled(client, folder)
        crowd, lost = _crowd(environment, folder)
        pids = _processes(environment)
        growth = _soak(client, folder, pids)
        while (status := client.ask("smile/status"))["jobs"] or status["state"] != "idle":
            time.sleep(0.2)
        idle = _idle_cpu(pids)
        client.close()
    figures: dict[str, float | None] = {
        "first_colours_milliseconds": statistics.median(opened),
        "changed_word_milliseconds": statistics.median(changed),
        "changed_word_finished_milliseconds": statistics.median(finished),
        "hover_p50_milliseconds": float(np.percentile(hovers, 50)),
        "hover_p99_milliseconds": float(np.percentile(hovers, 99)),
        "cancel_to_idle_milliseconds": statistics.median(stopped),
        "crowd_hover_p99_milliseconds": float(np.percentile(crowd, 99)),
        "crowd_lost": float(lost),
        "soak_growth": growth,
        "idle_cpu_seconds_a_minute": idle,
    }
    return figures, {"opened": opened, "changed": changed, "hovers": hovers, "stopped": stopped, "crowd": crowd}


def _text(colour: str, thing: str = "tree", seed: int = 0) -> str:
    return HEAD.format(seed=seed) + EIGHT.format(colour=colour, thing=thing)


def _warm(client: LspClient, uri: str) -> None:
    client.open(uri, _text("blue"))
    client.prompts(uri, 1, done)


def _first_colours(client: LspClient, folder: Path) -> list[float]:
    """Open a document whose eight words nobody has asked about: milliseconds to its first numbers."""
    spent = []
    for seed in range(1, 6):
        uri = (folder / f"new{seed}.edit").as_uri()
        sent = client.open(uri, _text("red", "house", seed))
        spent.append((client.prompts(uri, 1, coloured) - sent) * 1e3)
        client.prompts(uri, 1, done)
    return spent


def _one_word(client: LspClient, uri: str) -> tuple[list[float], list[float]]:
    """Change the colour in an explained prompt: milliseconds to the first new numbers, and to the last."""
    first, last = [], []
    for version, colour in enumerate(COLOURS[:CHANGES], start=2):
        sent = client.replace(uri, version, _text(colour) + " ")  # A separator ends the word.
        first.append((client.prompts(uri, version, coloured) - sent) * 1e3)
        last.append((client.prompts(uri, version, done) - sent) * 1e3)
    return first, last


def _hovers(client: LspClient, uri: str) -> list[float]:
    """Hover over a word with a picture again and again: milliseconds each; the first one draws and is left out."""
    place = {"textDocument": {"uri": uri}, "position": {"line": 4, "character": 10}}
    if "data:image" not in client.ask("textDocument/hover", place)["contents"]["value"]:
        raise AssertionError("the hover shows no picture")
    spent = []
    for _ in range(HOVERS):
        sent = time.perf_counter()
        when, _ = client.answer(client.request("textDocument/hover", place))
        spent.append((when - sent) * 1e3)
    return spent


def _cancelled(client: LspClient, folder: Path) -> list[float]:
    """Cancel while edits are being made: milliseconds until the engine is idle."""
    spent = []
    for seed in range(20, 25):
        uri = (folder / f"stop{seed}.edit").as_uri()
        client.open(uri, _text("green", "house", seed))
        client.prompts(uri, 1, lambda prompt: prompt["phase"] == "running")
        sent = time.perf_counter()
        client.tell("workspace/executeCommand", {"command": "smile.cancel", "arguments": [{"uri": uri, "prompt": "1"}]})
        client.request(
            "workspace/executeCommand", {"command": "smile.cancel", "arguments": [{"uri": uri, "prompt": "1"}]}
        )
        while client.ask("smile/status")["jobs"]:
            time.sleep(0.005)  # Asking without a pause would take the processors that the worker needs.
        spent.append((time.perf_counter() - sent) * 1e3)
    return spent


def _crowd(environment: dict[str, str], folder: Path) -> tuple[list[float], int]:
    """Twenty clients type at once, each hovering over what it knows: milliseconds a hover, and answers lost."""
    spent: list[float] = []
    lost = [0]
    clients = [LspClient(environment, folder) for _ in range(CLIENTS)]

    def type_on(number: int, client: LspClient) -> None:
        uri = (folder / f"crowd{number}.edit").as_uri()
        known = (folder / f"known{number}.edit").as_uri()
        client.open(known, _text("blue"))
        client.prompts(known, 1, done)
        place = {"textDocument": {"uri": known}, "position": {"line": 4, "character": 10}}
        client.ask("textDocument/hover", place)
        client.open(uri, HEAD.format(seed=100 + number))
        for version in range(2, ROUNDS + 2):
            words = _text(COLOURS[version % len(COLOURS)], seed=100 + number).split(" ")
            client.replace(uri, version, " ".join(words[:version]))
            sent = time.perf_counter()
            try:
                when, _ = client.answer(client.request("textDocument/hover", place))
                spent.append((when - sent) * 1e3)
            except Exception:
                lost[0] += 1
            time.sleep(0.05)

    threads = [threading.Thread(target=type_on, args=pair) for pair in enumerate(clients)]
    # Real editors do not wait for each other's interpreter.
    sys.setswitchinterval(0.0005)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(0.005)
    for client in clients:
        client.close()
    return spent, lost[0] + CLIENTS * ROUNDS - len(spent)


def _processes(environment: dict[str, str]) -> list[int]:
    import subprocess

    out = subprocess.run([*SMILE, "daemon", "status", "--json"], env=environment, check=True, capture_output=True)
    status = json.loads(out.stdout)
    return [status["pid"], *([status["workerPid"]] if status["workerPid"] else [])]


def _soak(client: LspClient, folder: Path, pids: list[int]) -> float:
    """Ten thousand changes of a document: growth of the daemon's memory from the first tenth on, as a share."""
    uri = (folder / "soak.edit").as_uri()
    client.open(uri, _text("blue"))
    client.prompts(uri, 1, done)
    before = 0
    for version in range(2, SOAK + 2):
        # Letters at the end keep the word unfinished, so the document changes and no edit is asked for.
        client.replace(uri, version, _text("blue") + "x" * (version % 7))
        if version % 250 == 0:
            client.ask("smile/status")
        if version == SOAK // 10:
            before = resident_bytes(pids[0])
    client.ask("smile/status")
    return resident_bytes(pids[0]) / before - 1


def _idle_cpu(pids: list[int]) -> float | None:
    """CPU seconds a minute that daemon and worker use when nobody does anything; None off Linux."""

    def used() -> float:
        total = 0.0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / 100
        return total

    if not Path("/proc/self/stat").exists():
        return None
    time.sleep(3)
    before = used()
    time.sleep(IDLE)
    return (used() - before) * 60 / IDLE


if __name__ == "__main__":
    report("sessions", *measure())
