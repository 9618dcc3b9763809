"""The messages that SMILE Lens adds to LSP, typed and versioned.

Everything else is standard LSP 3.17. A client asks for these by `experimental.smile = {"version": 1}` in its
capabilities; others never see them. `python -m smile_server.typescript` writes the same types for the extension,
and a test fails when that file is stale. Fields are snake_case here and camelCase on the wire.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

VERSION = 1

INFLUENCE = "smile/influence"
"""Notification, server to client, `InfluenceParams`: all prompts of one document version, coarse to fine."""
EXPLAIN = "smile/explain"
"""Request, `PromptParams` -> `ExplainResult`: the whole explanation for the report panel."""
PREVIEW = "smile/preview"
"""Request, `PreviewParams` -> `PreviewResult`: the edit that any mask makes, made now where it is not known."""
COMPARE = "smile/compare"
"""Request, `CompareParams` -> `CompareResult`: the same masks over several models."""
STATUS = "smile/status"
"""Request, no parameters -> `StatusResult`; and a notification of the same, when it changes."""
RUN = "smile/run"
"""Request, `PromptParams` -> None: explain this prompt now, whatever the settings say about when to run."""
FOCUS = "smile/focus"
"""Notification, client to server, `FocusParams`: where the cursor is and what is visible."""

ALLOW = "smile/allow"
"""Notification, client to server, `AllowParams`: a picture outside the workspace that the user picked by hand."""

COMMANDS = ("smile.explain", "smile.preview", "smile.compare", "smile.export", "smile.cancel", "smile.clear")
"""`workspace/executeCommand`; each takes one argument, `PromptParams` (`smile.export` also `format` and `path`)."""

State = Literal["effective", "partner", "idle", "unsure", "unread", "waiting"]
"""As in an explanation; "waiting" for a word that no explanation covers yet."""

Phase = Literal["waiting", "asking", "running", "done", "failed", "stopped"]
"""What happens to a prompt: queued; needs consent; edits are being made; finished; failed; cancelled by the user."""


@dataclass(frozen=True)
class Position:
    """A place in a document, from 0, in the session's position encoding."""

    line: int
    character: int


@dataclass(frozen=True)
class Range:
    """A half-open stretch of a document."""

    start: Position
    end: Position


@dataclass(frozen=True)
class WordInfluence:
    """One word of a prompt.

    `bucket` is the colour step: -10 to -1 works against the edit, 1 to 10 pulls towards it, 0 has no colour.
    `ranges` has one range a line that the word stands on. `label` is the number as it is shown, with its
    interval. `rank` is the first and last possible rank by size. `stale` says that it comes from another version
    of the prompt, or another setting.
    """

    text: str
    ranges: tuple[Range, ...]
    state: State
    bucket: int
    influence: float | None
    low: float | None
    high: float | None
    label: str
    rank: tuple[int, int] | None
    partner: str | None
    stale: bool


@dataclass(frozen=True)
class Quality:
    """What the numbers rest on. `fidelity` is R2 on held-out edits, None where it means nothing."""

    fidelity: float | None
    grade: Literal["good", "fair", "low"] | None
    edits: int
    known: int
    failed: int
    seconds: float
    stop: Literal["exact", "settled", "order", "budget", "running"]
    does_nothing: bool


@dataclass(frozen=True)
class Forecast:
    """How far a job is. `expected` edits may shrink; `seconds_left` is None until a first batch was timed."""

    made: int
    expected: int
    seconds_left: float | None


@dataclass(frozen=True)
class Trouble:
    """Something that keeps a prompt from its explanation, and the one button that mends it.

    `command` is a command of the client ("smileLens.chooseImage", ...) or one of `COMMANDS`; None where no
    button can help.
    """

    kind: Literal["image", "model", "editor", "prompt", "front-matter", "memory", "worker", "consent", "other"]
    text: str
    button: str | None
    command: str | None
    range: Range | None


@dataclass(frozen=True)
class PromptInfluence:
    """One prompt of a document: its words and how far its explanation is.

    `id` names the prompt as long as its document is open and the prompt is not cut in two. `note` is the
    end-of-line note; `summary` one sentence for screen readers and status.
    """

    id: str
    text: str
    range: Range
    words: tuple[WordInfluence, ...]
    phase: Phase
    note: str
    summary: str
    quality: Quality | None
    forecast: Forecast | None
    trouble: Trouble | None


@dataclass(frozen=True)
class InfluenceParams:
    """All prompts of a document, for one version of it. A client drops it when its version is another one."""

    uri: str
    version: int
    prompts: tuple[PromptInfluence, ...]


@dataclass(frozen=True)
class PromptParams:
    """A prompt, by its id, or by a place in it."""

    uri: str
    prompt: str | None = None
    position: Position | None = None


@dataclass(frozen=True)
class ExplainResult:
    """The report: `html` is the body of the CLI's page (no script in it), `style` its style sheet.

    `words` are in order, one entry a word of the mask; `source` and `result` are WebP data URIs.
    """

    prompt: str
    text: str
    words: tuple[WordInfluence, ...]
    html: str
    style: str
    source: str
    result: str
    quality: Quality
    setting: dict[str, str]
    version: int


@dataclass(frozen=True)
class PreviewParams:
    """Which words to keep: one 0/1 a word; None keeps all. `make` False answers only from known edits."""

    uri: str
    prompt: str | None = None
    position: Position | None = None
    mask: tuple[int, ...] | None = None
    make: bool = True


@dataclass(frozen=True)
class PreviewResult:
    """The edit of a sub-prompt. `picture` is a WebP data URI, None where it is not known and was not to be made.

    `response` is how much of the whole edit it achieves, None where the whole prompt is not explained yet.
    """

    text: str
    picture: str | None
    source: str
    known: bool
    response: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CompareParams:
    """The models to compare, by name; at least two."""

    uri: str
    models: tuple[str, ...]
    prompt: str | None = None
    position: Position | None = None


@dataclass(frozen=True)
class CompareResult:
    """The comparison as a report body and its style sheet, as in `ExplainResult`."""

    text: str
    html: str
    style: str


@dataclass(frozen=True)
class ModelStatus:
    """One model that the registry knows."""

    name: str
    family: str
    state: Literal["cold", "loading", "warm", "failed"]
    bytes: int
    detail: str


@dataclass(frozen=True)
class StatusResult:
    """What the daemon is doing. `memory` is resident bytes of the daemon and its worker together."""

    state: Literal["starting", "idle", "busy", "stuck"]
    version: str
    pid: int
    worker_pid: int | None
    uptime: float
    sessions: int
    jobs: int
    edits: int
    memory: int
    device: str
    models: tuple[ModelStatus, ...]


@dataclass(frozen=True)
class FocusParams:
    """What the user looks at in one document: the cursor, and the visible lines (last one included)."""

    uri: str
    position: Position | None
    first_line: int
    last_line: int


@dataclass(frozen=True)
class AllowParams:
    """The `file:` URI of the picture."""

    uri: str


MESSAGES: tuple[type[Any], ...] = (
    Position,
    Range,
    WordInfluence,
    Quality,
    Forecast,
    Trouble,
    PromptInfluence,
    InfluenceParams,
    PromptParams,
    ExplainResult,
    PreviewParams,
    PreviewResult,
    CompareParams,
    CompareResult,
    ModelStatus,
    StatusResult,
    FocusParams,
    AllowParams,
)


def camel(name: str) -> str:
    """`seconds_left` as `secondsLeft`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def wire(value: Any) -> Any:
    """A message as JSON-like data, with camelCase keys."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {camel(field.name): wire(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in value]
    if isinstance(value, dict):
        return {key: wire(item) for key, item in value.items()}
    return value
