"""The worker process: holds torch, the models and the method; started and fed by a daemon over pipes.

    python -m smile_core.hosts.worker [--private] [--model-memory BYTES] [--devices all|NAMES]

Requests come on standard input, answers leave on standard output (`frames.py`). Work that needs a model runs one
request at a time on the main thread; pictures and reports of finished explanations are drawn on a second thread;
a third reads, so that a cancellation is seen at once. When standard input ends, so does the process, whatever it
is doing: it never outlives its parent.
"""

from __future__ import annotations

import argparse
import os
import queue
import stat
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from smile_core.errors import Cancelled, EditorError, ImageError, MethodError, OutOfMemory, PromptError, SmileError
from smile_core.hosts.frames import FrameError, encoded, read_frame
from smile_core.hosts.tasks import Task

if TYPE_CHECKING:
    from smile_core.picture import Picture

KEPT = 24
"""Explanations, with their pictures, that are kept for hovers and reports."""

HEAVY = ("explain", "preview", "compare", "verify")
"""Requests that may need a model."""

_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (ImageError, "image"),
    (PromptError, "prompt"),
    (OutOfMemory, "memory"),
    (EditorError, "model"),
    (MethodError, "other"),
    (MemoryError, "memory"),
)


class Forgotten(SmileError):
    """The explanation is not here any more; ask for it again."""


@dataclass
class Request:
    """One request: what to do, with what, and whether it is still wanted."""

    id: int
    do: str
    given: dict[str, Any]
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def task(self) -> Task:
        """The task that it is about."""
        return Task.from_data(self.given["task"])


class Worker:
    """Answers requests; one per process."""

    def __init__(self, out: BinaryIO, *, private: bool, model_memory: int | None, devices: str | None = None) -> None:
        self._out, self._lock = out, threading.Lock()
        self._heavy: queue.Queue[Request] = queue.Queue()
        self._light: queue.Queue[Request] = queue.Queue()
        self._open: dict[int, Request] = {}
        self._kept: OrderedDict[Task, Any] = OrderedDict()
        self._maps: dict[Task, Any] = {}
        self._previewed: OrderedDict[tuple[Task, str], Any] = OrderedDict()
        self._private, self._model_memory, self._devices = private, model_memory, devices
        self._models: Any = None
        self._evidence: Any = None
        self._edits = 0

    def say(self, message: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
        """Send one message; safe from any thread."""
        frame = encoded(message, blobs)
        with self._lock:
            self._out.write(frame)
            self._out.flush()

    def read_from(self, stream: BinaryIO) -> None:
        """Take requests until the stream ends, then end the process."""
        try:
            while (frame := read_frame(stream)) is not None:
                self._take(frame[0])
        except (FrameError, OSError, KeyError, TypeError):
            pass
        os._exit(0)

    def _take(self, message: dict[str, Any]) -> None:
        if message["do"] == "cancel":
            request = self._open.get(message["id"])
            if request is not None:
                request.cancelled.set()
            return
        request = Request(message["id"], message["do"], message)
        self._open[request.id] = request
        (self._heavy if request.do in (*HEAVY, "unload", "warm") else self._light).put(request)

    def work(self) -> None:
        """Do heavy requests for ever, on this thread."""
        self._start()
        threading.Thread(target=self._serve, args=(self._light,), name="drawing", daemon=True).start()
        self.state()
        self._serve(self._heavy)

    def _start(self) -> None:
        from smile_core.evidence import Evidence
        from smile_core.evidence_store import EvidenceStore
        from smile_core.hosts.warm_models import WarmModels

        self._evidence = Evidence() if self._private else EvidenceStore()
        self._models = WarmModels(self._evidence, budget=self._model_memory, devices=self._devices)
        self._models.on_change = self.state

    def _serve(self, requests: queue.Queue[Request]) -> None:
        while True:
            request = requests.get()
            try:
                if request.cancelled.is_set():
                    raise Cancelled("stopped on request")
                answer, blobs = getattr(self, f"_do_{request.do}")(request)
                self.say({"id": request.id, "say": "done", "result": answer}, blobs)
            except Cancelled:
                self.say({"id": request.id, "say": "cancelled"})
            except Forgotten:
                self.say({"id": request.id, "say": "forgotten"})
            except Exception as error:
                kind = next((name for type_, name in _KINDS if isinstance(error, type_)), "other")
                known = isinstance(error, SmileError)
                text = (
                    str(error) if known else f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:200]}"
                )
                self.say({"id": request.id, "say": "failed", "kind": kind, "text": text})
            finally:
                self._open.pop(request.id, None)

    def state(self) -> None:
        """Tell the parent about the models."""
        torch = sys.modules.get("torch")
        device = "cuda" if torch is not None and torch.cuda.is_available() else "cpu"
        models = {name: list(state) for name, state in self._models.states().items()} if self._models else {}
        notes = [*getattr(self._evidence, "notes", ()), *(self._models.notes if self._models else ())]
        self.say({"say": "state", "models": models, "device": device, "edits": self._edits, "notes": notes})

    # What can be asked. Each gives an answer (JSON-like) and blobs.

    def _do_explain(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.editing import Progress
        from smile_core.report.editor_view import editor_view

        task = request.task

        def progress(state: Progress) -> None:
            self.say(
                {
                    "id": request.id,
                    "say": "progress",
                    "made": state.done,
                    "expected": state.total,
                    "left": state.seconds_left,
                }
            )

        explanation = None
        for explanation in self._explainer(task).stream(
            task.prompt,
            picture_of(task),
            area=task.area,
            seed=task.seed,
            progress=progress,
            cancelled=request.cancelled.is_set,
        ):
            self._keep(task, explanation)
            if explanation.stop == "running":
                self.say({"id": request.id, "say": "view", "view": editor_view(explanation)})
        assert explanation is not None
        self._edits += explanation.counts.made
        self.state()
        return {"view": editor_view(explanation)}, []

    def _do_preview(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.report.card import webp_picture

        task, given = request.task, request.given
        source = picture_of(task)
        edit = self._explainer(task).edit(
            task.prompt,
            source,
            given.get("mask"),
            area=task.area,
            seed=task.seed,
            make=given.get("make", True),
            cancelled=request.cancelled.is_set,
        )
        self._edits += int(edit.picture is not None and not edit.known)
        if edit.picture is not None:
            self._previewed[task, edit.text] = edit.picture
            while len(self._previewed) > KEPT:
                self._previewed.popitem(last=False)
        answer = {
            "text": edit.text,
            "known": edit.known,
            "response": edit.response,
            "notes": list(edit.notes),
            "picture": edit.picture is not None,
        }
        blobs = [webp_picture(source.pixels)]
        return answer, blobs if edit.picture is None else [*blobs, webp_picture(edit.picture)]

    def _do_verify(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        """Whether the prompt without some words still does what it did: the response of that sub-prompt."""
        edit = self._explainer(request.task).edit(
            request.task.prompt,
            picture_of(request.task),
            request.given["mask"],
            area=request.task.area,
            seed=request.task.seed,
            cancelled=request.cancelled.is_set,
        )
        return {"response": edit.response, "text": edit.text}, []

    def _do_compare(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.compare import compare
        from smile_core.editors.names import short_names
        from smile_core.report.comparison import comparison_html, comparison_text

        explanations = []
        for model in request.given["models"]:
            task = request.task.with_model(model)
            found = self._kept.get(task)
            if found is None or found.stop == "running":
                explainer = self._explainer(task)
                area = task.area if explainer.paints_in_area else None
                *_, found = explainer.stream(
                    task.prompt, picture_of(task), area=area, seed=task.seed, cancelled=request.cancelled.is_set
                )
                self._keep(task, found)
            explanations.append(found)
        comparison = compare(explanations, short_names(request.given["models"]))
        page = comparison_html(comparison)
        return {"text": comparison_text(comparison, width=100), "html": page.body, "style": page.style}, []

    def _do_card(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.report.card import card

        explanation, index = self._known(request.task), int(request.given["word"])
        without = self._without(request.task, explanation, index)
        drawn = card(
            explanation,
            index,
            without=without,
            acts=self._maps_of(request.task).get(index),
            kind=request.given.get("theme", "dark"),
            most_bytes=int(request.given.get("most_bytes", 60_000)),
        )
        answer = {
            "width": drawn.width,
            "height": drawn.height,
            "alt": drawn.alt,
            "acts": drawn.acts,
            "without": without is not None,
        }
        return answer, [drawn.webp]

    def _do_report(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.report.card import webp_picture
        from smile_core.report.html import render_fragment
        from smile_core.report.setting import setting_rows

        explanation = self._known(request.task)
        page = render_fragment(explanation)
        pictures = [explanation.empty.picture, explanation.full.picture]
        blobs = [webp_picture(picture) for picture in pictures if picture is not None]
        setting = {str(name): str(value) for name, value, *_ in map(tuple, setting_rows(explanation))}
        return {"html": page.body, "style": page.style, "setting": setting}, blobs

    def _do_export(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        return {"path": str(self._known(request.task).save(request.given["path"]))}, []

    def _do_clear(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.evidence_place import EvidencePlace, default_folder
        from smile_core.evidence_upkeep import clear

        self._kept.clear()
        self._maps.clear()
        if self._private:
            return {"bytes": 0}, []
        return {"bytes": clear(EvidencePlace(default_folder()))}, []

    def _do_unload(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        self._models.unload()
        return {}, []

    def _do_warm(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        self._models.get(request.given["model"], Path())
        return {}, []

    def _without(self, task: Task, explanation: Any, index: int) -> Any:
        """The edit without one word: from the explanation's rows, or one that a hover had made."""
        from smile_core.prompt import Prompt

        row = explanation.without(index)
        if row is not None:
            return row.picture
        prompt, word = Prompt(task.prompt), explanation.words[index]
        mask = [int(not (word.start <= other.start and other.end <= word.end)) for other in prompt.words]
        return self._previewed.get((task, prompt.render(mask)))

    def _explainer(self, task: Task) -> Any:
        return self._models.get(task.model, Path(task.image), budget=task.budget or None, half_width=task.half_width)

    def _keep(self, task: Task, explanation: Any) -> None:
        self._kept[task] = explanation
        self._kept.move_to_end(task)
        self._maps.pop(task, None)
        while len(self._kept) > KEPT:
            gone, _ = self._kept.popitem(last=False)
            self._maps.pop(gone, None)

    def _known(self, task: Task) -> Any:
        found = self._kept.get(task)
        if found is None:
            raise Forgotten("this explanation is not here any more; explain the prompt again")
        return found

    def _maps_of(self, task: Task) -> dict[int, Any]:
        from smile_core.report.where import maps_of

        explanation = self._known(task)
        known = self._maps.get(task)
        if known is None or known[0] is not explanation:
            known = self._maps[task] = (explanation, maps_of(explanation))
        maps: dict[int, Any] = known[1]
        return maps


def die_with_parent() -> None:
    """On Linux, have the kernel end this process with its parent, even one that is killed."""
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def picture_of(task: Task) -> Picture:
    """A task's picture, if it is still the file that was named and checked: no other one, and no link in its place.

    Raises:
        ImageError: it is not, or cannot be read.
    """
    from smile_core.picture import load_picture

    found = os.lstat(task.image) if os.path.lexists(task.image) else None
    if found is not None and not (stat.S_ISREG(found.st_mode) and (found.st_mtime_ns, found.st_size) == task.stamp):
        raise ImageError(f"{Path(task.image).name} changed before it was read; explain the prompt again")
    return load_picture(Path(task.image))


def step_back() -> None:
    """Let the daemon, the editors and whatever else people look at go first where processors are few."""
    if hasattr(os, "nice"):
        os.nice(5)


def main(arguments: Sequence[str] | None = None, *, run: Callable[[Worker], None] = Worker.work) -> None:
    """The process's entry point."""
    parser = argparse.ArgumentParser(description="The worker process of the SMILE Lens daemon.")
    parser.add_argument("--private", action="store_true", help="keep edits in memory only")
    parser.add_argument("--model-memory", type=int, help="bytes of weights to keep warm")
    parser.add_argument(
        "--devices", default=os.environ.get("SMILE_DEVICES") or None, help="all, or names with commas between"
    )
    options = parser.parse_args(arguments)
    die_with_parent()
    step_back()
    # Libraries may print; nothing but frames may reach the parent.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = Worker(out, private=options.private, model_memory=options.model_memory, devices=options.devices)
    stream = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    threading.Thread(target=worker.read_from, args=(stream,), name="reading", daemon=True).start()
    run(worker)


if __name__ == "__main__":
    main()
