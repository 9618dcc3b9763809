"""Sessions in memory, over the real engine with scenes-turbo in its real worker process."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from smile_server.engine import Engine
from smile_server.session import run_session
from tests.server.talk import Refused, Talk

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAD = "---\nimage: street.png\n---\n"
PROMPT = "make the car red"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[Engine]:
    engine = Engine(private=True)
    await engine.start()
    yield engine
    pid = engine.status().worker_pid
    await engine.close()
    assert pid is None or not Path(f"/proc/{pid}").exists() or _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    return "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(EXAMPLES / "street.png", tmp_path / "street.png")
    return tmp_path


@pytest_asyncio.fixture(loop_scope="module")
async def talk(engine: Engine, folder: Path) -> AsyncIterator[Talk]:
    talk = Talk(engine)
    await talk.initialize(folder.as_uri(), options={"hoverImages": "data", "commandLinks": True, "debounce": 20})
    yield talk
    await talk.leave()
    errors = [message for message in talk.heard if "error" in message]
    assert errors == []


def _uri(folder: Path, name: str = "a.edit") -> str:
    return (folder / name).as_uri()


async def test_colours_come_coarse_to_fine_and_carry_the_version(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + "make the car red and remove the tree", version=7)
    first = await talk.prompts(uri, lambda prompts: True)
    assert {word["state"] for word in first[0]["words"]} == {"waiting"}
    (done,) = await talk.settled(uri, version=7)
    assert done["phase"] == "done"
    by_text = {word["text"]: word for word in done["words"]}
    assert by_text["red"]["state"] == "effective"
    assert by_text["red"]["bucket"] > 0
    assert by_text["red"]["low"] < by_text["red"]["influence"] < by_text["red"]["high"]
    assert by_text["red"]["ranges"] == [{"start": {"line": 3, "character": 13}, "end": {"line": 3, "character": 16}}]
    assert done["quality"]["edits"] > 8
    assert "red +" in done["note"]


async def test_a_changed_word_leaves_the_others_stale_until_new_numbers_come(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    await talk.settled(uri)
    place = {"start": {"line": 3, "character": 13}, "end": {"line": 3, "character": 16}}
    talk.change(uri, 2, {"range": place, "text": "green "})
    (between,) = await talk.prompts(uri, lambda prompts: True, version=2)
    assert [word["stale"] for word in between["words"]] == [True, True, True, False]
    assert between["words"][3]["state"] == "waiting"
    assert between["words"][2]["bucket"] != 0
    (after,) = await talk.settled(uri, version=2)
    assert not any(word["stale"] for word in after["words"])
    assert after["id"] == between["id"]
    assert after["quality"]["known"] >= 7  # "make the car" and its parts are known from before.


async def test_what_is_known_comes_at_once_and_costs_no_edit(talk: Talk, folder: Path, engine: Engine) -> None:
    uri, other = _uri(folder), _uri(folder, "b.edit")
    talk.open(uri, HEAD + PROMPT)
    await talk.settled(uri)
    before = engine.status().edits
    talk.open(other, HEAD + PROMPT)
    (done,) = await talk.settled(other)
    assert done["phase"] == "done"
    assert engine.status().edits == before


async def test_hover_holds_the_picture_the_rows_and_links(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    await talk.settled(uri)
    hover = await talk.ask("textDocument/hover", _at(uri, 3, 10))
    text = hover["contents"]["value"]
    assert text.startswith("**car** **+")
    assert "| 95 % interval |" in text
    assert "for this picture and seed 0" in text
    assert "(command:smileLens.explain?" in text
    assert len(text) < 100_000
    data = text.split("base64,")[1].split("|")[0]
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.size[0] == 960
    panes = [picture.convert("RGB").crop((x, 0, x + 312, 312)) for x in (0, 324)]
    assert panes[0].tobytes() != panes[1].tobytes()  # Result and "without this word" differ.


async def test_a_client_of_plain_text_gets_no_markup_and_no_picture(engine: Engine, folder: Path) -> None:
    talk = Talk(engine)
    await talk.initialize(folder.as_uri(), capabilities={}, options={})
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    hover = await _until_hover(talk, uri)
    assert hover["contents"]["kind"] == "plaintext"
    assert "base64" not in hover["contents"]["value"]
    assert "**" not in hover["contents"]["value"]
    await talk.leave()
    assert not any(message.get("method", "").startswith("smile/") for message in talk.heard)


async def _until_hover(talk: Talk, uri: str) -> Any:
    for _ in range(200):
        hover = await talk.ask("textDocument/hover", _at(uri, 3, 10))
        if hover is not None and "95 %" in hover["contents"]["value"]:
            return hover
        await asyncio.sleep(0.05)
    raise AssertionError("no explanation came")


async def test_prompt_text_is_no_markup_in_a_hover(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + "make the car red ![x](https://evil.example/a.png)")
    await talk.settled(uri)
    hover = await talk.ask("textDocument/hover", _at(uri, 3, 25))
    assert "![x](https" not in hover["contents"]["value"]


async def test_lenses_say_what_is_known_and_resolve_to_commands(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    await talk.settled(uri)
    lenses = await talk.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
    solved = [(await talk.ask("codeLens/resolve", lens))["command"] for lens in lenses]
    assert [lens["title"] for lens in solved][:3] == ["Explain", "Preview", "Compare"]
    assert solved[0]["command"] == "smile.explain"
    assert solved[0]["arguments"] == [{"uri": uri, "prompt": "1"}]
    assert any(lens["title"].startswith("fidelity ") for lens in solved)
    assert any(lens["title"].endswith(" edits") for lens in solved)


async def test_idle_words_are_hints_and_go_by_one_fix_that_was_tried(talk: Talk, folder: Path, engine: Engine) -> None:
    uri = _uri(folder)
    text = HEAD + "please make the car red"
    talk.open(uri, text)
    await talk.settled(uri)
    report = await talk.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    idle = [found for found in report["items"] if found["code"] == "idle"]
    assert [found["tags"] for found in idle] == [[1]] * len(idle)
    assert any(found["range"]["start"] == {"line": 3, "character": 0} for found in idle)
    again = await talk.ask(
        "textDocument/diagnostic", {"textDocument": {"uri": uri}, "previousResultId": report["resultId"]}
    )
    assert again["kind"] == "unchanged"
    asked = {"textDocument": {"uri": uri}, "range": idle[0]["range"], "context": {"diagnostics": []}}
    for _ in range(100):
        actions = await talk.ask("textDocument/codeAction", asked)
        if actions:
            break
        await asyncio.sleep(0.05)
    (edit,) = actions[0]["edit"]["changes"][uri]
    assert "please" not in edit["newText"]
    assert "car red" in edit["newText"]


async def test_a_prompt_that_does_nothing_says_so_and_has_no_colour(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + "hello there")
    (done,) = await talk.settled(uri)
    assert done["quality"]["doesNothing"] is True
    assert {word["bucket"] for word in done["words"]} == {0}
    assert done["note"] == "this prompt does nothing to the picture; name a thing and a change"
    report = await talk.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    assert [found["code"] for found in report["items"]] == ["does-nothing"]


@pytest.mark.parametrize(
    ("head", "kind", "words"),
    [
        ("---\nimage: gone.png\n---\n", "image", "gone.png is not there"),
        ("", "image", "no image"),
        ("---\nimage: ../../../etc/passwd\n---\n", "image", "outside|not there"),
        ("---\nimage: street.png\ncolour: red\n---\n", "front-matter", "'colour: red' is no setting"),
        ("---\nimage: street.png\nseed: many\n---\n", "front-matter", "no whole number"),
        ("---\nimage: street.png\nmodel: no-such-model\n---\n", "consent", "about 16 edits with no-such-model"),
        ("---\nimage: text.png\n---\n", "image", "not a picture"),
    ],
    ids=["gone", "none", "outside", "unknown key", "seed", "slow model", "no picture"],
)
async def test_each_trouble_has_one_line_and_where_it_can_one_button(
    talk: Talk, folder: Path, head: str, kind: str, words: str
) -> None:
    (folder / "text.png").write_text("not a picture")
    uri = _uri(folder)
    talk.open(uri, head + PROMPT)
    (prompt,) = await talk.settled(uri)
    assert prompt["trouble"]["kind"] == kind
    assert any(part in prompt["trouble"]["text"] for part in words.split("|"))
    assert "\n" not in prompt["trouble"]["text"]
    assert (prompt["trouble"]["button"] is None) == (kind == "front-matter")
    hover = await talk.ask("textDocument/hover", _at(uri, head.count("\n"), 2))
    assert hover is not None


async def test_a_model_that_cannot_load_fails_with_its_cause_when_asked_for(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, "---\nimage: street.png\nmodel: no-such-model\n---\n" + PROMPT)
    await talk.settled(uri)
    await talk.ask("smile/run", {"uri": uri, "prompt": "1"})
    (prompt,) = await talk.prompts(uri, lambda prompts: prompts[0]["phase"] == "failed")
    assert prompt["trouble"]["kind"] == "model"
    assert "no-such-model" in prompt["trouble"]["text"]
    assert prompt["trouble"]["command"] == "smileLens.chooseModel"


async def test_settings_are_mended_by_quick_fixes(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, "---\nimage: street.png\nmodle: scenes-turbo\n---\n" + PROMPT)
    await talk.settled(uri)
    place = {"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 1}}
    asked = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": []}}
    actions = await talk.ask("textDocument/codeAction", asked)
    assert actions[0]["title"] == "Change to ‘model’"
    assert actions[0]["edit"]["changes"][uri][0]["newText"] == "model: scenes-turbo"


async def test_completion_knows_keys_models_and_pictures(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, "---\nimage: \nmodel: \n\n---\n" + PROMPT)

    async def at(line: int, character: int) -> list[str]:
        found = await talk.ask("textDocument/completion", _at(uri, line, character))
        return [] if found is None else [item["label"] for item in found["items"]]

    assert await at(1, 7) == ["street.png"]
    assert "scenes-turbo" in await at(2, 7)
    assert "seed" in await at(3, 0)
    assert await at(5, 4) == []


async def test_the_picture_is_a_link(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    (link,) = await talk.ask("textDocument/documentLink", {"textDocument": {"uri": uri}})
    assert link["target"] == (folder / "street.png").resolve().as_uri()
    assert link["range"]["start"] == {"line": 1, "character": 7}


async def test_numbers_as_hints_are_there_when_wanted_with_the_hover_as_tooltip(engine: Engine, folder: Path) -> None:
    talk = Talk(engine)
    await talk.initialize(folder.as_uri(), options={"inlayNumbers": True, "hoverImages": "data"})
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    await talk.settled(uri)
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    hints = await talk.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole})
    assert [hint["label"][0] for hint in hints if hint["position"]["character"] in (12, 16)] == ["+", "+"]
    solved = await talk.ask("inlayHint/resolve", hints[-1])
    assert "data:image/webp" in solved["tooltip"]["value"]
    await talk.leave()


async def test_semantic_tokens_are_for_clients_that_draw_nothing_else(engine: Engine, folder: Path) -> None:
    talk = Talk(engine)
    result = await talk.initialize(folder.as_uri(), capabilities={"general": {"positionEncodings": ["utf-8"]}})
    legend = result["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"]
    assert result["capabilities"]["positionEncoding"] == "utf-8"
    uri = _uri(folder)
    talk.open(uri, HEAD + "🚗é make the car red")
    for _ in range(200):
        tokens = (await talk.ask("textDocument/semanticTokens/full", {"textDocument": {"uri": uri}}))["data"]
        if legend.index("smileTowards") in tokens[3::5]:
            break
        await asyncio.sleep(0.05)
    starts = []
    line = column = 0
    for i in range(0, len(tokens), 5):
        line, column = (line + tokens[i], tokens[i + 1]) if tokens[i] else (line, column + tokens[i + 1])
        starts.append((line, column, tokens[i + 2]))
    assert (3, len("🚗é make the ".encode()), 3) in starts  # "car", in UTF-8 units.
    await talk.leave()


async def test_the_report_and_any_preview_are_answers(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    report = await talk.ask("smile/explain", {"uri": uri, "prompt": "1"})
    assert report["text"] == PROMPT
    assert "<script" not in report["html"].lower()
    assert report["source"].startswith("data:image/webp")
    known = await talk.ask("smile/preview", {"uri": uri, "position": {"line": 3, "character": 2}, "mask": [1, 1, 0, 1]})
    assert (known["text"], known["known"]) == ("make the red", True)
    assert known["response"] < 0.8
    with pytest.raises(Refused, match="mask of 2 entries"):
        await talk.ask("smile/preview", {"uri": uri, "prompt": "1", "mask": [1, 0]})


async def test_a_preview_that_may_not_be_made_is_not(engine: Engine, folder: Path) -> None:
    talk = Talk(engine)
    await talk.initialize(folder.as_uri(), options={"run": "request"})
    uri = _uri(folder)
    talk.open(uri, "---\nimage: street.png\nseed: 5\n---\nmake the house purple tonight")
    found = await talk.ask("smile/preview", {"uri": uri, "prompt": "1", "mask": [0, 1, 0, 0, 1], "make": False})
    assert found["known"] is False
    assert found["picture"] is None
    await talk.leave()


async def test_prompts_that_waited_for_a_word_run_when_the_setting_changes(engine: Engine, folder: Path) -> None:
    talk = Talk(engine)
    await talk.initialize(folder.as_uri(), options={"run": "save"})
    uri = _uri(folder)
    talk.open(uri, HEAD + "make the house red")
    assert (await talk.settled(uri))[0]["phase"] == "asking"
    talk.tell("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert (await talk.prompts(uri, lambda prompts: prompts[0]["phase"] == "done"))[0]["trouble"] is None
    talk.open(_uri(folder, "b.edit"), HEAD + "make the house pink")
    assert (await talk.settled(_uri(folder, "b.edit")))[0]["phase"] == "asking"
    talk.tell("workspace/didChangeConfiguration", {"settings": {"smileLens": {"run": "typing"}}})
    await talk.prompts(_uri(folder, "b.edit"), lambda prompts: prompts[0]["phase"] == "done")
    await talk.leave()


async def test_models_are_compared_on_one_prompt(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    found = await talk.ask("smile/compare", {"uri": uri, "prompt": "1", "models": ["scenes-turbo", "oracle"]})
    assert "scenes-turbo" in found["text"]
    assert "oracle" in found["html"]
    with pytest.raises(Refused, match="two to 6"):
        await talk.ask("smile/compare", {"uri": uri, "prompt": "1", "models": ["oracle"]})


async def test_export_writes_the_report_where_it_is_told(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    for kind in ("html", "json", "png"):
        given = {"uri": uri, "prompt": "1", "format": kind, "path": str(folder / f"out.{kind}")}
        await talk.ask("workspace/executeCommand", {"command": "smile.export", "arguments": [given]})
        assert (folder / f"out.{kind}").stat().st_size > 1000


async def test_an_explanation_by_command_has_progress_and_can_be_cancelled(talk: Talk, folder: Path) -> None:
    uri = _uri(folder)
    talk.open(uri, "---\nimage: street.png\nseed: 9\nmodel: scenes-turbo\n---\n")
    text = "could you please make the whole sky stormy and remove the tree for me now"
    place = {"start": {"line": 5, "character": 0}, "end": {"line": 5, "character": 0}}
    talk.tell("workspace/didChangeConfiguration", {"settings": {"smileLens": {"run": "request"}}})
    talk.change(uri, 2, {"range": place, "text": text})
    (prompt,) = await talk.settled(uri, version=2)
    assert prompt["phase"] == "asking"
    given = {"uri": uri, "prompt": prompt["id"]}
    number = talk.request("workspace/executeCommand", {"command": "smile.explain", "arguments": [given]})
    report = await talk.hear("$/progress", lambda p: p["value"]["kind"] == "report")
    assert "edits" in report["value"]["message"]
    talk.tell("window/workDoneProgress/cancel", {"token": report["token"]})
    answer = await talk.answer(number)
    assert answer["error"]["message"] == "stopped on request"
    await talk.hear("$/progress", lambda p: p["value"]["kind"] == "end")
    (stopped,) = await talk.settled(uri)
    assert stopped["phase"] == "stopped"


async def test_a_command_stops_what_was_asked_for_by_typing(talk: Talk, folder: Path, engine: Engine) -> None:
    uri = _uri(folder)
    text = "could you please make the whole sky stormy and remove the tree for me now"
    before = engine.status().edits
    talk.open(uri, "---\nimage: street.png\nseed: 11\nmodel: scenes-turbo\n---\n" + text)
    running = await talk.hear("smile/influence", lambda p: p["prompts"][0]["phase"] == "running")
    given = {"uri": uri, "prompt": running["prompts"][0]["id"]}
    assert await talk.ask("workspace/executeCommand", {"command": "smile.cancel", "arguments": [given]}) is None
    (stopped,) = await talk.settled(uri)
    assert stopped["phase"] == "stopped"
    async with asyncio.timeout(20):
        while engine.busy:
            await asyncio.sleep(0.01)
    assert engine.status().edits - before < 30, "the explanation was made to its end"


async def test_an_untrusted_workspace_runs_nothing(folder: Path) -> None:
    engine = Engine(private=True)
    talk = Talk(engine)
    await talk.initialize(folder.as_uri(), options={"trusted": False})
    uri = _uri(folder)
    talk.open(uri, HEAD + PROMPT)
    (prompt,) = await talk.settled(uri)
    assert "not trusted" in prompt["trouble"]["text"]
    with pytest.raises(Refused, match="not trusted"):
        await talk.ask("smile/explain", {"uri": uri, "prompt": "1"})
    with pytest.raises(Refused, match="not trusted"):
        await talk.ask("smile/preview", {"uri": uri, "prompt": "1"})
    assert engine.status().worker_pid is None
    await talk.leave()
    await engine.close()


async def test_two_sessions_share_the_engine_and_their_answers_never_cross(engine: Engine, folder: Path) -> None:
    first, second = Talk(engine), Talk(engine)
    for talk in (first, second):
        await talk.initialize(folder.as_uri())
    uri = _uri(folder)
    first.open(uri, HEAD + "make the car purple")
    second.open(uri, HEAD + "remove the tree")
    (one,) = await first.settled(uri)
    (two,) = await second.settled(uri)
    assert [word["text"] for word in one["words"]] == ["make", "the", "car", "purple"]
    assert [word["text"] for word in two["words"]] == ["remove", "the", "tree"]
    await first.vanish()
    assert (await second.ask("smile/status"))["state"] in ("idle", "busy")
    await second.leave()


async def test_a_vanished_client_leaves_no_job(engine: Engine, folder: Path) -> None:
    talk = Talk(engine)
    await talk.initialize(folder.as_uri())
    talk.open(
        _uri(folder),
        "---\nimage: street.png\nseed: 77\n---\nplease turn the whole picture into a very snowy winter night now",
    )
    await talk.prompts(_uri(folder), lambda prompts: prompts[0]["phase"] == "running")
    await talk.vanish()
    for _ in range(400):
        if not engine.busy:
            break
        await asyncio.sleep(0.02)
    assert not engine.busy
    assert engine.known is not None


async def test_a_client_that_goes_while_it_is_told_something_is_no_error(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone:
        async def send(self, text: str) -> None:
            raise ConnectionError("the client has gone")

        async def __aiter__(self) -> AsyncIterator[str]:
            yield '{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}'
            await asyncio.Event().wait()

    await asyncio.wait_for(run_session(Gone(), engine), 20)
    assert [record.levelname for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_killed_worker_is_started_again_and_the_job_done(talk: Talk, folder: Path, engine: Engine) -> None:
    uri = _uri(folder)
    talk.open(uri, "---\nimage: street.png\nseed: 3\n---\nmake the house blue and the sky stormy now")
    await talk.prompts(uri, lambda prompts: prompts[0]["phase"] == "running")
    killed = engine.status().worker_pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    (done,) = await talk.settled(uri)
    assert done["phase"] == "done"
    assert engine.status().worker_pid not in (None, killed)


async def test_messages_that_are_no_messages_are_answered_or_dropped(talk: Talk, folder: Path) -> None:
    for text in (
        "{",
        "[]",
        "4",
        '"x"',
        "null",
        '{"jsonrpc":"2.0"}',
        '{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}',
    ):
        talk.raw(text)
    talk.tell("smile/focus", {"uri": 4})
    talk.tell("smile/nothing", {})
    talk.tell(
        "textDocument/didChange", {"textDocument": {"uri": "file:///not/open", "version": 1}, "contentChanges": []}
    )
    assert (await talk.ask("smile/status"))["state"] in ("idle", "busy")
    talk.heard = [message for message in talk.heard if "error" not in message]


def _at(uri: str, line: int, character: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
