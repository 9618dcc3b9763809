"""One client as its session sees it: messages that are whole, JSON, and not too deep. All else is answered here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from smile_server.limits import Limits, is_deeper

_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600


class ClientConnection:
    """A `parts.TextConnection` over a WebSocket. Size is checked below, by websockets, while frames arrive."""

    def __init__(self, connection: ServerConnection, limits: Limits, seen: Callable[[], None]) -> None:
        self._connection = connection
        self._limits = limits
        self._seen = seen

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            ConnectionError: the client has gone.
            ValueError: the message is longer than clients take.
        """
        if len(text) > self._limits.message_bytes:
            raise ValueError(f"a message may have {self._limits.message_bytes} bytes")
        try:
            await self._connection.send(text)
        except ConnectionClosed:
            raise ConnectionError("the client has gone") from None

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            try:
                message = await self._connection.recv()
            except ConnectionClosed:
                return
            if not isinstance(message, str):
                await self._connection.close(CloseCode.UNSUPPORTED_DATA, "messages are text")
                return
            self._seen()
            refusal = self._refusal(message)
            if refusal is None:
                yield message
                continue
            try:
                await self.send(json.dumps({"jsonrpc": "2.0", "id": None, "error": refusal}))
            except ConnectionError:
                return

    def _refusal(self, text: str) -> dict[str, object] | None:
        """The JSON-RPC error that a message earns."""
        if is_deeper(text, self._limits.depth):
            return {"code": _INVALID_REQUEST, "message": f"nested deeper than {self._limits.depth}"}
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return {"code": _PARSE_ERROR, "message": "not JSON"}
        if not isinstance(message, dict):
            return {"code": _INVALID_REQUEST, "message": "not an object"}
        return None
