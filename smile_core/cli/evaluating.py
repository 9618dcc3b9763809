"""`smile evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smile_core.cli.options import (
    Debug,
    Image,
    Model,
    PaidEdits,
    Private,
    Seed,
    check_suffix,
    one_line_errors,
)
from smile_core.cli.tasks import editor_of, kept_evidence, tasks_of
from smile_core.errors import SmileError

if TYPE_CHECKING:
    from smile_core.explainer import Explainer


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
    with one_line_errors(debug):
        from smile_core.evaluate import evaluate as evaluated
        from smile_core.explainer import Explainer
        from smile_core.report.evaluation import evaluation_json, evaluation_png, evaluation_text
        from smile_core.whole_file import write_whole

        check_suffix(png, ".png")
        if (what is None) == (suite is None):
            raise SmileError("give a prompt or a document, or --suite scenes, not both")
        results = []
        with kept_evidence(private) as kept:
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


_MOST_TESTED = 400
"""Paid edits that are asked for when one explanation is tested."""


def _tests(what: str, image: Path | None, model: str | None, seed: int | None, paid_edits: int | None) -> list[_Test]:
    return [
        (task.prompt, task.image, editor_of(task, paid_edits=paid_edits, most=_MOST_TESTED), task.seed, None)
        for task in tasks_of(what, image, model, seed)
    ]
