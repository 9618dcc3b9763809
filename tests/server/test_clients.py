"""The whole product, with the real worker, as every recorded client sees it, over every transport."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from homes import Home
from lsprotocol import types
from PIL import Image
from product import (
    TRANSPORTS,
    Client,
    eventually,
    prompt_document,
    recorded,
    session,
    text_of,
    workspace,
)

pytestmark = pytest.mark.filterwarnings("error::pytest_lsp.LspSpecificationWarning")

NAMES = ("vscode", "extension", "neovim", "neovim-0.7", "helix", "emacs", "emacs-28")
HOVER_CAP = 100_000
"""VS Code cuts a hover there."""

HOVER_PIXELS = 200
"""What VS Code shows of a picture in a hover without scrolling, the line above it taken off."""

FIRST, SECOND = 6, 8
"""The lines of the two prompts of `DOCUMENT`."""
DOCUMENT = prompt_document("make the car red", "make the sky stormy, please")
RED = types.Range(types.Position(FIRST, 13), types.Position(FIRST, 16))
ALL = types.Range(types.Position(0, 0), types.Position(99, 0))


@pytest.fixture(scope="module")
def homes() -> Iterator[dict[str, Home]]:
    """A daemon on a unix socket, which forwarders find too, and one on TCP; they share what is known of edits."""
    folders = [Path(tempfile.mkdtemp(prefix="smile-")) for _ in range(2)]
    unix, tcp = (Home(folder) for folder in folders)
    tcp.environment["XDG_CACHE_HOME"] = unix.environment["XDG_CACHE_HOME"]
    try:
        unix.smile("daemon", "start")
        tcp.smile("daemon", "start", "--listen", "127.0.0.1:0")
        yield {"stdio": unix, "unix": unix, "tcp": tcp}
        for home in (unix, tcp):  # Whatever the clients did, it is the same daemon, and no handler failed.
            assert home.smile("daemon", "status", "--json")["pid"] == home.record.pid
            assert "ERROR" not in home.log
    finally:
        for home, folder in zip((unix, tcp), folders, strict=True):
            home.end()
            shutil.rmtree(folder)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_client_is_shown_what_it_can_show(homes: dict[str, Home], tmp_path: Path, name: str, transport: str) -> None:
    async def run() -> None:
        raw = recorded(name)
        raw["initializationOptions"] = {"inlayNumbers": True, **raw.get("initializationOptions", {})}
        async with session(homes[transport], transport, raw, workspace(tmp_path)) as client:
            _is_offered_what_it_announced(client)
            uri = client.open("street.edit", DOCUMENT)
            await client.explained(uri, FIRST, 14)
            await client.explained(uri, SECOND, 14)
            await _hovers(client, uri)
            await _is_told_of_the_daemon(client)
            await _idle_words_are_diagnosed(client, uri)
            await _words_are_coloured(client, uri)
            await _numbers_stand_behind_words(client, uri)
            await _lenses_stand_above_prompts(client, uri)
            client.change(uri, 2, types.TextDocumentContentChangePartial(RED, "blue"))
            assert "blue" in await client.explained(uri, FIRST, 14)
            await _a_fence_in_markdown_is_a_document(client)
            await _what_is_missing_is_said_and_mended(client)

    asyncio.run(run())


def _is_offered_what_it_announced(client: Client) -> None:
    offered = client.result.capabilities
    announced = client.announced("general", "positionEncodings")
    wanted = announced[0] if announced else "utf-16"
    assert (offered.position_encoding or "utf-16") == wanted
    # A client that cannot be told to ask again would show what it pulled at the opening for ever.
    pulls = client.announced("textDocument", "diagnostic") and client.announced(
        "workspace", "diagnostics", "refreshSupport"
    )
    assert (offered.diagnostic_provider is not None) == bool(pulls)
    assert (offered.semantic_tokens_provider is None) == bool(client.announced("experimental", "smile"))
    sync = offered.text_document_sync
    assert isinstance(sync, types.TextDocumentSyncOptions)
    assert sync.change == types.TextDocumentSyncKind.Incremental


async def _hovers(client: Client, uri: str) -> None:
    found = await client.hover(uri, FIRST, 14)
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.range == RED
    assert found.contents.kind in client.announced("textDocument", "hover", "contentFormat")
    text = found.contents.value
    assert "red" in text
    assert len(text) < HOVER_CAP
    picture = re.search(r"!\[[^\]]*\]\(data:image/webp;base64,([A-Za-z0-9+/=]+)\|width=(\d+)\)", text)
    if client.raw.get("initializationOptions", {}).get("hoverImages") == "data":
        assert picture is not None
        drawn = Image.open(io.BytesIO(base64.b64decode(picture[1])))
        drawn.load()
        assert drawn.format == "WEBP"
        assert drawn.height * int(picture[2]) / drawn.width <= HOVER_PIXELS
    else:
        assert "data:" not in text
        assert "![" not in text
    if client.raw.get("initializationOptions", {}).get("commandLinks") is None:
        assert "command:" not in text
    assert await client.hover(uri, 0, 1) is None


async def _is_told_of_the_daemon(client: Client) -> None:
    status = await client.ask("smile/status")
    assert status.memory > 2**26
    assert status.sessions >= 1
    assert status.pid > 1
    assert status.version
    assert [model.state for model in status.models if model.name == "scenes-turbo"] == ["warm"]


async def _idle_words_are_diagnosed(client: Client, uri: str) -> None:
    async def idle() -> list[types.Diagnostic]:
        return [d for d in await client.diagnostics(uri) if d.code == "idle"]

    found = await eventually(idle, "a hint at a word without effect")
    assert all(d.severity == types.DiagnosticSeverity.Hint for d in found)
    assert all(d.range != RED for d in found)
    for diagnostic in found:  # Each stands on one word of the document.
        line = DOCUMENT.split("\n")[diagnostic.range.start.line]
        assert line[diagnostic.range.start.character : diagnostic.range.end.character].isalpha()


async def _words_are_coloured(client: Client, uri: str) -> None:
    if client.announced("experimental", "smile"):
        newest = client.influences[-1]
        assert (newest.uri, newest.version) == (uri, 1)
        words = newest.prompts[0].words
        assert [word.text for word in words] == ["make", "the", "car", "red"]
        assert words[3].state == "effective"
        assert words[3].bucket > 0
        assert words[3].low <= words[3].influence <= words[3].high  # Exact: every sub-prompt is made.
        return
    provider = client.result.capabilities.semantic_tokens_provider
    assert provider is not None
    params = types.SemanticTokensParams(types.TextDocumentIdentifier(uri))
    data = (await client.ask("textDocument/semanticTokens/full", params)).data
    line = column = 0
    kinds = {}
    for down, right, length, kind, _ in zip(*[iter(data)] * 5, strict=True):
        line, column = line + down, right if down else column + right
        kinds[line, column, length] = provider.legend.token_types[kind]
    assert kinds[FIRST, 13, 3] == "smileTowards"
    if client.announced("workspace", "semanticTokens", "refreshSupport"):
        assert "semanticTokens" in client.refreshed
    else:
        assert "semanticTokens" not in client.refreshed


async def _numbers_stand_behind_words(client: Client, uri: str) -> None:
    if client.announced("textDocument", "inlayHint") is None:
        return
    hints = await client.ask("textDocument/inlayHint", types.InlayHintParams(types.TextDocumentIdentifier(uri), ALL))
    red = next(hint for hint in hints if hint.position == RED.end)
    assert re.fullmatch(r"\+\d\.\d\d", red.label)
    if "tooltip" in (client.announced("textDocument", "inlayHint", "resolveSupport", "properties") or ()):
        resolved = await client.ask("inlayHint/resolve", red)
        assert isinstance(resolved.tooltip, types.MarkupContent)
        assert "red" in resolved.tooltip.value
        assert len(resolved.tooltip.value) < HOVER_CAP
    if not client.announced("workspace", "inlayHint", "refreshSupport"):
        assert "inlayHint" not in client.refreshed


async def _lenses_stand_above_prompts(client: Client, uri: str) -> None:
    lenses = await client.ask("textDocument/codeLens", types.CodeLensParams(types.TextDocumentIdentifier(uri)))
    assert {lens.range.start.line for lens in lenses} == {FIRST, SECOND}
    resolved = [await client.ask("codeLens/resolve", lens) for lens in lenses]
    titles = [lens.command.title for lens in resolved if lens.range.start.line == FIRST]
    assert titles[0] == "Explain"
    assert any(re.fullmatch(r"\d+ edits?", title) for title in titles)


async def _a_fence_in_markdown_is_a_document(client: Client) -> None:
    text = f"# Notes\n\nmake the car red\n\n```edit\n{DOCUMENT}```\n\nThe end.\n"
    uri = client.open("notes.md", text, language="markdown")
    assert "red" in await client.explained(uri, 5 + FIRST, 14)
    assert await client.hover(uri, 2, 14) is None  # The same words outside of the fence.


async def _what_is_missing_is_said_and_mended(client: Client) -> None:
    uri = client.open("missing.edit", prompt_document("make the car red", image="gone.png"))
    found = await eventually(lambda: client.diagnostics(uri), "the missing picture")
    assert [d.code for d in found] == ["image"]
    assert found[0].range == types.Range(types.Position(1, 7), types.Position(1, 15))
    assert "gone.png is not there" in found[0].message
    titles = [action.title for action in await client.actions(uri, found[0].range)]
    # Choosing a picture needs the extension's own dialog.
    assert titles == (["Choose an image"] if client.announced("experimental", "smile") else [])
    assert "gone" in text_of(await client.hover(uri, FIRST, 14))  # type: ignore[arg-type]
    misspelt = DOCUMENT.replace("model:", "modle:")
    uri = client.open("misspelt.edit", misspelt)
    found = await eventually(lambda: client.diagnostics(uri), "the misspelt setting")
    fix = (await client.actions(uri, found[0].range))[0]
    assert fix.edit is not None
    assert fix.edit.changes is not None
    (change,) = fix.edit.changes[uri]
    lines = misspelt.split("\n")
    assert change.range.start.line == change.range.end.line == 2
    line = lines[2]
    lines[2] = line[: change.range.start.character] + change.new_text + line[change.range.end.character :]
    assert "\n".join(lines) == DOCUMENT


ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
STRANGE = (
    "---\r\nimage: street.png\r\n---\r\n"
    "make the \U0001f600 car\u2028red and\x0bthe sky \U0001f469\u200d\U0001f680 stormy,\r"
    "pl\u00e9ase \U00020000 now\r\n\r\nremove the \U0001f333 tr\u00e9e\n"
)


def _lines(text: str) -> list[str]:
    """Lines as LSP has them, by its own words: they end at \\n, \\r\\n and \\r."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _slice(text: str, where: Any, encoding: str) -> str:
    """What stands in a range of one line."""
    assert where.start.line == where.end.line
    line = _lines(text)[where.start.line].encode(ENCODINGS[encoding])
    unit = UNIT[encoding]
    return line[where.start.character * unit : where.end.character * unit].decode(ENCODINGS[encoding])


def _column(line: str, word: str, encoding: str) -> int:
    return len(line[: line.index(word)].encode(ENCODINGS[encoding])) // UNIT[encoding]


def test_positions_mean_the_same_in_every_encoding(homes: dict[str, Home], tmp_path: Path) -> None:
    async def words(encoding: str) -> list[tuple[str, ...]]:
        raw = recorded("extension")
        raw["capabilities"]["general"]["positionEncodings"] = [encoding]
        raw["initializationOptions"]["run"] = "request"
        async with session(homes["unix"], "unix", raw, workspace(tmp_path)) as client:
            assert client.result.capabilities.position_encoding == encoding
            uri = client.open("strange.edit", STRANGE)
            first = await _words(client, STRANGE, 1, encoding)
            # A word behind characters of every width is changed by its position.
            line = _lines(STRANGE)[3]
            at = _column(line, "stormy", encoding)
            where = types.Range(types.Position(3, at), types.Position(3, at + len("stormy")))
            client.change(uri, 2, types.TextDocumentContentChangePartial(where, "\U0001f327 sunny"))
            changed = STRANGE.replace("stormy", "\U0001f327 sunny")
            second = await _words(client, changed, 2, encoding)
            hover = await client.hover(uri, 4, _column("pl\u00e9ase \U00020000 now", "now", encoding))
            assert hover is not None
            return [first, second]

    found = {encoding: asyncio.run(words(encoding)) for encoding in ENCODINGS}
    first, second = found["utf-16"]
    assert first[:4] == ("make", "the", "\U0001f600", "car")
    assert [word for word in second if word not in first] == ["\U0001f327", "sunny"]
    assert found["utf-8"] == found["utf-16"] == found["utf-32"]


async def _words(client: Client, text: str, version: int, encoding: str) -> tuple[str, ...]:
    """All words of a version, each as it stands at its ranges in the document."""

    async def newest() -> Any:
        return client.influences and client.influences[-1].version == version and client.influences[-1]

    prompts = (await eventually(newest, "the influences of this version")).prompts
    assert len(prompts) == 2
    return tuple("".join(_slice(text, r, encoding) for r in word.ranges) for p in prompts for word in p.words)


def test_removal_is_offered_only_where_the_edit_without_was_seen_to_do_the_same(
    homes: dict[str, Home], tmp_path: Path
) -> None:
    async def offered(client: Client, prompt: str, number: int) -> bool:
        uri = client.open(f"{number}.edit", prompt_document(prompt))
        await client.explained(uri, FIRST, 0)

        async def done() -> Any:
            newest = client.influences[-1]
            return newest.uri == uri and newest.prompts[0].phase == "done" and newest.prompts[0]

        words = (await eventually(done, "the finished explanation")).words
        mask = [int(word.state != "idle") for word in words]
        if all(mask) or not any(mask):
            assert await client.actions(uri, ALL) == []
            return False
        # Our own reading of the same edit. The daemon's own was asked for before this one, and the worker answers
        # in order, so that afterwards the daemon knows.
        seen = await client.ask("smile/preview", {"uri": uri, "mask": mask})
        assert seen.response is not None
        if seen.response < 0.95:
            assert await client.actions(uri, ALL) == []
            return False
        (action,) = await eventually(lambda: client.actions(uri, ALL), "the removal")
        assert action.edit is not None
        assert action.edit.changes is not None
        (change,) = action.edit.changes[uri]
        assert change.new_text == seen.text == " ".join(w.text for w, kept in zip(words, mask, strict=True) if kept)
        assert {d.code for d in action.diagnostics or ()} == {"idle"}
        return True

    async def run() -> None:
        async with session(homes["unix"], "unix", recorded("extension"), workspace(tmp_path)) as client:
            prompts = ("kindly make the car blue", "make it stormy in the sky", "make the car red")
            assert any([await offered(client, prompt, i) for i, prompt in enumerate(prompts)])

    asyncio.run(run())


def test_the_picture_of_a_noisy_scene_fits_into_a_hover(homes: dict[str, Home], tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)

    async def run() -> None:
        async with session(homes["unix"], "unix", recorded("extension"), tmp_path) as client:
            Image.fromarray(noise).save(tmp_path / "street.png")
            uri = client.open("noise.edit", prompt_document("make it night"))
            text = await client.explained(uri, FIRST, 9)
            assert len(text) < HOVER_CAP

    asyncio.run(run())
