"""An editor for benches: one `smile lsp`, its messages read by a thread, each with the time at which it came."""

from __future__ import annotations

import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMILE = [sys.executable, "-P", "-m", "smile_server.entry"]
PATIENCE = 120.0
CAPABILITIES = {
    "experimental": {"smile": {"version": 1}},
    "textDocument": {"hover": {"contentFormat": ["markdown"]}, "diagnostic": {}},
}


class LspClient:
    """Opens a session on `folder` as the extension does; `close` ends it in order."""

    def __init__(self, environment: dict[str, str], folder: Path, **options: Any) -> None:
        self._process = subprocess.Popen(
            [*SMILE, "lsp"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._numbers = itertools.count(1)
        self._came: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        self._kept: list[tuple[float, dict[str, Any]]] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": None,
                "workspaceFolders": [{"uri": folder.as_uri(), "name": "bench"}],
                "capabilities": CAPABILITIES,
                "initializationOptions": {"hoverImages": "data", "debounce": 0, **options},
            },
        )
        self.tell("initialized", {})

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                line = stream.readline()
            self._came.put((time.perf_counter(), json.loads(stream.read(length))))

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._write({"method": method, "params": params})

    def request(self, method: str, params: Any = None) -> int:
        """Send a request without waiting; its number."""
        number = next(self._numbers)
        self._write({"id": number, "method": method, "params": params})
        return number

    def answer(self, number: int) -> tuple[float, Any]:
        """When the answer to a request came, and its result.

        Raises:
            RuntimeError: it is an error.
        """
        when, message = self.until(lambda m: m.get("id") == number and "method" not in m)
        if "error" in message:
            raise RuntimeError(message["error"]["message"])
        return when, message["result"]

    def ask(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result."""
        return self.answer(self.request(method, params))[1]

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> tuple[float, dict[str, Any]]:
        """The first message that is wanted, and when it came; the others are kept for later."""
        for i, (when, message) in enumerate(self._kept):
            if wanted(message):
                del self._kept[i]
                return when, message
        while True:
            when, message = self._came.get(timeout=PATIENCE)
            if "method" in message and "id" in message:
                self._write({"id": message["id"], "result": None})
            elif wanted(message):
                return when, message
            else:
                self._kept.append((when, message))

    def prompts(self, uri: str, version: int, wanted: Callable[[dict[str, Any]], bool]) -> float:
        """When every prompt of a version was as wanted."""

        def fits(message: dict[str, Any]) -> bool:
            params = message.get("params") or {}
            right = message.get("method") == "smile/influence" and params["uri"] == uri
            return bool(right and params["version"] == version and all(map(wanted, params["prompts"])))

        when, _ = self.until(fits)
        self._kept = [(t, m) for t, m in self._kept if m.get("method") != "smile/influence"]
        return when

    def open(self, uri: str, text: str) -> float:
        """Open a document; when it was sent."""
        sent = time.perf_counter()
        document = {"uri": uri, "languageId": "edit-prompt", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return sent

    def replace(self, uri: str, version: int, text: str) -> float:
        """Change a document to a text; when it was sent."""
        sent = time.perf_counter()
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", params)
        return sent

    def close(self) -> None:
        """End the session."""
        self.ask("shutdown")
        self.tell("exit", None)
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def coloured(prompt: dict[str, Any]) -> bool:
    """Whether first numbers of this very prompt are there."""
    return any(word["influence"] is not None and not word["stale"] for word in prompt["words"])


def done(prompt: dict[str, Any]) -> bool:
    """Whether a prompt's explanation is finished."""
    return bool(prompt["phase"] == "done")
