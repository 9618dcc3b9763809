"""The extension in a real VS Code: keystroke to new colours, activation, size, requests to other machines.

Drives the workbench of `tests/extension/`. Where no VS Code can be had, its figures are not measured.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.bars import BARS, report

ROOT = Path(__file__).resolve().parents[1]


def measure() -> dict[str, Any] | None:
    """The raw figures that `tests/extension/e2e/figures.ts` prints, or None where it cannot run."""
    if shutil.which("npm") is None or not (ROOT / "node_modules").is_dir():
        return None
    smile = os.environ.get("SMILE") or shutil.which("smile", path=str(Path(sys.executable).parent)) or ""
    done = subprocess.run(
        ["node", "tests/extension/e2e/run.mjs", "4.100.3"],
        cwd=ROOT,
        env=os.environ | {"SMILE_FIGURES": "1", "SMILE": smile},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else None


def figures(raw: dict[str, Any] | None) -> dict[str, float | None]:
    """The figures that have bars; times in milliseconds beyond the debounce."""
    if raw is None:
        return dict.fromkeys(BARS["extension"])
    fresh, known = ([time - raw["debounce"] for time in raw[name]] for name in ("fresh", "known"))
    return {
        "median": statistics.median(fresh),
        "p95": _high(fresh),
        "known_median": statistics.median(known),
        "known_p95": _high(known),
        "activation_milliseconds": raw["activation"],
        "vsix_megabytes": raw["bytes"] / 1e6,
        "foreign_hosts": float(len(raw["foreign"])),
    }


def _high(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    raw = measure()
    report("extension", figures(raw), raw)
