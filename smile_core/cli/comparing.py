"""`smile compare`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smile_core.cli.options import (
    Area,
    Debug,
    Image,
    PaidEdits,
    Private,
    check_suffix,
    one_line_errors,
)
from smile_core.cli.tasks import MOST_EDITS, Task, editor_of, explained_task, kept_evidence
from smile_core.errors import SmileError

if TYPE_CHECKING:
    from smile_core.explainer import Explainer


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
    with one_line_errors(debug):
        from rich.console import Console

        from smile_core.compare import compare as compared
        from smile_core.explainer import Explainer
        from smile_core.explanation import save
        from smile_core.picture import load_picture
        from smile_core.report.comparison import comparison_json, comparison_text

        check_suffix(html, ".html")
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
        with kept_evidence(private) as kept:
            for prompt, model, seed, number in columns:
                task = Task(prompt, "", image, model, seed, area)
                if (model, number) not in explainers:
                    most = len(columns) * MOST_EDITS
                    editor = editor_of(task, steps=number, paid_edits=paid_edits, most=most)
                    explainers[model, number] = Explainer(editor, evidence=kept)
                if area is not None and not explainers[model, number].paints_in_area:
                    task = replace(task, area=None)
                    typer.echo(f"smile: {model} edits the whole picture; the area is for the others", err=True)
                explanations.append(explained_task(task, explainers[model, number], picture))
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
