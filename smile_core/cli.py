"""The shell: `smile explain`, `smile preview`, `smile compare`, `smile evaluate`, `smile models`, `smile scene`,
`smile evidence`.

Exit codes: 0 done, 1 refused with one line that says what to do, 2 wrong usage, 130 stopped by Ctrl-C.
Results go to standard output; progress, notes and errors to standard error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smile_core.errors import SmileError
from smile_core.report.wording import printable

if TYPE_CHECKING:
    from smile_core.editing import Progress
    from smile_core.evidence import AnyEvidence
    from smile_core.explainer import Explainer
    from smile_core.explanation import Explanation
    from smile_core.picture import Picture

app = typer.Typer(
    name="smile",
    help="Show what every word of an image-editing instruction does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

evidence_app = typer.Typer(help="Show what is stored of edits made; `clear` removes it.", rich_markup_mode=None)
app.add_typer(evidence_app, name="evidence")

Image = Annotated[Path | None, typer.Option("--image", "-i", help="The picture to edit.")]
Model = Annotated[
    str | None, typer.Option("--model", "-m", help="Name, diffusers folder or hub id; oracle for scenes.")
]
Seed = Annotated[int | None, typer.Option(help="Seed of the editor's noise.")]
Area = Annotated[
    str | None,
    typer.Option(help="Where an inpainting model may paint: left,top,right,bottom, a mask's file, segment:FOLDER."),
]
Steps = Annotated[int | None, typer.Option(min=1, help="Steps of the model; fewer than its own make a draft.")]
Devices = Annotated[
    str | None,
    typer.Option(envvar="SMILE_DEVICES", help="Split the edits over devices: all, or such as cuda:0,cuda:1."),
]
MostRows = Annotated[
    int | None,
    typer.Option(min=1, help="Most rows of a batch that the model computes at once; fewer need less memory."),
]
PaidEdits = Annotated[int | None, typer.Option(min=1, help="Allow this many edits of a server that costs money.")]
Private = Annotated[bool, typer.Option("--private", help="Keep edits in memory only; neither use nor store any.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")]


@dataclass(frozen=True)
class _Task:
    """One prompt to explain, where it came from, and on what."""

    prompt: str
    place: str
    image: Path
    model: str
    seed: int
    area: str | None = None


@contextmanager
def _one_line_errors(debug: bool) -> Iterator[None]:
    """Turn what goes wrong into one line and an exit code."""
    try:
        yield
    except SmileError as error:
        if debug:
            raise
        typer.echo(f"smile: {printable(str(error))}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("smile: stopped; nothing was written", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        # The reader has gone, as `| head` does; Python would complain again while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except Exception as error:
        if debug:
            raise
        text = printable(str(error))[:200]
        typer.echo(f"smile: unexpected {type(error).__name__}: {text}; run again with --debug", err=True)
        raise typer.Exit(1) from None


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="PROMPT|FILE.edit", help="An instruction, or a document of them.")],
    image: Image = None,
    model: Model = None,
    seed: Seed = None,
    area: Area = None,
    steps: Steps = None,
    draft: Annotated[
        int | None, typer.Option(min=1, help="First a draft of this many steps, then how far the exact one agrees.")
    ] = None,
    devices: Devices = None,
    most_rows: MostRows = None,
    paid_edits: PaidEdits = None,
    seeds: Annotated[int | None, typer.Option(help="Repeat over this many noise seeds.")] = None,
    budget: Annotated[int | None, typer.Option(help="Most edits per seed.")] = None,
    half_width: Annotated[float | None, typer.Option(help="Stop early when intervals are narrower (0.04).")] = None,
    design: Annotated[str | None, typer.Option(help="auto, exact, fold-over, bernoulli or leave-one-out.")] = None,
    feature: Annotated[str | None, typer.Option(help="patches, pixels or dinov2:FOLDER.")] = None,
    distance: Annotated[str | None, typer.Option(help="mean-l2, wasserstein, cosine, ... (see the docs).")] = None,
    response: Annotated[
        str | None, typer.Option(help="auto, projection, regions, distance; minmax as published.")
    ] = None,
    kernel: Annotated[str | None, typer.Option(help="uniform, words:FILE or published:FILE.")] = None,
    surrogate: Annotated[str | None, typer.Option(help="least-squares, ridge or bayesian-ridge.")] = None,
    target: Annotated[str | None, typer.Option(help="linear or shapley.")] = None,
    preset: Annotated[str, typer.Option(help="default, paper, or paper-a to paper-d.")] = "default",
    json: Annotated[bool, typer.Option("--json", help="Print JSON without pictures instead of text.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a report with pictures.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write one picture of the result.")] = None,
    private: Private = False,
    debug: Debug = False,
) -> None:
    """Explain a prompt, or every prompt of a document."""
    with _one_line_errors(debug):
        from smile_core.explainer import Explainer
        from smile_core.explanation import save
        from smile_core.method import Method
        from smile_core.picture import load_picture

        given = {
            "seeds": seeds,
            "budget": budget,
            "half_width": half_width,
            "design": design,
            "surrogate": surrogate,
            "target": target,
            "feature": feature,
            "distance": distance,
            "response": response,
            "kernel": kernel,
        }
        method = Method.preset(preset).changed(**{name: value for name, value in given.items() if value is not None})
        tasks = _tasks(what, image, model, seed, area)
        _check_suffix(html, ".html")
        _check_suffix(png, ".png")
        if png is not None and len(tasks) > 1:
            raise SmileError(f"{what} holds {len(tasks)} prompts, a PNG shows one; use --html")
        pictures = {path: load_picture(path) for path in dict.fromkeys(task.image for task in tasks)}
        explainers: dict[tuple[str, Path | None, int | None], Explainer] = {}
        explanations = []
        most = len(tasks) * method.seeds * (method.budget or _MOST_EDITS)

        def explained(task: _Task, number: int | None) -> Explanation:
            key = (task.model, task.image if task.model == "oracle" else None, number)
            if key not in explainers:
                editor = _editor(
                    task, steps=number, paid_edits=paid_edits, most=most, devices=devices, most_rows=most_rows
                )
                explainers[key] = Explainer(editor, method=method, evidence=kept)
            if number is not None and number == draft:
                _check_draft(explainers[key], steps, draft)
            return _explained(task, explainers[key], pictures[task.image])

        with _evidence(private) as kept:
            for task in tasks:
                if draft is not None:
                    explanations.append(explained(task, draft))
                    # At once: that it comes early is what a draft is for.
                    _show([] if json else explanations[-1:], as_json=False)
                explanations.append(explained(task, steps))
                if draft is not None:
                    _tell_agreement(explanations[-2:], draft)
        # Files first: a reader of the text who leaves early must not cost the report.
        written = [("report", save(explanations, html))] if html is not None else []
        written += [("picture", save(explanations, png))] if png is not None else []
        # Drafts were shown when they were ready.
        _show(explanations if json or draft is None else explanations[1::2], as_json=json)
        for kind, path in written:
            typer.echo(f"{kind}: {path}", err=json)


@app.command()
def preview(
    prompt: Annotated[str, typer.Argument(help="The instruction.")],
    image: Image = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the edited picture (PNG).")] = Path(
        "preview.png"
    ),
    model: Model = None,
    seed: Seed = None,
    area: Area = None,
    steps: Steps = None,
    devices: Devices = None,
    most_rows: MostRows = None,
    paid_edits: PaidEdits = None,
    private: Private = False,
    debug: Debug = False,
) -> None:
    """Write the picture that a prompt makes."""
    with _one_line_errors(debug):
        from PIL import Image as Pillow

        from smile_core.explainer import Explainer
        from smile_core.picture import load_picture
        from smile_core.whole_file import write_whole

        _check_suffix(out, ".png")
        tasks = _tasks(prompt, image, model, seed, area)
        if len(tasks) > 1:
            raise SmileError(f"{prompt} holds {len(tasks)} prompts, a preview shows one; give the prompt itself")
        task, picture = tasks[0], load_picture(tasks[0].image)
        with _evidence(private) as kept:
            editor = _editor(task, steps=steps, paid_edits=paid_edits, most=2, devices=devices, most_rows=most_rows)
            explainer = Explainer(editor, evidence=kept)
            made = explainer.preview(task.prompt, picture, area=task.area, seed=task.seed)
        for note in made.notes:
            typer.echo(f"smile: {note}", err=True)
        buffer = io.BytesIO()
        Pillow.fromarray(made.picture).save(buffer, "PNG")
        typer.echo(f"picture: {write_whole(out, buffer.getvalue())}")


@app.command()
def compare(
    prompts: Annotated[list[str], typer.Argument(metavar="PROMPT [PROMPT]", help="One instruction, or two.")],
    image: Image = None,
    models: Annotated[str | None, typer.Option("--models", "-m", help="Models, with commas between.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds, with commas between.")] = None,
    steps: Annotated[str | None, typer.Option(help="Steps of the models, with commas between.")] = None,
    area: Area = None,
    paid_edits: PaidEdits = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write all explanations as one report with pictures.")] = None,
    private: Private = False,
    debug: Debug = False,
) -> None:
    """Set explanations side by side: several models or seeds with one prompt, or two prompts."""
    with _one_line_errors(debug):
        from rich.console import Console

        from smile_core.compare import compare as compared
        from smile_core.explainer import Explainer
        from smile_core.explanation import save
        from smile_core.picture import load_picture
        from smile_core.report.comparison import comparison_json, comparison_text

        _check_suffix(html, ".html")
        if image is None:
            raise SmileError("no picture is given; add --image FILE (`smile scene -o scene.png` draws one)")
        columns = [
            (prompt, model, seed, number)
            for prompt in prompts
            for model in _listed(models, "scenes-turbo")
            for seed in _numbers(seeds, "seeds")
            for number in (_numbers(steps, "steps") if steps else [None])
        ]
        if len(columns) < 2:
            raise SmileError(
                "there is nothing to compare; give two prompts, --models a,b, --seeds 0,1 or --steps 20,10"
            )
        picture, explanations, names = load_picture(image), [], []
        explainers: dict[tuple[str, int | None], Explainer] = {}
        with _evidence(private) as kept:
            for prompt, model, seed, number in columns:
                task = _Task(prompt, "", image, model, seed, area)
                if (model, number) not in explainers:
                    most = len(columns) * _MOST_EDITS
                    editor = _editor(task, steps=number, paid_edits=paid_edits, most=most)
                    explainers[model, number] = Explainer(editor, evidence=kept)
                if area is not None and not explainers[model, number].paints_in_area:
                    task = replace(task, area=None)
                    typer.echo(f"smile: {model} edits the whole picture; the area is for the others", err=True)
                explanations.append(_explained(task, explainers[model, number], picture))
                several = (len(prompts) > 1, models is not None, seeds is not None, steps is not None)
                parts = [prompt[:24], Path(model).name, f"seed {seed}", f"{number} steps"]
                names.append(" ".join(part for part, shown in zip(parts, several, strict=True) if shown))
        found = compared(explanations, names)
        written = save(explanations, html) if html is not None else None
        typer.echo(comparison_json(found) if json else comparison_text(found, width=Console().width), nl=json)
        if written is not None:
            typer.echo(f"report: {written}", err=json)


def _listed(text: str | None, usual: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()] if text else [usual]


def _numbers(text: str | None, what: str) -> list[int]:
    try:
        return [int(part) for part in _listed(text, "0")]
    except ValueError:
        raise SmileError(f"{what} {text!r} are not whole numbers; write for instance --{what} 0,1,2") from None


@app.command()
def evaluate(
    what: Annotated[
        str | None, typer.Argument(metavar="PROMPT|FILE.edit", help="What `explain` takes; leave out with --suite.")
    ] = None,
    suite: Annotated[str | None, typer.Option(help="scenes: forty labelled prompts with their own pictures.")] = None,
    image: Image = None,
    model: Model = None,
    seed: Seed = None,
    paid_edits: PaidEdits = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    png: Annotated[Path | None, typer.Option(help="Write a plot of the deletion and insertion curves.")] = None,
    private: Private = False,
    debug: Debug = False,
) -> None:
    """Test explanations by more edits: stability, consistency, accuracy, faithfulness."""
    with _one_line_errors(debug):
        from smile_core.evaluate import evaluate as evaluated
        from smile_core.explainer import Explainer
        from smile_core.report.evaluation import evaluation_json, evaluation_png, evaluation_text
        from smile_core.whole_file import write_whole

        _check_suffix(png, ".png")
        if (what is None) == (suite is None):
            raise SmileError("give a prompt or a document, or --suite scenes, not both")
        results = []
        with _evidence(private) as kept:
            tests = _suite(suite, model) if suite is not None else _tests(str(what), image, model, seed, paid_edits)
            explainers: dict[str, Explainer] = {}
            for number, (prompt, picture, editor, its_seed, needed) in enumerate(tests, start=1):
                if sys.stderr.isatty():
                    typer.echo(f"\r{number} of {len(tests)} prompts", nl=False, err=True)
                if isinstance(editor, str):
                    explainer = explainers.setdefault(editor, Explainer(editor, evidence=kept))
                else:
                    explainer = Explainer(editor, evidence=kept)
                results.append(evaluated(explainer, prompt, picture, seed=its_seed, needed=needed))
        if sys.stderr.isatty():
            typer.echo("\r" + " " * 24 + "\r", nl=False, err=True)
        if png is not None:
            write_whole(png, evaluation_png(results))
        typer.echo(evaluation_json(results) if json else evaluation_text(results), nl=json)
        if png is not None:
            typer.echo(f"plot: {png}", err=json)


_Test = tuple[str, Any, Any, int, tuple[bool, ...] | None]


def _suite(name: str, model: str | None) -> list[_Test]:
    """The labelled prompts of a suite: prompt, picture, editor, seed, labels."""
    from smile_core.scenes.draw import draw
    from smile_core.scenes.labelled import labelled_prompts
    from smile_core.scenes.oracle import OracleEditor

    if name != "scenes":
        raise SmileError(f"there is no suite {name!r}; use scenes")
    return [
        (
            one.prompt,
            draw(one.scene),
            OracleEditor(one.scene) if model == "oracle" else model or "scenes-turbo",
            0,
            one.needed,
        )
        for one in labelled_prompts()
    ]


def _tests(what: str, image: Path | None, model: str | None, seed: int | None, paid_edits: int | None) -> list[_Test]:
    return [
        (task.prompt, task.image, _editor(task, paid_edits=paid_edits, most=_MOST_TESTED), task.seed, None)
        for task in _tasks(what, image, model, seed)
    ]


def _nowhere() -> frozenset[str]:
    return frozenset()


loaded_elsewhere: Callable[[], frozenset[str]] = _nowhere
"""Which models other processes of this user hold in memory; the console command asks the daemon."""

models_app = typer.Typer(help="List the models that are there; `pull` fetches one.", rich_markup_mode=None)
app.add_typer(models_app, name="models")


@models_app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    debug: Debug = False,
) -> None:
    """List the models that are there; `pull` fetches one."""
    if context.invoked_subcommand is not None:
        return
    with _one_line_errors(debug):
        from smile_core.editors.inventory import as_json, as_text, known_models

        found = known_models(loaded_elsewhere())
        typer.echo(as_json(found) if json else as_text(found))


@models_app.command("pull")
def pull_model(
    name: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="A diffusers model on the Hugging Face hub.")],
    revision: Annotated[str, typer.Option(help="Branch, tag or commit; it is pinned.")] = "main",
    debug: Debug = False,
) -> None:
    """Fetch a model by its hub id: safetensors only, one revision, hashes kept. Nothing else ever fetches."""
    with _one_line_errors(debug):
        from smile_core.editors.fetched import pull

        model = pull(name, revision=revision)
        typer.echo(f"{model.name} at {model.revision[:12]}, {model.megabytes:.0f} MB, licence: {model.licence}")
        typer.echo(f"{model.folder}\nsha256 of all files {model.sha256}")


@models_app.command("convert-turbo")
def convert_turbo_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(help="The published file, such as edge_to_image_loras.pkl.")],
    base: Annotated[Path, typer.Argument(help="A diffusers folder of SD-Turbo.")],
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    edges: Annotated[bool, typer.Option("--edges/--plain", help="Trained on Canny's edges, or on pictures.")] = True,
    debug: Debug = False,
) -> None:
    """Convert a published Img2Img-Turbo checkpoint to safetensors, without running what it holds."""
    with _one_line_errors(debug):
        from smile_core.editors.turbo_checkpoint import convert_turbo

        typer.echo(f"model: {convert_turbo(checkpoint, base, out, edges=edges)}")


@app.command()
def scene(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the picture (PNG).")] = Path("scene.png"),
    seed: Annotated[int, typer.Option(min=0, help="Which scene.")] = 0,
    debug: Debug = False,
) -> None:
    """Draw a cartoon scene to try prompts on."""
    with _one_line_errors(debug):
        from smile_core.scenes.scene import random_scene
        from smile_core.scenes.scene_png import scene_png
        from smile_core.whole_file import write_whole

        _check_suffix(out, ".png")
        drawn = random_scene(seed)
        write_whole(out, scene_png(drawn))
        things = ", ".join(f"{thing.colour} {thing.kind}" for thing in drawn.things)
        typer.echo(f"{out}: {things}; {drawn.season}, {drawn.time}, {drawn.weather}")


@evidence_app.callback(invoke_without_command=True)
def evidence(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    debug: Debug = False,
) -> None:
    """Show what is stored of edits made; `clear` removes it."""
    if context.invoked_subcommand is not None:
        return
    with _one_line_errors(debug):
        from smile_core.evidence_place import EvidencePlace, default_folder
        from smile_core.evidence_upkeep import as_json, as_text, stored

        found = stored(EvidencePlace(default_folder()))
        typer.echo(as_json(found) if json else as_text(found))


@evidence_app.command("clear")
def clear_evidence(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    debug: Debug = False,
) -> None:
    """Remove all stored edits; they will be made again when they are needed."""
    with _one_line_errors(debug):
        from smile_core.evidence_place import EvidencePlace, default_folder
        from smile_core.evidence_upkeep import clear, megabytes

        place = EvidencePlace(default_folder())
        if not (yes or typer.confirm(f"Remove all edits stored in {place.path}?", err=True)):
            raise SmileError("nothing was removed")
        typer.echo(f"{megabytes(clear(place))} freed in {place.path}")


def _tasks(what: str, image: Path | None, model: str | None, seed: int | None, area: str | None = None) -> list[_Task]:
    """The prompts that the user means; options win over a document's front matter."""
    from smile_core.area_names import beside
    from smile_core.documents.edit_document import parse_edit_document
    from smile_core.prompt import Prompt

    if not what.endswith(".edit"):
        if image is None:
            raise SmileError("no picture is given; add --image FILE (`smile scene -o scene.png` draws one)")
        return [_Task(what, "", image, model or "scenes-turbo", seed or 0, area)]
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
        _Task(
            prompt.text,
            f"{path}, line {prompt.line}: ",
            picture,
            model or document.model or "scenes-turbo",
            seed if seed is not None else document.seed or 0,
            area,
        )
        for prompt in document.prompts
    ]


@contextmanager
def _evidence(private: bool) -> Iterator[AnyEvidence]:
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


_MOST_TESTED = 400
"""Paid edits that are asked for when one explanation is tested."""
_MOST_EDITS = 96
"""An explanation's own edits at most, with its placebos and some tried twice."""


def _check_draft(explainer: Explainer, steps: int | None, draft: int) -> None:
    described = explainer.editor.describe()
    if "draft" not in described or draft == steps:
        raise SmileError(f"{described['name']} takes {draft} steps anyway, or no other number; leave out --draft")


def _tell_agreement(explanations: list[Explanation], draft: int) -> None:
    """How far a draft and the exact explanation of the same prompt agree."""
    from smile_core.compare import compare as compared
    from smile_core.report.comparison import agreement_text

    found = compared(explanations, [f"draft of {draft} steps", "exact"])
    typer.echo(f"smile: {agreement_text(found, found.agreements[0])}", err=True)


_told_devices: set[str] = set()


def _on_devices(model: str, devices: str, settings: dict[str, Any]) -> Any:
    from smile_core.hosts.split import open_on

    editor, line = open_on(model, devices, **settings)
    if line is not None and line not in _told_devices:
        _told_devices.add(line)
        typer.echo(f"smile: {line}", err=True)
    return editor


def _editor(
    task: _Task,
    *,
    steps: int | None = None,
    paid_edits: int | None = None,
    most: int = _MOST_EDITS,
    devices: str | None = None,
    most_rows: int | None = None,
) -> Any:
    """The editor of a task; one that costs money only after the user agreed to `most` edits or said how many."""
    if task.model == "oracle":
        from smile_core.scenes.oracle import OracleEditor
        from smile_core.scenes.scene_png import scene_of

        return OracleEditor(scene_of(task.image))
    paid = task.model.startswith(("https://", "http://"))
    given = {"steps": steps, "most_rows": most_rows}
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


def _explained(task: _Task, explainer: Explainer, picture: Picture) -> Explanation:
    """Explain one task; an error says where in the document its prompt stands."""
    try:
        with _progress(task) as progress:
            return explainer.explain(task.prompt, picture, area=task.area, seed=task.seed, progress=progress)
    except SmileError as error:
        raise type(error)(f"{task.place}{error}") from error


def _check_suffix(path: Path | None, suffix: str) -> None:
    if path is not None and path.suffix.lower() != suffix:
        raise SmileError(f"{path} should end in {suffix}")


def _show(explanations: list[Explanation], *, as_json: bool) -> None:
    if as_json:
        texts = [explanation.to_json() for explanation in explanations]
        typer.echo(texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "\n]")
        return
    from rich.console import Console

    from smile_core.report.terminal import render_terminal

    console = Console()
    colour = console.is_terminal and not console.no_color and console.color_system is not None
    for explanation in explanations:
        typer.echo(render_terminal(explanation, width=console.width, colour=colour), color=True)


@contextmanager
def _progress(task: _Task) -> Iterator[Callable[[Progress], None] | None]:
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


def main() -> None:
    """The console command."""
    for stream in (sys.stdout, sys.stderr):
        # Consoles and pipes with small character sets get replacement marks instead of a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()
