"""`smile scene`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from smile_core.cli.options import (
    Debug,
    check_suffix,
    one_line_errors,
)


def scene(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the picture (PNG).")] = Path("scene.png"),
    seed: Annotated[int, typer.Option(min=0, help="Which scene.")] = 0,
    debug: Debug = False,
) -> None:
    """Draw a cartoon scene to try prompts on."""
    with one_line_errors(debug):
        from smile_core.scenes.scene import random_scene
        from smile_core.scenes.scene_png import scene_png
        from smile_core.whole_file import write_whole

        check_suffix(out, ".png")
        drawn = random_scene(seed)
        write_whole(out, scene_png(drawn))
        things = ", ".join(f"{thing.colour} {thing.kind}" for thing in drawn.things)
        typer.echo(f"{out}: {things}; {drawn.season}, {drawn.time}, {drawn.weather}")
