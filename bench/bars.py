"""Print a benchmark's figures beside their bars in bars.toml, as text or JSON, and exit 1 when one does not hold."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BARS = tomllib.loads((Path(__file__).parent / "bars.toml").read_text(encoding="utf-8"))


def report(
    name: str, figures: Mapping[str, float | None], rows: Any = None, *, options: argparse.Namespace | None = None
) -> None:
    """Print every figure of a benchmark; None is "not measured here" and does not fail.

    Args:
        name: of the benchmark.
        figures: by their keys in bars.toml.
        rows: raw rows for `--json`.
        options: what `parser(name)` read, where a benchmark has options of its own.

    Raises:
        SystemExit: with 1 when a bar does not hold, else with 0.
        KeyError: a figure has no entry in bars.toml, or an entry no figure.
    """
    bars = BARS[name]
    if set(bars) != set(figures):
        raise KeyError(f"{name}: figures {sorted(figures)} and bars {sorted(bars)} differ")
    holds = {key: _holds(bars[key], value) for key, value in figures.items()}
    if (options or parser(name).parse_args()).json:
        print(json.dumps({"bench": name, "figures": dict(figures), "holds": holds, "rows": rows}, indent=1))
    else:
        print(f"bench.{name} on {platform.machine()}, Python {platform.python_version()}")
        for key, value in figures.items():
            print(f"  {_line(bars[key], value, holds[key])}  {bars[key]['what']}")
    sys.exit(0 if all(holds.values()) else 1)


def parser(name: str) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    made = argparse.ArgumentParser(prog=f"python -m bench.{name}")
    made.add_argument("--json", action="store_true", help="print figures and raw rows as JSON")
    return made


def _holds(bar: Mapping[str, Any], value: float | None) -> bool:
    return value is None or bar.get("least", float("-inf")) <= value <= bar.get("most", float("inf"))


def _line(bar: Mapping[str, Any], value: float | None, holds: bool) -> str:
    if value is None:
        return "not measured here         "
    limit = f"<= {bar['most']:g}" if "most" in bar else f">= {bar['least']:g}" if "least" in bar else "no bar"
    return f"{value:9.3f}  {limit:8} {'holds' if holds else 'FAILS'}"
