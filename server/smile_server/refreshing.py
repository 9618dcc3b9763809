"""What a session tells its client by itself: influences, diagnostics, status, and "ask me again".

Several changes within a moment become one message. Refresh requests are global in the client, so at most one of a
kind is in flight; another is sent when the answer has come and something changed meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from smile_server import protocol
from smile_server.showing import influence_of

if TYPE_CHECKING:
    from smile_server.session import Session

MOMENT = 0.015
"""Seconds within which changes are put together."""

_REFRESHES = {
    "inlayHint": types.WORKSPACE_INLAY_HINT_REFRESH,
    "codeLens": types.WORKSPACE_CODE_LENS_REFRESH,
    "semanticTokens": types.WORKSPACE_SEMANTIC_TOKENS_REFRESH,
    "diagnostics": types.WORKSPACE_DIAGNOSTIC_REFRESH,
}


class Refreshing:
    """One per session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dirty: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._status_timer: asyncio.TimerHandle | None = None
        self._in_flight: set[str] = set()
        self._wanted: set[str] = set()
        self._last_status: Any = None
        self._shown: dict[str, Any] = {}
        self._counted: dict[str, Any] = {}
        self._pushed: dict[str, Any] = {}

    def document(self, uri: str) -> None:
        """Something about a document changed."""
        self._dirty.add(uri)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MOMENT, self._flush)

    def everything(self) -> None:
        """All that is shown may have changed."""
        for uri in self._session.documents:
            self.document(uri)
        self._shown.clear()

    def closed(self, uri: str) -> None:
        """A document was closed: what was pushed for it is taken back."""
        self._dirty.discard(uri)
        self._shown.pop(uri, None)
        self._counted.pop(uri, None)
        if self._pushed.pop(uri, None):
            self._session.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def status(self) -> None:
        """The engine's state may have changed."""
        if self._status_timer is None and self._session.client is not None:
            self._status_timer = asyncio.get_running_loop().call_later(0.1, self._send_status)

    def close(self) -> None:
        """Send nothing more."""
        for timer in (self._timer, self._status_timer):
            if timer is not None:
                timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        session, client = self._session, self._session.client
        if client is None:
            return
        dirty, self._dirty = self._dirty, set()
        settled = counting = False
        for uri in dirty:
            tracked = session.documents.get(uri)
            if tracked is None:
                continue
            if client.smile:
                session.notify(protocol.INFLUENCE, influence_of(tracked))
            state = [(p.found, p.phase, p.view, p.stale, p.trouble, p.kept) for p in tracked.prompts]
            if state != self._shown.get(uri):
                self._shown[uri] = state
                settled = True
                if not client.pull_diagnostics:
                    self._push_diagnostics(uri)
            counted = [p.update.forecast for p in tracked.prompts if p.update is not None]
            if counted != self._counted.get(uri):
                self._counted[uri] = counted
                counting = True
        # Lenses count edits; all else changes only with what is known.
        for kind in client.refresh:
            if settled or (counting and kind == "codeLens"):
                self._refresh(kind)

    def _push_diagnostics(self, uri: str) -> None:
        from smile_server.handlers.diagnostic import diagnostics_of

        tracked = self._session.documents[uri]
        found = diagnostics_of(self._session, tracked)
        if found or self._pushed.get(uri):
            self._pushed[uri] = found
            params = types.PublishDiagnosticsParams(uri, found, tracked.document.version)
            self._session.server.text_document_publish_diagnostics(params)

    def _refresh(self, kind: str) -> None:
        if kind in self._in_flight:
            self._wanted.add(kind)
            return
        self._in_flight.add(kind)

        async def ask() -> None:
            try:
                await self._session.protocol.send_request_async(_REFRESHES[kind])
            except Exception:  # The client may refuse; it asks by itself after the next change.
                pass
            finally:
                self._in_flight.discard(kind)
            if kind in self._wanted:
                self._wanted.discard(kind)
                self._refresh(kind)

        self._session.background(ask())

    def _send_status(self) -> None:
        self._status_timer = None
        session, client = self._session, self._session.client
        if client is None:
            return
        status = session.engine.tell_status()
        if client.smile:
            session.notify(protocol.STATUS, status)
        if client.server_status:
            failed = [model for model in status.models if model.state == "failed"]
            health = "error" if status.state == "stuck" else "warning" if failed else "ok"
            message = (
                failed[0].detail if failed else {"starting": "starting", "busy": "making edits"}.get(status.state, "")
            )
            found = {"health": health, "quiescent": status.state == "idle", "message": message}
            if found != self._last_status:
                self._last_status = found
                session.protocol.notify("experimental/serverStatus", found)
