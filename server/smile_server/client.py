"""What a client can do, read from its capabilities once; everything optional is gated by this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from smile_server.protocol import VERSION


@dataclass(frozen=True)
class Client:
    """`smile` says that it draws influences itself; the refreshes, that it can be told to ask again."""

    name: str
    smile: bool
    server_status: bool
    markdown: bool
    pull_diagnostics: bool
    hint_tooltips: bool
    progress: bool
    show_document: bool
    configuration: bool
    watch_files: bool
    refresh: frozenset[str]

    @staticmethod
    def of(params: types.InitializeParams) -> Client:
        """From the `initialize` request."""
        can = params.capabilities
        document, workspace, window = can.text_document, can.workspace, can.window
        experimental = _plain(can.experimental)
        smile = experimental.get("smile")
        hover = document.hover if document else None
        resolve = getattr(getattr(document, "inlay_hint", None), "resolve_support", None)
        hints = getattr(resolve, "properties", ())
        refresh = {
            "inlayHint": getattr(workspace, "inlay_hint", None),
            "codeLens": getattr(workspace, "code_lens", None),
            "semanticTokens": getattr(workspace, "semantic_tokens", None),
            "diagnostics": getattr(workspace, "diagnostics", None),
        }
        watched = getattr(workspace, "did_change_watched_files", None)
        shown = getattr(window, "show_document", None)
        return Client(
            name=params.client_info.name if params.client_info else "",
            smile=isinstance(smile, dict) and smile.get("version") == VERSION,
            server_status=bool(experimental.get("serverStatusNotification")),
            markdown=types.MarkupKind.Markdown in (getattr(hover, "content_format", None) or ()),
            pull_diagnostics=getattr(document, "diagnostic", None) is not None,
            hint_tooltips="tooltip" in hints,
            progress=bool(getattr(window, "work_done_progress", False)),
            show_document=bool(getattr(shown, "support", False)),
            configuration=bool(getattr(workspace, "configuration", False)),
            watch_files=bool(getattr(watched, "dynamic_registration", False)),
            refresh=frozenset(name for name, part in refresh.items() if getattr(part, "refresh_support", False)),
        )


def _plain(value: Any) -> dict[str, Any]:
    """Experimental capabilities, which arrive as a dictionary or as an object."""
    if isinstance(value, dict):
        return value
    if hasattr(value, "_asdict"):
        return {key: _plain(inner) if hasattr(inner, "_asdict") else inner for key, inner in value._asdict().items()}
    return {}
