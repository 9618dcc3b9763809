"""One client's session. For now it answers `initialize`, `shutdown` and `exit`, and refuses all else."""

from __future__ import annotations

import json
from typing import Any

from smile_server.parts import Engine, TextConnection


async def run_session(connection: TextConnection, engine: Engine) -> None:
    """Serve one client until it says `exit` or has gone."""
    async for text in connection:
        message = json.loads(text)
        if message.get("method") == "exit":
            return
        if "method" in message and "id" in message:
            await connection.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], **_answer(message["method"])}))


def _answer(method: str) -> dict[str, Any]:
    if method == "initialize":
        return {"result": {"capabilities": {}, "serverInfo": {"name": "smile-lens"}}}
    if method == "shutdown":
        return {"result": None}
    return {"error": {"code": -32601, "message": "no such method"}}
