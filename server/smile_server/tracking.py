"""The prompts of one open document: which is which across changes, what is known of each, and when it is asked.

Nothing is computed while a change is taken in: it is parsed, its prompts are matched with those before, and a
timer decides when the engine hears of them. Numbers of an older version stay, marked as stale, until new ones come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from smile_core.documents.edit_document import DocumentPrompt, EditDocument
from smile_core.editors.names import shipped_names
from smile_core.errors import PromptError
from smile_core.hosts.tasks import Task
from smile_core.prompt import Prompt, Word
from smile_server.documents import OpenDocument
from smile_server.engine import Engine, Watch
from smile_server.jobs import JobFailed, Priority, Update
from smile_server.protocol import Phase, Trouble
from smile_server.resolving import CHOOSE_IMAGE, CHOOSE_MODEL, Grounds, resolve
from smile_server.settings import Settings

_SERVERS = ("https://", "http://")
PAUSE = (0.3, 0.6)
"""Seconds of rest after which the word at the cursor counts as written: longer where half a word costs more."""

KEPT_RESPONSE = 0.95
"""Idle words may go when the edit without all of them keeps this much of the response."""

_BUTTONS = {"image": CHOOSE_IMAGE, "model": CHOOSE_MODEL, "worker": ("Try again", "smileLens.explain")}


@dataclass(eq=False)
class TrackedPrompt:
    """One prompt as the session knows it.

    `view` is the newest explanation's view and `view_task` the task that it answers; while that is another one
    than `task`, its numbers are stale. `kept` is the response of the prompt without its idle words, once known.
    """

    id: str
    found: DocumentPrompt
    block: EditDocument
    words: tuple[Word, ...] = ()
    task: Task | None = None
    trouble: Trouble | None = None
    phase: Phase = "waiting"
    view: dict[str, Any] | None = None
    view_task: Task | None = None
    update: Update | None = None
    kept: float | None = None
    verifying: Task | None = None
    watch: Watch | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def final(self) -> bool:
        """Whether the view is this very prompt's finished explanation."""
        return self.view is not None and self.view_task == self.task and self.phase == "done"

    @property
    def stale(self) -> bool:
        """Whether the view belongs to another version of the prompt, or another setting."""
        return self.view is not None and self.view_task != self.task

    def rest(self) -> None:
        """Stop asking."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.watch is not None:
            self.watch.close()
            self.watch = None

    def word_at(self, offset: int) -> int | None:
        """The index in `view["words"]` of the word at an offset of the document; None between words."""
        if self.view is None or self.stale:
            return None
        inside = offset - self.found.start
        return next((i for i, word in enumerate(self.view["words"]) if word["start"] <= inside <= word["end"]), None)

    def idle_mask(self) -> tuple[int, ...] | None:
        """One 0/1 a word: all but the idle ones; None where there are none, or nothing else."""
        if not self.final or self.view is None or not self.view["idle"]:
            return None
        spans = [(self.view["words"][i]["start"], self.view["words"][i]["end"]) for i in self.view["idle"]]
        mask = tuple(int(not any(a <= word.start and word.end <= b for a, b in spans)) for word in self.words)
        return mask if 0 < sum(mask) < len(mask) else None


@dataclass(eq=False)
class TrackedDocument:
    """The prompts of a document, and the timers and watches behind them."""

    engine: Engine
    document: OpenDocument
    settings: Callable[[], Settings]
    grounds: Callable[[], Grounds]
    changed: Callable[[str], None]
    prompts: list[TrackedPrompt] = field(default_factory=list)
    cursor: int | None = None
    visible: tuple[int, int] | None = None
    _numbers: int = 0
    _checks: set[asyncio.Task[None]] = field(default_factory=set)

    def take(self, document: OpenDocument, *, opening: bool = False) -> None:
        """Take in a version of the document."""
        self.document = document
        fresh = [(found, block) for block in document.blocks for found in block.prompts]
        self.prompts = self._matched(fresh)
        for prompt in self.prompts:
            self._schedule(prompt, opening=opening)
        self.changed(document.uri)

    def close(self) -> None:
        """The document is closed: nobody asks for its prompts any more."""
        for prompt in self.prompts:
            prompt.rest()
        self.prompts = []
        for checking in self._checks:
            checking.cancel()

    def again(self) -> None:
        """Resolve everything anew, since settings, folders or pictures changed."""
        self.take(self.document, opening=True)

    def saved(self) -> None:
        """The document was saved: ask for prompts that wait for that."""
        for prompt in self.prompts:
            if prompt.task is not None and prompt.phase == "asking" and self._when(prompt.task) == "save":
                self.ask(prompt, Priority.FOCUSED)

    def prompt_of(self, identifier: str | None, offset: int | None) -> TrackedPrompt | None:
        """A prompt by its id, or by an offset in it; the only one where neither is given."""
        for prompt in self.prompts:
            if identifier is not None and prompt.id == identifier:
                return prompt
            if identifier is None and offset is not None and prompt.found.start <= offset <= prompt.found.end:
                return prompt
        return self.prompts[0] if identifier is None and offset is None and len(self.prompts) == 1 else None

    def focus(self, cursor: int | None, visible: tuple[int, int] | None) -> None:
        """The user looks elsewhere: what is visible goes first."""
        self.cursor, self.visible = cursor, visible
        for prompt in self.prompts:
            if prompt.watch is not None:
                prompt.watch.hurry(self.priority(prompt))

    def priority(self, prompt: TrackedPrompt) -> Priority:
        """How urgent a prompt is, by where the user looks."""
        if self.cursor is not None and prompt.found.start <= self.cursor <= prompt.found.end + 1:
            return Priority.FOCUSED
        if self.visible is None:
            return Priority.VISIBLE
        index = self.document.index
        first, last = index.line_of(prompt.found.start), index.line_of(prompt.found.end)
        return Priority.VISIBLE if first <= self.visible[1] and last >= self.visible[0] else Priority.BACKGROUND

    def ask(self, prompt: TrackedPrompt, priority: Priority) -> None:
        """Ask for a prompt's explanation now."""
        if prompt.timer is not None:
            prompt.timer.cancel()
            prompt.timer = None
        if prompt.task is None:
            return
        if prompt.watch is not None and prompt.watch.task == prompt.task and prompt.watch.open:
            prompt.watch.hurry(priority)
            return
        prompt.rest()
        prompt.phase, prompt.update = "waiting", None
        task = prompt.task
        prompt.watch = self.engine.watch(task, lambda update: self._heard(prompt, task, update), priority)
        self.changed(self.document.uri)

    def stop(self, prompt: TrackedPrompt) -> None:
        """Stop a prompt's explanation because the user said so."""
        prompt.rest()
        if prompt.task is not None:
            self.engine.cancel(prompt.task)
        prompt.phase = "stopped"
        self.changed(self.document.uri)

    # What happens to a prompt.

    def _matched(self, fresh: list[tuple[DocumentPrompt, EditDocument]]) -> list[TrackedPrompt]:
        """The prompts of a new version, each with the one that it was before, if any."""
        before = self.prompts
        matcher = SequenceMatcher(None, [p.found.text for p in before], [found.text for found, _ in fresh], False)
        kept: dict[int, TrackedPrompt] = {}
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            if kind in ("equal", "replace"):
                kept.update(zip(range(j1, j2), before[i1:i2], strict=False))
        tracked = []
        for j, (found, block) in enumerate(fresh):
            prompt = kept.get(j)
            if prompt is None:
                self._numbers += 1
                prompt = TrackedPrompt(str(self._numbers), found, block)
            prompt.found, prompt.block = found, block
            tracked.append(prompt)
        staying = {id(prompt) for prompt in tracked}
        for prompt in before:
            if id(prompt) not in staying:
                prompt.rest()
        return tracked

    def _schedule(self, prompt: TrackedPrompt, *, opening: bool) -> None:
        try:
            prompt.words = Prompt(prompt.found.text).words
            resolved = resolve(self.document, prompt.block, prompt.found, self.settings(), self.grounds())
        except PromptError as error:
            prompt.words = ()
            where = self.document.index.range(prompt.found.start, prompt.found.end)
            resolved = Trouble("prompt", str(error), None, None, where)
        if isinstance(resolved, Trouble):
            prompt.rest()
            prompt.task, prompt.trouble, prompt.phase = None, resolved, "failed"
            return
        wants_to_run = prompt.phase == "asking" and self._when(resolved) == "typing"
        if resolved == prompt.task and prompt.phase != "failed" and not wants_to_run:
            return
        prompt.rest()
        prompt.task, prompt.trouble, prompt.kept = resolved, None, None
        if self.engine.known(resolved) is not None:
            self.ask(prompt, self.priority(prompt))
            return
        if self._when(resolved) != "typing":
            prompt.phase, prompt.trouble = "asking", self._consent(resolved, len(prompt.words))
            return
        prompt.phase = "waiting"
        if opening:
            self.ask(prompt, self.priority(prompt))
        else:
            loop = asyncio.get_running_loop()
            prompt.timer = loop.call_later(self._delay(prompt), lambda: self.ask(prompt, self.priority(prompt)))

    def _when(self, task: Task) -> str:
        """Models that came with the package run as the setting says; any other only when it is asked for by name,
        and servers that cost money never.
        """
        settings = self.settings()
        if task.model.startswith(_SERVERS):
            return "request"
        shipped = task.model in shipped_names() or task.model == "oracle"
        return settings.when(task.model) if shipped else settings.run_by_model.get(task.model, "request")

    def _consent(self, task: Task, words: int) -> Trouble:
        edits = task.budget or (2**words if words <= 5 else words + (24 if words <= 12 else 40))
        each = self.engine.seconds_per_edit.get(task.model)
        takes = "how long one takes is not known yet" if each is None else f"about {_duration(each * edits)}"
        name = task.model.rsplit("/", 1)[-1]
        if task.model.startswith(_SERVERS):
            cost = (
                "costs money by the edit, so only the shell asks it, and says how much first: smile explain FILE.edit"
            )
            return Trouble("consent", f"{task.model} {cost}", None, None, None)
        return Trouble("consent", f"about {edits} edits with {name}, {takes}", "Explain", "smileLens.explain", None)

    def _delay(self, prompt: TrackedPrompt) -> float:
        """Seconds to wait: shorter where answers come fast; longer while a word is being written."""
        base = self.settings().debounce / 1000
        first = self.engine.first_answer
        if first is not None:
            base *= 0.5 if first < 0.15 else 2.0 if first > 2 else 1.0
        touched = self.document.touched
        inside = touched is not None and prompt.found.start < touched <= prompt.found.end
        if inside and touched is not None and self.document.text[touched - 1 : touched].isalnum():
            shortest, longest = PAUSE
            return max(base, longest if first is None else min(longest, max(shortest, 2 * first)))
        return base

    def _heard(self, prompt: TrackedPrompt, task: Task, update: Update) -> None:
        if prompt.task != task:
            return
        prompt.update = update
        if update.view is not None:
            prompt.view, prompt.view_task = update.view, task
        if update.failure is not None:
            kind, text = update.failure
            button, command = _BUTTONS.get(kind, (None, None))
            known = ("image", "model", "editor", "prompt", "memory", "worker", "other")
            prompt.trouble = Trouble(kind if kind in known else "other", text, button, command, None)  # type: ignore[arg-type]
            prompt.phase = "failed"
            prompt.rest()  # So that it can be asked for again.
        elif update.cancelled:
            prompt.phase = "stopped"
            prompt.rest()
        elif update.final:
            prompt.phase, prompt.trouble = "done", None
            self._verify(prompt, task)
        else:
            prompt.phase = "running"
        self.changed(self.document.uri)

    def _verify(self, prompt: TrackedPrompt, task: Task) -> None:
        """Make the edit without all idle words, so that their removal can be offered."""
        mask = prompt.idle_mask()
        if mask is None or prompt.verifying == task:
            return
        prompt.verifying = task

        async def check() -> None:
            try:
                answer, _ = await self.engine.ask("verify", task, Priority.BACKGROUND, mask=list(mask))
            except JobFailed:
                return
            if prompt.task == task:
                prompt.kept = answer["response"]
                self.changed(self.document.uri)

        checking = asyncio.get_running_loop().create_task(check())
        self._checks.add(checking)  # The loop itself holds tasks only weakly.
        checking.add_done_callback(self._checks.discard)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 99.5 else f"{seconds / 60:.0f} min"
