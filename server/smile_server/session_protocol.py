"""pygls's protocol, bent to a session of a shared daemon: `exit` ends the session only, messages leave in order,
documents are our own, and nothing that a user wrote is ever logged.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCRequestMessage
from pygls.protocol.language_server import lsp_method

# pygls logs whole messages, prompts and pictures included; it logs nothing here.
_pygls = logging.getLogger("pygls")
_pygls.addHandler(logging.NullHandler())
_pygls.propagate = False


@cache
def shared_converter() -> Any:
    """One for all sessions: what it learns about a type takes a tenth of a second, once."""
    return default_converter()  # type: ignore[no-untyped-call]


class SessionProtocol(LanguageServerProtocol):
    """One client's protocol. The session sets the hooks before the first message."""

    post: Callable[[str], None]
    leave: Callable[[], None]
    opened: Callable[[types.DidOpenTextDocumentParams], None]
    altered: Callable[[types.DidChangeTextDocumentParams], None]
    closed: Callable[[types.DidCloseTextDocumentParams], None]
    command: Callable[[str, list[Any]], Any]

    @property
    def ending(self) -> bool:
        """Whether the client said `shutdown`."""
        return bool(self._shutdown)

    def _send_data(self, data: Any) -> None:
        if data:
            self.post(json.dumps(data, default=self._serialize_message, separators=(",", ":")))

    def structure_message(self, data: Any) -> Any:
        """Our own messages keep their parameters as plain dictionaries."""
        if isinstance(data, dict) and str(data.get("method", "")).startswith("smile/"):
            method, params = data["method"], data.get("params")
            if "id" in data:
                return JsonRPCRequestMessage(id=data["id"], method=method, jsonrpc="2.0", params=params)
            return JsonRPCNotification(method=method, jsonrpc="2.0", params=params)
        return super().structure_message(data)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Any:
        """The session ends; the daemon stays."""
        self.leave()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Our own documents: pygls cuts lines where LSP does not."""
        self.opened(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """See above."""
        self.altered(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """See above."""
        self.closed(params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """Commands take one plain dictionary."""
        return await self.command(params.command, list(params.arguments or []))
