"""The options by which a benchmark judges weights that are not shipped, in place of those that are."""

from __future__ import annotations

import argparse

from bench.bars import parser
from smile_core.editors.registry import shipped_models


def weights_parser(name: str) -> argparse.ArgumentParser:
    """A benchmark's options: those that all have, and whose weights to judge."""
    made = parser(name)
    made.add_argument("--model", help="a folder to judge instead of the shipped models")
    made.add_argument(
        "--as", dest="name", default="scenes-turbo", help="the shipped model whose bars it has to meet (scenes-turbo)"
    )
    return made


def models_to_judge(options: argparse.Namespace) -> dict[str, str]:
    """What to open, by the name of the shipped model whose bars count for it."""
    if options.model:
        return {options.name: options.model}
    return {model.name: model.name for model in shipped_models()}
