"""What changes around the documents: folders, pictures, settings, the worker; and what each client is told of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from smile_server.engine import Engine
from tests.server.talk import EXTENSION, Talk

STREET = Path(__file__).parents[2] / "examples/street.png"
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[Engine]:
    engine = Engine(private=True)
    yield engine
    await engine.close()


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        root.mkdir()
        shutil.copy(STREET, root / f"{root.name}.png")
    return one, two


def _document(image: str, prompt: str = "make the car red", seed: int = 0) -> str:
    return f"---\nimage: {image}\nseed: {seed}\n---\n{prompt}\n"


async def _joined(engine: Engine, root: Path, **more: Any) -> Talk:
    talk = Talk(engine)
    await talk.initialize(root.as_uri(), **more)
    return talk


async def _open(talk: Talk, root: Path, text: str) -> tuple[str, dict[str, Any]]:
    uri = (root / "a.edit").as_uri()
    talk.open(uri, text)
    (prompt,) = await talk.settled(uri)
    return uri, prompt


async def test_pictures_come_from_every_folder_of_the_workspace_as_it_is_now(
    engine: Engine, roots: tuple[Path, Path]
) -> None:
    one, two = roots
    talk = await _joined(engine, one, options={"run": "request"})
    uri, prompt = await _open(talk, one, _document("../two/two.png"))
    assert "outside" in prompt["trouble"]["text"]
    folder = {"uri": two.as_uri(), "name": "two"}
    for added, removed, kind in (([folder], [], "consent"), ([], [folder], "image")):
        talk.tell("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": removed}})
        (prompt,) = await talk.prompts(uri, lambda prompts, kind=kind: prompts[0]["trouble"]["kind"] == kind)
    talk.tell("smile/allow", {"uri": (two / "two.png").as_uri()})  # The user picked it by hand.
    await talk.prompts(uri, lambda prompts: prompts[0]["trouble"]["kind"] == "consent")
    await talk.leave()


async def test_a_picture_that_appears_is_seen_since_the_client_watches(
    engine: Engine, roots: tuple[Path, Path]
) -> None:
    one, _ = roots
    watching = {**EXTENSION["workspace"], "didChangeWatchedFiles": {"dynamicRegistration": True}}
    talk = await _joined(engine, one, options={"run": "request"}, capabilities={**EXTENSION, "workspace": watching})
    uri, prompt = await _open(talk, one, _document("late.png"))
    assert "late.png is not there" in prompt["trouble"]["text"]
    assert "client/registerCapability" in talk.asked_by_server
    shutil.copy(STREET, one / "late.png")
    changed = {"uri": (one / "late.png").as_uri(), "type": 1}
    talk.tell("workspace/didChangeWatchedFiles", {"changes": [changed]})
    await talk.prompts(uri, lambda prompts: prompts[0]["trouble"]["kind"] == "consent")
    await talk.leave()


async def test_settings_are_fetched_where_the_client_says_only_that_they_changed(
    engine: Engine, roots: tuple[Path, Path]
) -> None:
    one, _ = roots
    talk = Talk(engine)
    talk.answers["workspace/configuration"] = [{"run": "request", "colour": "none"}]
    able = {**EXTENSION, "workspace": {**EXTENSION["workspace"], "configuration": True}}
    await talk.initialize(one.as_uri(), options={"trusted": False}, capabilities=able)
    uri, prompt = await _open(talk, one, _document("one.png"))
    assert "not trusted" in prompt["trouble"]["text"]
    talk.tell("workspace/didChangeConfiguration", {"settings": None})
    await talk.prompts(uri, lambda prompts: "not trusted" not in prompts[0]["trouble"]["text"])
    said = await talk.hear("window/showMessage")
    assert "colour" in said["message"]
    await talk.leave()


async def test_who_announces_it_hears_how_the_server_is(engine: Engine, roots: tuple[Path, Path]) -> None:
    one, _ = roots
    told, untold = Talk(engine), Talk(engine)
    await told.initialize(one.as_uri(), capabilities={"experimental": {"serverStatusNotification": True}})
    await untold.initialize(one.as_uri(), capabilities={})
    told.open((one / "a.edit").as_uri(), _document("one.png", "make the house red"))
    await told.hear("experimental/serverStatus", lambda status: not status["quiescent"])
    await told.hear("experimental/serverStatus", lambda status: status["quiescent"] and status["health"] == "ok")
    await untold.ask("textDocument/documentLink", {"textDocument": {"uri": (one / "a.edit").as_uri()}})
    assert not [m for m in untold.heard if m.get("method", "").startswith(("experimental/", "smile/"))]
    await told.leave()
    await untold.leave()


async def test_tokens_of_a_part_are_those_of_the_whole_and_stale_ones_say_so(
    engine: Engine, roots: tuple[Path, Path]
) -> None:
    one, _ = roots
    talk = await _joined(engine, one, capabilities={}, options={"debounce": 5000})
    uri = (one / "a.edit").as_uri()
    talk.open(uri, _document("one.png", "make the car red\n\nmake the house green"))
    document = {"textDocument": {"uri": uri}}

    async def tokens(method: str, **more: Any) -> list[int]:
        found: list[int] = (await talk.ask(f"textDocument/semanticTokens/{method}", document | more))["data"]
        return found

    for _ in range(2000):
        whole = await tokens("full")
        if len(whole) == 5 * 8 and not any(bits & 8 for bits in whole[4::5]):
            break
        await asyncio.sleep(0.05)
    first = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 99}}
    assert await tokens("range", range=first) == whole[:20]
    assert await tokens("range", range=ALL) == whole
    place = {"start": {"line": 4, "character": 13}, "end": {"line": 4, "character": 16}}
    talk.change(uri, 2, {"range": place, "text": "pink"})
    assert [bits & 8 for bits in (await tokens("range", range=first))[4::5]] == [8, 8, 8]
    await talk.leave()


@pytest.mark.parametrize(("able", "command"), [({}, "smile.explain"), (EXTENSION, "smileLens.explain")])
async def test_every_client_can_have_a_model_run_that_runs_only_when_asked(
    engine: Engine, roots: tuple[Path, Path], able: dict[str, Any], command: str
) -> None:
    one, _ = roots
    talk = await _joined(engine, one, capabilities=able)
    uri = (one / "a.edit").as_uri()
    talk.open(uri, _document("one.png\nmodel: no-such-model"))
    asked = {"textDocument": {"uri": uri}, "range": ALL, "context": {"diagnostics": []}}
    (action,) = await talk.ask("textDocument/codeAction", asked)
    assert (action["title"], action["command"]["command"]) == ("Explain", command)
    await talk.leave()


async def test_what_is_cleared_is_forgotten(engine: Engine, roots: tuple[Path, Path]) -> None:
    one, _ = roots
    talk = await _joined(engine, one, options={"run": "request"})
    uri, _ = await _open(talk, one, _document("one.png", "make the tree red"))
    await talk.ask("smile/run", {"uri": uri})
    await talk.prompts(uri, lambda prompts: prompts[0]["phase"] == "done")
    await talk.ask("workspace/executeCommand", {"command": "smile.clear", "arguments": []})
    other = (one / "b.edit").as_uri()
    talk.open(other, _document("one.png", "make the tree red"))
    (prompt,) = await talk.settled(other)
    assert prompt["phase"] == "asking"
    await talk.leave()


async def test_a_worker_that_dies_twice_is_told_with_its_cause_and_a_button(
    engine: Engine, roots: tuple[Path, Path]
) -> None:
    one, _ = roots
    talk = await _joined(engine, one)
    uri = (one / "a.edit").as_uri()
    text = "please turn the whole picture into a very snowy winter night now"
    talk.open(uri, _document("one.png", text, seed=6))
    failing = asyncio.ensure_future(talk.prompts(uri, lambda prompts: prompts[0]["phase"] == "failed"))
    killed: set[int] = set()
    while not failing.done():  # The first to die may have been loading the model, ahead of the prompt.
        status = engine.status()
        if status.state == "busy" and status.worker_pid not in (None, *killed):
            assert status.worker_pid is not None
            os.kill(status.worker_pid, signal.SIGKILL)
            killed.add(status.worker_pid)
        await asyncio.sleep(0.01)
    (prompt,) = await failing
    assert 2 <= len(killed) <= 4
    assert prompt["trouble"]["kind"] == "worker"
    assert "killed" in prompt["trouble"]["text"]
    assert prompt["trouble"]["button"] == "Try again"
    await talk.ask("smile/run", {"uri": uri})
    (prompt,) = await talk.prompts(uri, lambda prompts: prompts[0]["phase"] == "done")
    await talk.leave()
