"""One file per LSP method, each a thin adapter between the protocol and what the session knows."""

from __future__ import annotations

from smile_server.handlers import (
    code_action,
    code_lens,
    completion,
    diagnostic,
    did_change_configuration,
    did_change_watched_files,
    did_change_workspace_folders,
    did_save,
    document_link,
    execute_command,
    hover,
    inlay_hint,
    semantic_tokens,
    smile_compare,
    smile_explain,
    smile_focus,
    smile_preview,
    smile_run,
    smile_status,
    work_done_progress_cancel,
)
from smile_server.handlers.handler import Handler

_MODULES = (
    code_action,
    code_lens,
    completion,
    diagnostic,
    did_change_configuration,
    did_change_watched_files,
    did_change_workspace_folders,
    did_save,
    document_link,
    execute_command,
    hover,
    inlay_hint,
    semantic_tokens,
    smile_compare,
    smile_explain,
    smile_focus,
    smile_preview,
    smile_run,
    smile_status,
    work_done_progress_cancel,
)

HANDLERS: tuple[Handler, ...] = tuple(handler for module in _MODULES for handler in module.HANDLERS)
REGISTERED_LATER = (did_change_watched_files.WATCH,)
"""What is registered by a request of the server once the client is ready."""
