"""From what the user wrote to prompts, pictures, editors and evidence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from smile_core.errors import SmileError
from smile_core.report.wording import printable

if TYPE_CHECKING:
    from smile_core.editing import Progress
    from smile_core.evidence import AnyEvidence
    from smile_core.explainer import Explainer
    from smile_core.explanation import Explanation
    from smile_core.picture import Picture


@dataclass(frozen=True)
class Task:
    """One prompt to explain, where it came from, and on what."""

    prompt: str
    place: str
    image: Path
    model: str
    seed: int
    area: str | None = None


def tasks_of(what: str, image: Path | None, model: str | None, seed: int | None, area: str | None = None) -> list[Task]:
    """The prompts that the user means; options win over a document's front matter."""
    from smile_core.area_names import beside
    from smile_core.documents.edit_document import parse_edit_document
    from smile_core.prompt import Prompt

    if not what.endswith(".edit"):
        if image is None:
            raise SmileError("no picture is given; add --image FILE (`smile scene -o scene.png` draws one)")
        return [Task(what, "", image, model or "scenes-turbo", seed or 0, area)]
    path = Path(what)
    if not path.is_file():
        raise SmileError(f"{path} is not there; give a prompt in quotes, or the path of an .edit document")
    try:
        document = parse_edit_document(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SmileError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except SmileError as error:
        raise type(error)(f"{path}, {error}") from error
    if image is None and document.image is None:
        raise SmileError(f"{path} names no picture; add `image: FILE` between two lines of --- at its top, or --image")
    if not document.prompts:
        raise SmileError(f"{path} holds no prompt; write one below the second line of ---")
    picture = image if image is not None else path.parent / str(document.image)
    if area is None and document.area is not None:
        area = beside(document.area, path.parent)
    for prompt in document.prompts:
        try:
            _ = Prompt(prompt.text).words
        except SmileError as error:
            raise type(error)(f"{path}, line {prompt.line}: {error}") from error
    return [
        Task(
            prompt.text,
            f"{path}, line {prompt.line}: ",
            picture,
            model or document.model or "scenes-turbo",
            seed if seed is not None else document.seed or 0,
            area,
        )
        for prompt in document.prompts
    ]


MOST_EDITS = 96
"""An explanation's own edits at most, with its placebos and some tried twice."""


def editor_of(
    task: Task,
    *,
    steps: int | None = None,
    guided: float | None = None,
    reuse: int | None = None,
    paid_edits: int | None = None,
    most: int = MOST_EDITS,
    devices: str | None = None,
    most_rows: int | None = None,
) -> Any:
    """The editor of a task; one that costs money only after the user agreed to `most` edits or said how many."""
    if task.model == "oracle":
        from smile_core.scenes.oracle import OracleEditor
        from smile_core.scenes.scene_png import scene_of

        return OracleEditor(scene_of(task.image))
    paid = task.model.startswith(("https://", "http://"))
    given = {"steps": steps, "guided": guided, "reuse": reuse, "most_rows": most_rows}
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not paid and devices:
        return _on_devices(task.model, devices, settings)
    if not paid and not settings:
        return task.model
    from smile_core.editors.protocol import AsksFirst
    from smile_core.editors.registry import open_editor

    editor = open_editor(task.model, **settings)
    if isinstance(editor, AsksFirst):
        if paid_edits is None:
            if not sys.stdin.isatty():
                raise SmileError(f"this costs {editor.expected_cost(most)}; agree with --paid-edits {most}")
            if not typer.confirm(f"This costs {editor.expected_cost(most)}. Go on?", err=True):
                raise SmileError("nothing was sent")
        editor.allow(paid_edits or most)
    return editor


_told_devices: set[str] = set()


def _on_devices(model: str, devices: str, settings: dict[str, Any]) -> Any:
    from smile_core.hosts.split import open_on

    editor, line = open_on(model, devices, **settings)
    if line is not None and line not in _told_devices:
        _told_devices.add(line)
        typer.echo(f"smile: {line}", err=True)
    return editor


@contextmanager
def kept_evidence(private: bool) -> Iterator[AnyEvidence]:
    """Where edits are kept: on disk for the next time, or nowhere; trouble with the disk is said once."""
    from smile_core.evidence import Evidence
    from smile_core.evidence_store import EvidenceStore

    if private:
        yield Evidence()
        return
    store = EvidenceStore()
    try:
        yield store
    finally:
        store.close()
        for note in store.notes:
            typer.echo(f"smile: {printable(note)}", err=True)


def explained_task(task: Task, explainer: Explainer, picture: Picture) -> Explanation:
    """Explain one task; an error says where in the document its prompt stands."""
    try:
        with _progress(task) as progress:
            return explainer.explain(task.prompt, picture, area=task.area, seed=task.seed, progress=progress)
    except SmileError as error:
        raise type(error)(f"{task.place}{error}") from error


@contextmanager
def _progress(task: Task) -> Iterator[Callable[[Progress], None] | None]:
    """A bar with the time left, on a terminal only; before the first edit it says that the model loads."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    prompt = " ".join(task.prompt.split())
    short = prompt if len(prompt) <= 32 else f"{prompt[:31]}…"
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TextColumn("edits"))
    with Bar(*columns, TimeRemainingColumn(compact=True), console=console, transient=True) as bar:
        line = bar.add_task(f"loading {task.model}", total=None)

        def update(state: Progress) -> None:
            bar.update(line, description=short, completed=state.done, total=state.total)

        yield update
