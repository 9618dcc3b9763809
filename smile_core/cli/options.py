"""Options that several commands share, and how all of them fail: in one line, with an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from smile_core.errors import SmileError
from smile_core.report.wording import printable

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


Guided = Annotated[
    float | None, typer.Option(help="Share of the steps with guidance, such as 0.5; less than all makes a draft.")
]


Reuse = Annotated[
    int | None, typer.Option(min=1, help="Compute the UNet's deep features once in so many steps; a draft.")
]


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


@contextmanager
def one_line_errors(debug: bool) -> Iterator[None]:
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


def check_suffix(path: Path | None, suffix: str) -> None:
    if path is not None and path.suffix.lower() != suffix:
        raise SmileError(f"{path} should end in {suffix}")
