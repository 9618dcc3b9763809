"""One client that does all that the product can do, well and badly, with names and words that nothing else has."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

from homes import Home
from product import EXAMPLES, Client, prompt_document, recorded, refusal, types

FOLDER, PICTURE, DOCUMENT = "kelvinholiday", "zanzibarpicture.png", "quokkadocument.edit"
PROMPT = "make the car red, xylophonic"
CHANGED = "make the car blue, xylophonic"
BROKEN, GONE, MODEL, REPORT = "brokenumbrella.png", "gonewalrus.png", "nosuchyodel", "reportnarwhal.html"

SECRET_NAMES = (FOLDER, "zanzibar", "quokka", "umbrella", "walrus", "yodel", "narwhal")
SECRETS = ("xylophonic", "the car", "stormily", *SECRET_NAMES)
"""Parts of words, and of the names of files, folders and models; none may be in a log."""


async def busy_session(home: Home, transport: str, root: Path) -> None:
    """Everything once; at the end the client just goes, with a job open."""
    folder = root / FOLDER
    folder.mkdir(parents=True)
    shutil.copy(EXAMPLES / "street.png", folder / PICTURE)
    (folder / BROKEN).write_bytes(b"\x89PNG\r\n\x1a\n" + b"xylophonic" * 9)
    text = prompt_document(PROMPT, image=f"{FOLDER}/{PICTURE}")
    (root / DOCUMENT).write_text(text, encoding="utf-8")
    client = Client(recorded("extension"), root)
    await client.start(home, transport)
    try:
        uri = client.open(DOCUMENT, text)
        assert "red" in await client.explained(uri, 6, 14)
        await _ask_for_everything(client, uri, folder)
        await _ask_badly(client, uri)
        place = types.Range(types.Position(6, 13), types.Position(6, 16))
        client.change(uri, 2, types.TextDocumentContentChangePartial(place, "blue"))
        assert "blue" in await client.explained(uri, 6, 14)
        client.open("last.edit", prompt_document("turn it into a stormily night", image=f"{FOLDER}/{PICTURE}"))
    finally:
        await client.vanish()


async def _ask_for_everything(client: Client, uri: str, folder: Path) -> None:
    here = {"uri": uri, "position": {"line": 6, "character": 1}}
    assert "xylophonic" in (await client.ask("smile/explain", here)).text
    assert (await client.ask("smile/preview", here | {"mask": [1, 1, 1, 1, 0]})).picture
    assert (await client.ask("smile/compare", here | {"models": ["scenes-turbo", "oracle"]})).html
    for command in ("smile.explain", "smile.preview"):
        await _run(client, command, here)
    await _run(client, "smile.export", here | {"format": "html", "path": str(folder / REPORT)})
    assert (folder / REPORT).is_file()
    document = types.TextDocumentIdentifier(uri)
    whole = types.Range(types.Position(0, 0), types.Position(9, 0))
    await client.ask("textDocument/inlayHint", types.InlayHintParams(document, whole))
    for lens in await client.ask("textDocument/codeLens", types.CodeLensParams(document)):
        await client.ask("codeLens/resolve", lens)
    await client.ask("textDocument/documentLink", types.DocumentLinkParams(document))
    await client.ask("textDocument/completion", types.CompletionParams(document, types.Position(1, 8)))
    await client.actions(uri, whole)
    await client.ask("smile/status")


async def _run(client: Client, command: str, argument: Any) -> None:
    await client.ask("workspace/executeCommand", types.ExecuteCommandParams(command, [argument]))


async def _ask_badly(client: Client, uri: str) -> None:
    """Pictures that are none, a model that is none, requests that make no sense, and handlers that fail."""
    for number, (image, model) in enumerate(
        [(f"{FOLDER}/{BROKEN}", "scenes-turbo"), (GONE, "scenes-turbo"), (f"{FOLDER}/{PICTURE}", MODEL)]
    ):
        text = prompt_document(PROMPT, image=image).replace("scenes-turbo", model)
        other = client.open(f"walrus{number}.edit", text)
        await refusal(client.ask("smile/explain", {"uri": other, "position": {"line": 6, "character": 1}}))
    await refusal(client.ask("smile/preview", {"uri": uri, "mask": "xylophonic"}))
    await refusal(client.ask("smile/explain", {"uri": uri, "position": {"line": "xylophonic"}}))
    await refusal(_run(client, "xylophonic", {"text": "xylophonic"}))
    await refusal(client.ask("xylophonic/request", {"text": "xylophonic"}))
    with contextlib.suppress(Exception):
        await client.hover(uri, 10**6, 10**6)
