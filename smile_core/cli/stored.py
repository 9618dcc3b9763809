"""`smile evidence` and `smile evidence clear`."""

from __future__ import annotations

from typing import Annotated

import typer

from smile_core.cli.options import Debug, one_line_errors
from smile_core.errors import SmileError

evidence_app = typer.Typer(help="Show what is stored of edits made; `clear` removes it.", rich_markup_mode=None)


@evidence_app.callback(invoke_without_command=True)
def evidence(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    debug: Debug = False,
) -> None:
    """Show what is stored of edits made; `clear` removes it."""
    if context.invoked_subcommand is not None:
        return
    with one_line_errors(debug):
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
    with one_line_errors(debug):
        from smile_core.evidence_place import EvidencePlace, default_folder
        from smile_core.evidence_upkeep import clear, megabytes

        place = EvidencePlace(default_folder())
        if not (yes or typer.confirm(f"Remove all edits stored in {place.path}?", err=True)):
            raise SmileError("nothing was removed")
        typer.echo(f"{megabytes(clear(place))} freed in {place.path}")
