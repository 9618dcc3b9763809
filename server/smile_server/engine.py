"""The engine that all sessions share: a queue of jobs in front of one worker process, and what is known already.

Jobs have priorities: a hover comes before what is visible, that before the background. One job that needs a model
runs at a time; a more urgent one sends it back to the queue at its next batch, and since every finished edit is
evidence, nothing is lost. Equal tasks of several sessions are one job. A job that nobody watches any more is
cancelled. When the worker dies it is started again and the job is tried once more, then shown with the cause.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smile_core.editors.names import shipped_names
from smile_core.hosts.tasks import Task
from smile_server.cards import Cards
from smile_server.jobs import Job, JobFailed, Priority, Update, Watcher
from smile_server.protocol import Forecast, ModelStatus, StatusResult
from smile_server.worker_client import WorkerClient

KEPT_VIEWS = 2000
MOST_WAITING = 1000
"""Jobs that wait at once; what comes then is refused."""
FULL = ("other", f"{MOST_WAITING} prompts wait already; ask again when some of them are done")
STUCK_AFTER = 90.0
"""Seconds without a word from a worker that has a job."""


@dataclass(eq=False)
class Watch:
    """One watcher's interest in a task. Closing the last one cancels the job."""

    engine: Engine
    task: Task
    hear: Watcher
    priority: Priority
    open: bool = True

    def close(self) -> None:
        """Lose interest; nothing is heard afterwards."""
        if self.open:
            self.open = False
            self.engine._left(self)

    def hurry(self, priority: Priority) -> None:
        """Change how urgent it is."""
        if self.open and priority != self.priority:
            self.priority = priority
            self.engine._reordered(self.task)


class Engine:
    """See the module's text. All methods are called on the event loop's thread and none blocks."""

    def __init__(self, *, private: bool = False, model_memory: int | None = None) -> None:
        arguments = ["--private"] if private else []
        self._arguments = [*arguments, *(["--model-memory", str(model_memory)] if model_memory else [])]
        self._worker: WorkerClient | None = None
        self._starting: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._serials = itertools.count()
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._light: dict[int, Job] = {}
        self._explaining: dict[Task, Job] = {}
        self._views: OrderedDict[Task, dict[str, Any]] = OrderedDict()
        self._cards = Cards()
        self._models: dict[str, list[Any]] = {}
        self._device, self._edits = "", 0
        self._heard = time.monotonic()
        self._closed = False
        self._said_ready = False
        self.unload_minutes, self.leave_minutes = 10.0, 30.0
        self.tell_status: Callable[[], StatusResult] = self.status
        self.seconds_per_edit: dict[str, float] = {}
        self.first_answer: float | None = None
        self.on_status: list[Callable[[], None]] = []
        self.notes: tuple[str, ...] = ()

    async def start(self) -> None:
        """Nothing yet: the worker starts with the first interest in it."""

    async def close(self) -> None:
        """End the worker; what waits is cancelled."""
        self._closed = True
        for job in [*self._waiting, *([self._running] if self._running else []), *self._light.values()]:
            self._finish(job, failure=("worker", "the daemon is leaving"))
        self._waiting.clear()
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._worker is not None:
            await self._worker.close()

    async def unload(self) -> None:
        """Close all models, give their memory back, and end the worker, which is the surest way to do so."""
        if self._worker is not None and not self.busy:
            worker, self._worker = self._worker, None
            await worker.close()
            self._models, self._said_ready = {}, False
            self._tell()

    def warm(self, model: str | None = None) -> None:
        """Start the worker, and load a model, ahead of the first prompt."""
        self._ensure_worker()
        if model is not None and self._models.get(model, ["cold"])[0] == "cold" and model != "oracle":
            task = Task("", "", (0, 0), model)
            if not any(job.do == "warm" and job.task == task for job in self._waiting) and self._running is None:
                self._enqueue(Job("warm", {"model": model}, Priority.BACKGROUND, task))

    @property
    def busy(self) -> bool:
        """Whether a job waits or runs."""
        return bool(self._running or self._waiting or self._light)

    def status(self) -> StatusResult:
        """What it is doing; never waits for the worker."""
        silent = time.monotonic() - self._heard
        if self._running is not None and silent > STUCK_AFTER:
            state = "stuck"
        elif self._worker is not None and not self._said_ready:
            state = "starting"
        else:
            state = "busy" if self.busy else "idle"
        names = list(dict.fromkeys([*shipped_names(), *self._models]))
        models = []
        for name in names:
            kind, size, detail = self._models.get(name, ["cold", 0, ""])
            models.append(ModelStatus(name, detail if kind == "warm" else "", kind, int(size), detail))
        return StatusResult(
            state=state,  # type: ignore[arg-type]
            version="",
            pid=0,
            worker_pid=self._worker.pid if self._worker else None,
            uptime=0.0,
            sessions=0,
            jobs=len(self._waiting) + (self._running is not None),
            edits=self._edits,
            memory=0,
            device=self._device,
            models=tuple(models),
        )

    def known(self, task: Task) -> dict[str, Any] | None:
        """The finished view of a task, if this daemon has seen it."""
        view = self._views.get(task)
        if view is not None:
            self._views.move_to_end(task)
        return view

    def forget(self) -> None:
        """Drop every view and card."""
        self._views.clear()
        self._cards.clear()

    def watch(self, task: Task, hear: Watcher, priority: Priority) -> Watch:
        """Have a task explained and hear of it, better and better; what is known is heard at once."""
        watch = Watch(self, task, hear, priority)
        view = self.known(task)
        if view is not None:
            asyncio.get_running_loop().call_soon(self._say, watch, Update(view, True))
            return watch
        job = self._explaining.get(task)
        if job is None and len(self._waiting) >= MOST_WAITING:
            asyncio.get_running_loop().call_soon(self._say, watch, Update(None, False, failure=FULL))
            return watch
        if job is None:
            job = Job("explain", {}, priority, task)
            self._explaining[task] = job
            job.watches.append(watch)
            self._enqueue(job)
        else:
            job.watches.append(watch)
            if job.view is not None or job.forecast is not None:
                update = Update(job.view, False, job.forecast)
                asyncio.get_running_loop().call_soon(self._say, watch, update)
            self._reordered(task)
        return watch

    async def explained(self, task: Task, priority: Priority) -> dict[str, Any]:
        """The finished view of a task.

        Raises:
            JobFailed: it could not be explained, or was cancelled.
        """
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def hear(update: Update) -> None:
            if future.done():
                return
            if update.failure is not None:
                future.set_exception(JobFailed(*update.failure))
            elif update.cancelled:
                future.set_exception(JobFailed("other", "stopped on request"))
            elif update.final and update.view is not None:
                future.set_result(update.view)

        watch = self.watch(task, hear, priority)
        try:
            return await future
        finally:
            watch.close()

    async def ask(
        self, do: str, task: Task, priority: Priority = Priority.ASKED, **given: Any
    ) -> tuple[dict[str, Any], list[bytes]]:
        """One request about a task: "preview", "verify", "compare", "card", "report", "export" or "clear".

        "card", "report" and "export" need the finished explanation; it is made first where it is not there.

        Raises:
            JobFailed: it could not be done.
        """
        for attempt in range(2):
            job = Job(do, given, priority, task, future=asyncio.get_running_loop().create_future())
            assert job.future is not None
            if max(len(self._waiting), len(self._light)) >= MOST_WAITING:
                raise JobFailed(*FULL)
            if do in ("preview", "verify", "compare") and given.get("make", True):
                self._enqueue(job)
            else:
                self._ensure_worker()
                self._send(job)
                self._light[job.id] = job
            try:
                return await job.future
            except asyncio.CancelledError:
                self._drop(job)
                raise
            except JobFailed as failure:
                if failure.kind != "forgotten" or attempt:
                    raise
                self._views.pop(task, None)
                await self.explained(task, priority)
        raise JobFailed("other", "the explanation was lost twice; try again")

    async def card(self, task: Task, word: int, theme: str, most_bytes: int) -> tuple[dict[str, Any], bytes]:
        """The hover picture of an effective word, drawn once."""
        found = self._cards.get(task, (word, theme, most_bytes))
        if found is not None:
            return found
        answer, blobs = await self.ask("card", task, Priority.HOVER, word=word, theme=theme, most_bytes=most_bytes)
        if task in self._views:  # A card of an unfinished explanation would grow stale.
            self._cards.put(task, (word, theme, most_bytes), (answer, blobs[0]))
        return answer, blobs[0]

    def forget_cards(self, task: Task) -> None:
        """Drop the cards of a task, since an edit that they lack has been made."""
        self._cards.forget(task)

    def cancel(self, task: Task) -> None:
        """Stop the explanation of a task for everybody, because a user said so."""
        job = self._explaining.get(task)
        if job is None:
            return
        watches = list(job.watches)
        self._drop(job)
        for watch in watches:
            self._say(watch, Update(job.view, False, cancelled=True))

    # The queue.

    def _enqueue(self, job: Job) -> None:
        job.serial = next(self._serials)
        self._waiting.append(job)
        self._ensure_worker()
        self._pump()
        self._tell()

    def _pump(self) -> None:
        """Start the most urgent job, or ask the running one to make room for a more urgent one."""
        if not self._waiting or self._worker is None or self._worker.pid is None:
            return
        best = min(self._waiting, key=lambda job: (job.priority, job.serial))
        if self._running is None:
            self._waiting.remove(best)
            self._running = best
            best.started = time.monotonic()
            self._send(best)
        elif best.priority < self._running.priority and not self._running.again and self._running.do == "explain":
            self._running.again = True
            self._worker.send({"do": "cancel", "id": self._running.id})

    def _send(self, job: Job) -> None:
        job.id = next(self._ids)
        if self._worker is not None:
            self._worker.send({"id": job.id, "do": job.do, "task": job.task.to_data(), **job.given})
        self._heard = time.monotonic()

    def _drop(self, job: Job) -> None:
        """Nobody wants this job any more."""
        if self._explaining.get(job.task) is job:
            del self._explaining[job.task]
        job.watches = []
        if job in self._waiting:
            self._waiting.remove(job)
        elif job.id and self._worker is not None:
            job.again = False
            self._worker.send({"do": "cancel", "id": job.id})
        self._light.pop(job.id, None)
        self._tell()

    def _left(self, watch: Watch) -> None:
        job = self._explaining.get(watch.task)
        if job is not None and watch in job.watches:
            job.watches.remove(watch)
            if not job.watches:
                self._drop(job)
            else:
                self._reordered(watch.task)

    def _reordered(self, task: Task) -> None:
        job = self._explaining.get(task)
        if job is not None and job.watches:
            job.priority = min(watch.priority for watch in job.watches)
            self._pump()

    # The worker.

    def _ensure_worker(self) -> None:
        if self._closed or (self._worker is not None and self._worker.pid is not None) or self._starting is not None:
            return
        self._worker = WorkerClient(self._message, self._died, arguments=self._arguments)
        self._said_ready = False
        self._heard = time.monotonic()
        self._starting = asyncio.get_running_loop().create_task(self._start_worker(self._worker))

    async def _start_worker(self, worker: WorkerClient) -> None:
        try:
            await worker.start()
        except OSError as error:
            self._starting = None
            self._died(f"the worker process cannot be started ({error.strerror})")
            return
        self._starting = None
        for job in self._light.values():  # Asked while there was nobody to hear it.
            worker.send({"id": job.id, "do": job.do, "task": job.task.to_data(), **job.given})
        self._pump()
        self._tell()

    def _message(self, message: dict[str, Any], blobs: list[bytes]) -> None:
        self._heard = time.monotonic()
        said = message["say"]
        if said == "state":
            self._said_ready = True
            self._models, self._device, self._edits = message["models"], message["device"], message["edits"]
            self.notes = tuple(message.get("notes", ()))
            self._tell()
            return
        running = self._running
        job = running if running is not None and running.id == message["id"] else self._light.get(message["id"])
        if job is None:
            return
        if said == "progress":
            job.forecast = Forecast(message["made"], message["expected"], message["left"])
            self._hear(job, Update(job.view, False, job.forecast))
        elif said == "view":
            if job.view is None:
                self.first_answer = time.monotonic() - job.started
            job.view = message["view"]
            self._hear(job, Update(job.view, False, job.forecast))
        else:
            self._answered(job, said, message, blobs)

    def _answered(self, job: Job, said: str, message: dict[str, Any], blobs: list[bytes]) -> None:
        self._light.pop(job.id, None)
        if job is self._running:
            self._running = None
        if said == "cancelled" and job.again:
            job.again = False
            self._waiting.append(job)  # With its old serial, so that it keeps its place.
        elif said == "done":
            self._finish(job, result=(message["result"], blobs))
        elif said == "forgotten":
            self._finish(job, failure=("forgotten", "the explanation is not here any more"))
        elif said == "failed":
            self._finish(job, failure=(message["kind"], message["text"]))
        else:
            self._finish(job, failure=None)
        self._pump()
        self._tell()

    def _finish(
        self,
        job: Job,
        *,
        result: tuple[dict[str, Any], list[bytes]] | None = None,
        failure: tuple[str, str] | None = None,
    ) -> None:
        if self._explaining.get(job.task) is job:
            del self._explaining[job.task]
        if job.do == "explain" and result is not None:
            view = result[0]["view"]
            self._views[job.task] = view
            while len(self._views) > KEPT_VIEWS:
                self._views.popitem(last=False)
            made = view["quality"]["edits"] - view["quality"]["known"]
            if made > 4:
                self.seconds_per_edit[job.task.model] = (time.monotonic() - job.started) / made
            self.forget_cards(job.task)
            self._hear(job, Update(view, True, job.forecast))
        elif job.do == "explain":
            self._hear(job, Update(job.view, False, failure=failure, cancelled=failure is None))
        if job.future is not None and not job.future.done():
            if result is not None:
                job.future.set_result(result)
            else:
                job.future.set_exception(JobFailed(*(failure or ("other", "stopped on request"))))

    def _died(self, cause: str) -> None:
        """Start the worker again; every job is tried once more."""
        lost = [job for job in (self._running, *self._light.values()) if job is not None]
        self._running, self._light, self._models = None, {}, {}
        for job in lost:
            if job.retried:
                self._finish(job, failure=("worker", f"{cause}, twice; see `smile daemon logs`"))
            else:
                job.retried, job.again = True, False
                if job.do in ("explain", "preview", "verify", "compare", "warm"):
                    self._waiting.append(job)
                else:
                    self._finish(job, failure=("forgotten", cause))
        if self._waiting and not self._closed:
            self._ensure_worker()
        self._tell()

    def _hear(self, job: Job, update: Update) -> None:
        for watch in list(job.watches):
            self._say(watch, update)

    def _say(self, watch: Watch, update: Update) -> None:
        if watch.open:
            watch.hear(update)

    def _tell(self) -> None:
        for listener in list(self.on_status):
            listener()


def new_engine() -> Engine:
    """The engine as the daemon makes it."""
    return Engine()
