"""`textDocument/diagnostic`: what a prompt's author should know, as hints; pushed to clients that cannot ask."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lsprotocol import types

from smile_core.report.wording import DOES_NOTHING, LOW_FIDELITY, ONLY_TOGETHER, plain, quoted
from smile_server.handlers.handler import Handler
from smile_server.handlers.positions import lsp_range
from smile_server.showing import words_of

if TYPE_CHECKING:
    from smile_server.session import Session
    from smile_server.tracking import TrackedDocument, TrackedPrompt

SOURCE = "smile"
_HINT, _INFORMATION, _WARNING = (
    types.DiagnosticSeverity.Hint,
    types.DiagnosticSeverity.Information,
    types.DiagnosticSeverity.Warning,
)


def answer(session: Session, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """From what is known; nothing is asked for."""
    tracked = session.documents.get(params.text_document.uri)
    found = diagnostics_of(session, tracked) if tracked is not None else []
    result = hashlib.blake2b(repr(found).encode("utf-8", "replace"), digest_size=8).hexdigest()
    if params.previous_result_id == result:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result)
    return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=result)


def diagnostics_of(session: Session, tracked: TrackedDocument) -> list[types.Diagnostic]:
    """All diagnostics of a document; those of the front matter once, those of numbers only when they are final."""
    found: list[types.Diagnostic] = []
    index = tracked.document.index
    for block in tracked.document.blocks:
        for problem in block.problems:
            where = index.range(problem.start, problem.end)
            found.append(_diagnostic(lsp_range(where), problem.text, _WARNING, "front-matter"))
    said = set()
    for prompt in tracked.prompts:
        trouble = prompt.trouble
        if trouble is not None and trouble.kind not in ("front-matter", "consent"):
            where = trouble.range or index.range(prompt.found.start, prompt.found.end)
            if (trouble.text, where) not in said:
                said.add((trouble.text, where))
                severity = _INFORMATION if trouble.kind == "prompt" else _WARNING
                found.append(_diagnostic(lsp_range(where), trouble.text, severity, trouble.kind))
        if prompt.final:
            found.extend(_of_words(tracked, prompt))
    return found


def _of_words(tracked: TrackedDocument, prompt: TrackedPrompt) -> list[types.Diagnostic]:
    assert prompt.view is not None
    whole = lsp_range(tracked.document.index.range(prompt.found.start, prompt.found.end))
    quality = prompt.view["quality"]
    if quality["does_nothing"]:
        return [_diagnostic(whole, DOES_NOTHING, _INFORMATION, "does-nothing")]
    found = []
    for word in words_of(tracked, prompt):
        for stretch in word.ranges:
            where = lsp_range(stretch)
            if word.state == "idle":
                text = f"no measurable effect · {word.label}"
                found.append(_diagnostic(where, text, _HINT, "idle", [types.DiagnosticTag.Unnecessary]))
            elif word.state == "partner":
                found.append(_diagnostic(where, f"{ONLY_TOGETHER} {quoted(word.partner or '')}", _HINT, "partner"))
            elif word.state == "unread":
                found.append(_diagnostic(where, "not read by this model", _INFORMATION, "unread"))
    fidelity = quality["fidelity"]
    if fidelity is not None and fidelity < LOW_FIDELITY:
        text = f"The words do not add up here: fidelity {plain(fidelity)}. Read the pairs beside the colours."
        found.append(_diagnostic(whole, text, _INFORMATION, "low-fidelity"))
    return found


def _diagnostic(
    where: types.Range,
    text: str,
    severity: types.DiagnosticSeverity,
    code: str,
    tags: list[types.DiagnosticTag] | None = None,
) -> types.Diagnostic:
    return types.Diagnostic(where, text, severity=severity, code=code, source=SOURCE, tags=tags)


def _pulls(session: Session) -> bool:
    return session.client is not None and session.client.pull_diagnostics


HANDLERS = (
    Handler(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        answer,
        types.DiagnosticOptions(inter_file_dependencies=False, workspace_diagnostics=False, identifier=SOURCE),
        wanted=_pulls,
    ),
)
