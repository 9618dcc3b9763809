"""The shell: `smile explain`, `smile preview`, `smile compare`, `smile evaluate`, `smile models`, `smile scene`,
`smile evidence`.

Exit codes: 0 done, 1 refused with one line that says what to do, 2 wrong usage, 130 stopped by Ctrl-C.
Results go to standard output; progress, notes and errors to standard error. One module a group of commands.
"""

from __future__ import annotations

import io
import sys

import typer

from smile_core.cli import comparing, drawing, evaluating, explaining, models, stored

app = typer.Typer(
    name="smile",
    help="Show what every word of an image-editing instruction does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for _command in (explaining.explain, explaining.preview, comparing.compare, evaluating.evaluate):
    app.command()(_command)
app.add_typer(models.models_app, name="models")
app.command()(drawing.scene)
app.add_typer(stored.evidence_app, name="evidence")


def main() -> None:
    """The console command."""
    for stream in (sys.stdout, sys.stderr):
        # Consoles and pipes with small character sets get replacement marks instead of a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
