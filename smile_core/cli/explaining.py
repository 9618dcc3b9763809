"""`smile explain` and `smile preview`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smile_core.cli.drafts import check_draft, draft_settings, tell_agreement
from smile_core.cli.options import (
    Area,
    Debug,
    Devices,
    Guided,
    Image,
    Model,
    MostRows,
    PaidEdits,
    Private,
    Reuse,
    Seed,
    Steps,
    check_suffix,
    one_line_errors,
)
from smile_core.cli.tasks import MOST_EDITS, Task, editor_of, explained_task, kept_evidence, tasks_of
from smile_core.errors import SmileError

if TYPE_CHECKING:
    from smile_core.explainer import Explainer
    from smile_core.explanation import Explanation


def explain(
    what: Annotated[str, typer.Argument(metavar="PROMPT|FILE.edit", help="An instruction, or a document of them.")],
    image: Image = None,
    model: Model = None,
    seed: Seed = None,
    area: Area = None,
    steps: Steps = None,
    guided: Guided = None,
    reuse: Reuse = None,
    draft: Annotated[
        str | None,
        typer.Option(
            help="First a draft (8 for its steps, guided=0.5, reuse=3, or some of them with commas between), "
            "then how far the exact one agrees."
        ),
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
    with one_line_errors(debug):
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
        tasks = tasks_of(what, image, model, seed, area)
        check_suffix(html, ".html")
        check_suffix(png, ".png")
        if png is not None and len(tasks) > 1:
            raise SmileError(f"{what} holds {len(tasks)} prompts, a PNG shows one; use --html")
        pictures = {path: load_picture(path) for path in dict.fromkeys(task.image for task in tasks)}
        explainers: dict[tuple[str, Path | None, tuple[Any, ...]], Explainer] = {}
        explanations = []
        most = len(tasks) * method.seeds * (method.budget or MOST_EDITS)

        exact: dict[str, Any] = {"steps": steps, "guided": guided, "reuse": reuse}
        shorter = None if draft is None else {**exact, **draft_settings(draft)}

        def explained(task: Task, settings: dict[str, Any]) -> Explanation:
            key = (task.model, task.image if task.model == "oracle" else None, tuple(settings.values()))
            if key not in explainers:
                editor = editor_of(
                    task, **settings, paid_edits=paid_edits, most=most, devices=devices, most_rows=most_rows
                )
                explainers[key] = Explainer(editor, method=method, evidence=kept)
            if draft is not None and settings is shorter:
                check_draft(explainers[key].editor.describe(), draft, same=shorter == exact)
            return explained_task(task, explainers[key], pictures[task.image])

        with kept_evidence(private) as kept:
            for task in tasks:
                if shorter is not None:
                    explanations.append(explained(task, shorter))
                    # At once: that it comes early is what a draft is for.
                    _show([] if json else explanations[-1:], as_json=False)
                explanations.append(explained(task, exact))
                if shorter is not None:
                    tell_agreement(explanations[-2], explanations[-1], shorter)
        # Files first: a reader of the text who leaves early must not cost the report.
        written = [("report", save(explanations, html))] if html is not None else []
        written += [("picture", save(explanations, png))] if png is not None else []
        # Drafts were shown when they were ready.
        _show(explanations if json or draft is None else explanations[1::2], as_json=json)
        for kind, path in written:
            typer.echo(f"{kind}: {path}", err=json)


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
    guided: Guided = None,
    reuse: Reuse = None,
    devices: Devices = None,
    most_rows: MostRows = None,
    paid_edits: PaidEdits = None,
    private: Private = False,
    debug: Debug = False,
) -> None:
    """Write the picture that a prompt makes."""
    with one_line_errors(debug):
        from PIL import Image as Pillow

        from smile_core.explainer import Explainer
        from smile_core.picture import load_picture
        from smile_core.whole_file import write_whole

        check_suffix(out, ".png")
        tasks = tasks_of(prompt, image, model, seed, area)
        if len(tasks) > 1:
            raise SmileError(f"{prompt} holds {len(tasks)} prompts, a preview shows one; give the prompt itself")
        task, picture = tasks[0], load_picture(tasks[0].image)
        with kept_evidence(private) as kept:
            editor = editor_of(
                task,
                steps=steps,
                guided=guided,
                reuse=reuse,
                paid_edits=paid_edits,
                most=2,
                devices=devices,
                most_rows=most_rows,
            )
            explainer = Explainer(editor, evidence=kept)
            made = explainer.preview(task.prompt, picture, area=task.area, seed=task.seed)
        for note in made.notes:
            typer.echo(f"smile: {note}", err=True)
        buffer = io.BytesIO()
        Pillow.fromarray(made.picture).save(buffer, "PNG")
        typer.echo(f"picture: {write_whole(out, buffer.getvalue())}")
