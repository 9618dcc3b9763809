"""A language server that writes down what a client says of itself: `python record.py CLIENT.json`, over stdio.

Start an editor with this as its server for `.edit` files; the README beside this file has each editor's command.
It answers `initialize` with the features that the product has and everything else with nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FEATURES = {
    "textDocumentSync": 2,
    "hoverProvider": True,
    "codeActionProvider": True,
    "codeLensProvider": {"resolveProvider": True},
    "inlayHintProvider": {"resolveProvider": True},
}
OWN = ("processId", "rootPath", "rootUri", "workspaceFolders", "workDoneToken", "locale", "initializationOptions")
"""What is of one start and one machine, and not of the client."""


def main(path: Path) -> None:
    """Serve until `exit`."""
    while head := sys.stdin.buffer.readline():
        size = int(head.partition(b":")[2])
        while sys.stdin.buffer.readline().strip():
            pass
        message: dict[str, Any] = json.loads(sys.stdin.buffer.read(size))
        method = message.get("method")
        if method == "initialize":
            params = {key: value for key, value in message["params"].items() if key not in OWN}
            path.write_text(json.dumps(params, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if method == "exit":
            return
        if "id" in message and method is not None:
            result = {"capabilities": FEATURES} if method == "initialize" else None
            body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
            sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
