"""`smile models` and its own commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from smile_core.cli.options import Debug, one_line_errors


def _nowhere() -> frozenset[str]:
    return frozenset()


loaded_elsewhere: Callable[[], frozenset[str]] = _nowhere
"""Which models other processes of this user hold in memory; the console command asks the daemon."""


models_app = typer.Typer(help="List the models that are there; `pull` fetches one.", rich_markup_mode=None)


@models_app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    debug: Debug = False,
) -> None:
    """List the models that are there; `pull` fetches one."""
    if context.invoked_subcommand is not None:
        return
    with one_line_errors(debug):
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
    with one_line_errors(debug):
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
    with one_line_errors(debug):
        from smile_core.editors.turbo_checkpoint import convert_turbo

        typer.echo(f"model: {convert_turbo(checkpoint, base, out, edges=edges)}")
