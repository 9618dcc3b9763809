"""The whole product for a test: pytest-lsp's client over every transport, to a daemon with the real worker.

The client checks by itself that what the server says fits the capabilities that the client announced.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from homes import Home
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException
from pygls.io_ import run_websocket
from pytest_lsp import LanguageClient, LspSpecificationWarning, make_test_lsp_client
from websockets.asyncio.client import connect, unix_connect

from smile_server.endpoint import read_private
from smile_server.proof import NONCE, PROOF, client_proof, new_secret

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENTS = Path(__file__).parent / "clients"
TRANSPORTS = ("stdio", "unix", "tcp")
PATIENCE = 60.0
"""Seconds in which anything must have happened, on a slow and busy machine too."""
T = TypeVar("T")

warnings.filterwarnings("error", category=LspSpecificationWarning)


def recorded(name: str) -> dict[str, Any]:
    """What a client said of itself; `extension` is VS Code with what our extension adds."""
    params: dict[str, Any] = json.loads(
        (CLIENTS / f"{'vscode' if name == 'extension' else name}.json").read_text(encoding="utf-8")
    )
    if name == "extension":
        params["capabilities"]["experimental"] = {"smile": {"version": 1}, "serverStatusNotification": True}
        params["initializationOptions"] = {"hoverImages": "data", "inlayNumbers": True, "commandLinks": True}
    return params


def workspace(folder: Path) -> Path:
    """A folder with the example's picture and document."""
    for name in ("street.png", "street.edit"):
        shutil.copy(EXAMPLES / name, folder / name)
    return folder


def prompt_document(*prompts: str, image: str = "street.png", seed: int = 0) -> str:
    """A `.edit` document."""
    return "\n\n".join([f"---\nimage: {image}\nmodel: scenes-turbo\nseed: {seed}\n---", *prompts]) + "\n"


class Client:
    """One session, as one client has it. `raw` is what the client announced, as JSON."""

    def __init__(self, raw: dict[str, Any], root: Path) -> None:
        self.raw, self.root = raw, root
        self.lsp: LanguageClient = make_test_lsp_client()
        self.influences: list[Any] = []
        self.refreshed: set[str] = set()
        self.result: types.InitializeResult
        self.websocket: Any = None
        for kind in ("inlayHint", "codeLens", "semanticTokens"):
            self.lsp.feature(f"workspace/{kind}/refresh")(self._refresh(kind))
        self.lsp.feature("client/registerCapability")(lambda params: None)
        self.lsp.feature("smile/influence")(lambda params: self.influences.append(params))
        for method in ("smile/status", "experimental/serverStatus"):
            self.lsp.feature(method)(lambda params: None)

    def _refresh(self, kind: str) -> Callable[[Any], None]:
        def refresh(params: Any) -> None:
            self.refreshed.add(kind)

        return refresh

    def announced(self, *path: str) -> Any:
        """A capability by its path, None where the client does not have it."""
        found: Any = self.raw["capabilities"]
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    async def start(self, home: Home, transport: str) -> None:
        """Connect and initialize."""
        if transport == "stdio":
            await self.lsp.start_io(*home.command, "lsp", env=home.environment)
        else:
            self.websocket = await _opened(home, transport)
            running = run_websocket(
                websocket=_AsText(self.websocket),  # type: ignore[arg-type]
                stop_event=self.lsp._stop_event,
                protocol=self.lsp.protocol,
                error_handler=self.lsp._report_server_error,
            )
            self.lsp._async_tasks.append(asyncio.create_task(running))
            await asyncio.sleep(0)  # As pygls's own `start_ws` does: the task sets the writer.
        roots = [{"uri": self.root.as_uri(), "name": self.root.name}]
        params = {**self.raw, "processId": os.getpid(), "rootUri": roots[0]["uri"], "workspaceFolders": roots}
        self.result = await within(
            self.lsp.initialize_session(get_converter().structure(params, types.InitializeParams))
        )

    async def leave(self) -> None:
        """`shutdown` and `exit`; the server's end of the connection must close by itself."""
        await within(self.lsp.shutdown_session())
        if self.websocket is not None:
            await within(self.websocket.wait_closed())
        await within(self.lsp.stop())

    async def vanish(self) -> None:
        """Close the connection without a word."""
        if self.websocket is not None:
            await within(self.websocket.close())
        elif self.lsp._server is not None and self.lsp._server.stdin is not None:
            self.lsp._server.stdin.close()
        await within(self.lsp.stop())

    async def ask(self, method: str, params: Any = None) -> Any:
        """A request's result, within the time."""
        return await within(self.lsp.protocol.send_request_async(method, params))

    def open(self, name: str, text: str, language: str = "edit-prompt", version: int = 1) -> str:
        """Open a document of the workspace; its URI."""
        uri = (self.root / name).as_uri()
        item = types.TextDocumentItem(uri, language, version, text)
        self.lsp.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, version: int, *changes: Any) -> None:
        """Change a document."""
        document = types.VersionedTextDocumentIdentifier(version, uri)
        self.lsp.text_document_did_change(types.DidChangeTextDocumentParams(document, list(changes)))

    async def hover(self, uri: str, line: int, character: int) -> types.Hover | None:
        """The hover at a position."""
        place = types.Position(line, character)
        found: types.Hover | None = await self.ask(
            "textDocument/hover", types.HoverParams(types.TextDocumentIdentifier(uri), place)
        )
        return found

    async def diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """What the client would show now: pulled where the server offers that, else what was pushed."""
        if self.result.capabilities.diagnostic_provider is None:
            return list(self.lsp.diagnostics.get(uri, ()))
        found = await self.ask(
            "textDocument/diagnostic", types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        )
        return list(found.items)

    async def actions(self, uri: str, where: types.Range) -> list[types.CodeAction]:
        """The quick fixes of a range."""
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), where, types.CodeActionContext(await self.diagnostics(uri))
        )
        return list(await self.ask("textDocument/codeAction", params) or [])

    async def explained(self, uri: str, line: int, character: int) -> str:
        """The hover's text once the word there is explained by what its prompt is now."""

        async def check() -> str:
            found = await self.hover(uri, line, character)
            text = "" if found is None else text_of(found)
            return text if _NUMBER.search(text) else ""

        return await eventually(check, "the word's numbers in its hover")


_NUMBER = re.compile(r"[+−-]\d\.\d\d|0\.\d\d|no measurable effect")


@contextlib.asynccontextmanager
async def session(home: Home, transport: str, raw: dict[str, Any], root: Path) -> AsyncIterator[Client]:
    """A client that leaves in order at the end, and just goes when the test failed."""
    client = Client(raw, root)
    await client.start(home, transport)
    try:
        yield client
    except BaseException:
        await client.vanish()
        raise
    await client.leave()


class _AsText:
    """pygls sends its text as binary messages, which the daemon does not take."""

    def __init__(self, websocket: Any) -> None:
        self.recv, self.close, self._websocket = websocket.recv, websocket.close, websocket

    async def send(self, data: bytes) -> None:
        await self._websocket.send(data.decode("utf-8"))


async def _opened(home: Home, transport: str) -> Any:
    record = home.record
    if transport == "unix":
        return await unix_connect(record.socket, "ws://localhost/lsp", compression=None, max_size=None)
    token, nonce = (read_private(home.endpoint.token) or "").strip(), new_secret()
    headers = {NONCE: nonce, PROOF: client_proof(token, "/lsp", nonce)}
    url = f"ws://{record.host}:{record.port}/lsp"
    return await connect(url, additional_headers=headers, compression=None, max_size=None, proxy=None)


async def within(awaitable: Any, seconds: float = PATIENCE) -> Any:
    """What it gives, or a failure when it takes too long."""
    return await asyncio.wait_for(awaitable, seconds)


async def eventually(check: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What `check` gives as soon as it is true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await check()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.05)
    return found


def text_of(hover: types.Hover) -> str:
    """A hover's text."""
    assert isinstance(hover.contents, types.MarkupContent)
    return hover.contents.value


async def refusal(awaitable: Any) -> JsonRpcException:
    """The error that a request is answered with."""
    try:
        found = await awaitable
    except JsonRpcException as error:
        return error
    raise AssertionError(f"answered with {found}")
