"""Which response ranks needed words best? The table in docs/method.md, on the scenes that chose the default."""

from __future__ import annotations

from typing import Any

from bench.bars import report
from bench.oracle import measure

COUNT = 150
SEED = 700_000
CHOICES: dict[str, dict[str, Any]] = {
    "projection": {"response": "projection"},
    "regions": {"response": "regions"},
    "mean-l2": {"distance": "mean-l2"},
    "sliced-wasserstein": {"distance": "sliced-wasserstein"},
    "wasserstein": {"distance": "wasserstein"},
    "squared-l2": {"distance": "squared-l2"},
}

if __name__ == "__main__":
    rows = {name: measure(COUNT, SEED, **fields)[0] for name, fields in CHOICES.items()}
    figures = {name: row["auroc_mean"] for name, row in rows.items()}
    best_other = max(value for name, value in figures.items() if name != "projection")
    named = [{"choice": name, **row} for name, row in rows.items()]
    report("responses", {**figures, "lead": figures["projection"] - best_other}, named)
