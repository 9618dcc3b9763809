"""A client in memory: talks to a session over two queues and accounts for every message that comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from smile_server.engine import Engine
from smile_server.session import run_session

PATIENCE = 60.0


class Talk:
    """`ask` waits for an answer, `hear` for a notification; what nobody waited for is left in `heard`."""

    def __init__(self, engine: Engine) -> None:
        self._incoming: asyncio.Queue[str | None] = asyncio.Queue()
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._numbers = 0
        self.heard: list[dict[str, Any]] = []
        self.asked_by_server: list[str] = []
        self.running = asyncio.ensure_future(run_session(self, engine))

    async def send(self, text: str) -> None:
        """The session's end: it says something."""
        await self._outgoing.put(text)

    async def __aiter__(self) -> AsyncIterator[str]:
        while (text := await self._incoming.get()) is not None:
            yield text

    def raw(self, text: str) -> None:
        """Send any text."""
        self._incoming.put_nowait(text)

    def tell(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.raw(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def request(self, method: str, params: Any = None) -> int:
        """Send a request and do not wait."""
        self._numbers += 1
        self.raw(json.dumps({"jsonrpc": "2.0", "id": self._numbers, "method": method, "params": params}))
        return self._numbers

    async def ask(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result; an error is raised as `Refused`."""
        answer = await self.answer(self.request(method, params))
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    async def answer(self, number: int) -> dict[str, Any]:
        """The one answer to a request."""
        return await self._until(lambda message: message.get("id") == number and "method" not in message)

    async def hear(self, method: str, wanted: Callable[[Any], bool] = lambda params: True) -> Any:
        """The next notification of a method whose parameters are wanted."""
        message = await self._until(lambda m: m.get("method") == method and wanted(m.get("params")))
        return message["params"]

    async def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for message in self.heard:
            if wanted(message):
                self.heard.remove(message)
                return message
        while True:
            message = json.loads(await asyncio.wait_for(self._outgoing.get(), PATIENCE))
            if "method" in message and "id" in message:
                self.asked_by_server.append(message["method"])
                self.raw(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}))
            elif wanted(message):
                return message
            else:
                self.heard.append(message)

    async def initialize(self, root: str, *, options: Any = None, capabilities: Any = None) -> dict[str, Any]:
        """Open the session as the extension does, or with other capabilities."""
        can = EXTENSION if capabilities is None else capabilities
        result = await self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": None,
                "workspaceFolders": [{"uri": root, "name": "here"}],
                "capabilities": can,
                "initializationOptions": options,
            },
        )
        self.tell("initialized", {})
        assert isinstance(result, dict)
        return result

    def open(self, uri: str, text: str, *, language: str = "edit-prompt", version: int = 1) -> None:
        """Open a document."""
        document = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        """Change a document."""
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)}
        self.tell("textDocument/didChange", params)

    async def prompts(self, uri: str, wanted: Callable[[list[Any]], bool], *, version: int | None = None) -> list[Any]:
        """The prompts of the next `smile/influence` that is wanted; earlier ones are used up."""

        def fits(params: Any) -> bool:
            right = params["uri"] == uri and (version is None or params["version"] == version)
            return bool(right and wanted(params["prompts"]))

        params = await self.hear("smile/influence", fits)
        found = params["prompts"]
        assert isinstance(found, list)
        return found

    async def settled(self, uri: str, *, version: int | None = None) -> list[Any]:
        """The prompts once nothing runs any more."""
        over = ("done", "failed", "asking", "stopped")
        return await self.prompts(uri, lambda ps: all(p["phase"] in over for p in ps), version=version)

    async def leave(self) -> None:
        """Shut the session down in order."""
        await self.ask("shutdown")
        self.tell("exit")
        await asyncio.wait_for(self.running, PATIENCE)

    async def vanish(self) -> None:
        """The connection is lost."""
        self._incoming.put_nowait(None)
        await asyncio.wait_for(self.running, PATIENCE)


class Refused(Exception):
    """An error answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code, self.message = error["code"], error["message"]


EXTENSION = {
    "experimental": {"smile": {"version": 1}, "serverStatusNotification": True},
    "textDocument": {
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "diagnostic": {},
        "inlayHint": {"resolveSupport": {"properties": ["tooltip"]}},
    },
    "workspace": {
        "inlayHint": {"refreshSupport": True},
        "codeLens": {"refreshSupport": True},
        "diagnostics": {"refreshSupport": True},
    },
    "window": {"workDoneProgress": True},
}
"""What the extension announces."""
