"""`textDocument/codeAction`: remove idle words once that is known to be safe, mend the settings, pick a picture."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from lsprotocol import types

from smile_core.documents.edit_document import KEYS
from smile_core.prompt import Prompt
from smile_core.report.wording import quoted
from smile_server.handlers.diagnostic import diagnostics_of
from smile_server.handlers.handler import Handler
from smile_server.handlers.positions import lsp_range, overlaps
from smile_server.tracking import KEPT_RESPONSE

if TYPE_CHECKING:
    from smile_core.documents.edit_document import EditDocument, Problem
    from smile_server.session import Session
    from smile_server.tracking import TrackedDocument, TrackedPrompt


def answer(session: Session, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    """Quick fixes for what stands in the asked range."""
    tracked = session.documents.get(params.text_document.uri)
    if tracked is None:
        return None
    actions: list[types.CodeAction] = []
    index = tracked.document.index
    for block in tracked.document.blocks:
        for problem in block.problems:
            if overlaps(params.range, lsp_range(index.range(problem.start, problem.end))):
                actions.extend(_mended(tracked, block, problem))
    for prompt in tracked.prompts:
        trouble = prompt.trouble
        whole = lsp_range(index.range(prompt.found.start, prompt.found.end))
        if trouble is not None and trouble.command is not None:
            where = lsp_range(trouble.range) if trouble.range else whole
            if overlaps(params.range, where) or overlaps(params.range, whole):
                given = {"uri": tracked.document.uri, "prompt": prompt.id}
                name = _runnable(session, trouble.command)
                if name is not None:
                    command = types.Command(trouble.button or "", name, arguments=[given])
                    actions.append(
                        types.CodeAction(trouble.button or "", types.CodeActionKind.QuickFix, command=command)
                    )
        if overlaps(params.range, whole):
            removal = _removal(session, tracked, prompt)
            if removal is not None:
                actions.append(removal)
    return list({action.title: action for action in actions}.values())


def _removal(session: Session, tracked: TrackedDocument, prompt: TrackedPrompt) -> types.CodeAction | None:
    """Remove all idle words at once: only that edit has been made and seen to do the same."""
    mask = prompt.idle_mask()
    if mask is None or prompt.kept is None or prompt.kept < KEPT_RESPONSE:
        return None
    gone = [word.text for word, kept in zip(prompt.words, mask, strict=True) if not kept]
    new = Prompt(prompt.found.text).render(mask)
    title = f"Remove {quoted(gone[0])}" if len(gone) == 1 else f"Remove {len(gone)} words without effect"
    where = lsp_range(tracked.document.index.range(prompt.found.start, prompt.found.end))
    edit = types.WorkspaceEdit(changes={tracked.document.uri: [types.TextEdit(where, new)]})
    mine = [d for d in diagnostics_of(session, tracked) if d.code == "idle" and overlaps(d.range, where)]
    return types.CodeAction(title, types.CodeActionKind.QuickFix, diagnostics=mine, edit=edit, is_preferred=True)


def _mended(tracked: TrackedDocument, block: EditDocument, problem: Problem) -> list[types.CodeAction]:
    """Fixes of the settings at the top: a misspelt key, an open block, a seed that is no number."""
    document = tracked.document
    where = lsp_range(document.index.range(problem.start, problem.end))
    line = document.text[problem.start : problem.end]
    fixes: list[tuple[str, types.Range, str]] = []
    key = line.partition(":")[0].strip()
    close = get_close_matches(key.lower(), KEYS, 1, 0.5)
    if "is no setting" in problem.text:
        if close and ":" in line:
            fixes.append((f"Change to {quoted(close[0])}", where, close[0] + line[len(line.partition(":")[0]) :]))
        fixes.append(("Remove this line", where, ""))
    elif "whole number" in problem.text:
        fixes.append(("Use seed 0", where, "seed: 0"))
    elif "not closed" in problem.text:
        text = document.text
        end = problem.end
        last = end
        for found in range(document.index.line_of(end) + 1, document.index.lines):
            start, stop = document.index.span(found)
            if text[start:stop].partition(":")[0].strip() not in KEYS:
                break
            last = stop
        place = lsp_range(document.index.range(last, last))
        fixes.append(("Close the settings", place, "\n---"))
    return [
        types.CodeAction(
            title,
            types.CodeActionKind.QuickFix,
            edit=types.WorkspaceEdit(changes={document.uri: [types.TextEdit(place, text)]}),
        )
        for title, place, text in fixes
    ]


def _runnable(session: Session, command: str) -> str | None:
    """A command that the client can run in place of the extension's; None where there is none."""
    if session.client is not None and session.client.smile:
        return command
    return "smile.explain" if command == "smileLens.explain" else None


HANDLERS = (
    Handler(
        types.TEXT_DOCUMENT_CODE_ACTION,
        answer,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    ),
)
