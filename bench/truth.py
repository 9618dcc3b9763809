"""Are our numbers truer per edit than those of others? Estimators on games whose truth is known by trying everything.

Two questions, kept apart. Which estimator: the response is held fixed, and every estimator is judged against what
it aims at, computed from all masks. Which response: judged only by truth that does not depend on it, the words
that the oracle needs and the share of its changes that a sub-prompt achieves.

    python -m bench.truth            print the tables and the bars
    python -m bench.truth --fresh    edit every sub-prompt again first (new weights need it; twenty minutes)
    python -m bench.truth --write    also write docs/truth.md and docs/truth.svg
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench import games
from bench.bars import parser, report
from bench.chart import chart
from bench.estimators import OURS, PAPER, PEERS, PLAIN, Column, Task, aimed, our_posterior, quiet, truth
from bench.games import Game
from smile_core.design import enumerate_masks
from smile_core.faithfulness import rank_correlation
from smile_core.quality import auroc

DOCS = Path(__file__).parents[1] / "docs"
NOISE = 0.02
REPEATS = 2
BUDGETS: dict[str, Callable[[int], int]] = {
    "13": lambda n: 13,
    "n + 2": lambda n: n + 2,
    "24": lambda n: 24,
    "30": lambda n: 30,
    "n + 24": lambda n: n + 24,
    "64": lambda n: 64,
}
BASE, FIRST, PAPER_BUDGET = "n + 24", "13", "30"
SLOW = {"paper-like C": (PAPER_BUDGET, BASE)}
"""Columns that are only run at some budgets."""
COUNTS = 0.01
"""Words under this share of the whole are not counted among the true top three."""
TABLES = tuple(name.replace("-", "_") + noisy for name in games.names() for noisy in ("", "_noisy"))

Record = dict[str, Any]


def columns() -> list[Column]:
    return [column for column in (OURS, *PLAIN, *PAPER, *PEERS) if column.available]


def play(name: str, played: Sequence[Game], noise: float, *, response: str = "projection") -> Iterator[Record]:
    """A record for each game, budget, column and repeat; every repeat has new noise, word order and draws."""
    for number, game in enumerate(played):
        n = len(game.puzzle.words)
        table = game.tables[response]
        aims = {aim: truth(table, aim) for aim in ("linear", "shapley", "lime")}
        for repeat in range(REPEATS):
            random = np.random.default_rng([number, repeat])
            order = random.permutation(n)
            task = _task(game, table, order, noise, random)
            for label, budget in BUDGETS.items():
                for column, values, seconds in _answers(task, label, budget(n), noise, repeat):
                    found = np.empty(n)
                    found[order] = values
                    about = {"table": name, "game": number, "words": n, "repeat": repeat, "budget": label}
                    yield {**about, **_record(column.name, column.aim, seconds, found, aims[column.aim], game.needed)}
                    if column.unitless:
                        fitted = _scaled(found, aims[column.aim])
                        again = f"{column.name}, rescaled"
                        yield {**about, **_record(again, column.aim, seconds, fitted, aims[column.aim], game.needed)}


def _record(
    column: str, aim: str, seconds: float, found: np.ndarray, right: np.ndarray, needed: np.ndarray
) -> dict[str, Any]:
    return {
        "column": column,
        "aim": aim,
        "seconds": seconds,
        **_judged(found, right),
        # A needed word may work against the edit, so size counts, for every column alike.
        "auroc": auroc(needed, np.abs(np.round(found, 9))),
        "top": sorted(_top(found, 3)),
    }


def _task(game: Game, table: np.ndarray, order: np.ndarray, noise: float, random: np.random.Generator) -> Task:
    """The game with its words in another order, so that the columns of designs fall elsewhere."""
    n = len(order)
    cube = table.reshape((2,) * n).transpose(order).ravel()
    sizes = enumerate_masks(n).sum(axis=1)
    inner = (sizes > 0) & (sizes < n)
    tries = [cube + noise * random.normal(size=len(cube)) * inner for _ in range(2)]
    return Task([game.puzzle.words[i] for i in order], tries[0], tries[1], int(random.integers(1 << 31)))


def _answers(
    task: Task, label: str, budget: int, noise: float, repeat: int
) -> Iterator[tuple[Column, np.ndarray, float]]:
    """Each column's numbers and seconds; ours once for each aim of the others."""
    budget = min(budget, 1 << task.n)
    for column in columns():
        skipped = (column.noisy_only and not noise) or (column.name == "leave-one-out" and label != "n + 2")
        if skipped or (column.name in SLOW and (repeat or label not in SLOW[column.name])):
            continue
        started = time.perf_counter()
        try:
            values = column.run(task, budget)
        except ValueError:  # Some peers refuse budgets of so few edits.
            continue
        yield column, values, time.perf_counter() - started
    started = time.perf_counter()
    known = our_posterior(task, budget)
    for aim in ("shapley", "lime"):
        yield Column(f"ours, {aim}", aim, OURS.run), aimed(known, aim), time.perf_counter() - started


def _scaled(found: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.asarray(found * (found @ right) / max(float(found @ found), 1e-12))


def _judged(found: np.ndarray, right: np.ndarray) -> dict[str, float | None]:
    count = max(1, min(3, int((np.abs(right) > COUNTS).sum())))
    return {
        "error": float(((found - right) ** 2).sum() / (right**2).sum()),
        "rank": rank_correlation(found, right),
        "top_truth": _overlap(_top(found, count), _top(right, count)),
    }


def _top(values: np.ndarray, count: int) -> set[int]:
    return set(np.argsort(-np.abs(np.round(values, 6)), kind="stable")[:count].tolist())


def _overlap(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b)


def cells(records: Sequence[Record]) -> dict[tuple[str, str, str], dict[str, float]]:
    """The figures of each table, column and budget; errors over 7 to 12 words, the rest over all."""
    grouped: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        grouped[record["table"], record["column"], record["budget"]].append(record)
    found = {}
    for key, group in grouped.items():
        runs: dict[int, list[set[int]]] = defaultdict(list)
        for record in group:
            runs[record["game"]].append(set(record["top"]))
        again = [_overlap(tops[0], tops[1]) for tops in runs.values() if len(tops) > 1]
        ranks = [record["rank"] for record in group if record["rank"] is not None]
        found[key] = {
            "error": float(np.median([record["error"] for record in group if record["words"] >= 7])),
            "rank": float(np.mean(ranks)) if ranks else float("nan"),
            "top_truth": float(np.mean([record["top_truth"] for record in group])),
            "top_again": float(np.mean(again)) if again else float("nan"),
            "auroc": float(np.mean([record["auroc"] for record in group])),
            "seconds": float(np.median([record["seconds"] for record in group])),
        }
    return found


def estimator_figures(found: dict[tuple[str, str, str], dict[str, float]], table: str) -> dict[str, float | None]:
    """What bars.toml asks of one table; all None where it could not be measured."""
    keys = ("error", "vs_bernoulli", "vs_paper", "vs_rescaled", "vs_peer", "first_vs_paper", "auroc", "lead")
    if (table, OURS.name, BASE) not in found:
        return {f"{table}_{key}": None for key in keys}

    def at(column: str, budget: str, cell: str = "error") -> float:
        return found[table, column, budget][cell] if (table, column, budget) in found else float("inf")

    ours, first = at(OURS.name, BASE), at(OURS.name, FIRST)
    whole = all(column.available for column in (*PEERS, *PAPER))
    aims = {"linear": OURS.name, "shapley": "ours, shapley", "lime": "ours, lime"}
    peers = [at(aims[column.aim], BASE) / at(column.name, BASE) for column in PEERS]
    return {
        f"{table}_error": ours,
        f"{table}_vs_bernoulli": ours / at("Bernoulli least squares", BASE),
        f"{table}_vs_paper": ours / min(at(column.name, BASE) for column in PAPER) if whole else None,
        f"{table}_vs_rescaled": ours / at("paper-like C, rescaled", BASE) if whole else None,
        f"{table}_vs_peer": max(peers) if whole else None,
        f"{table}_first_vs_paper": first / min(at(column.name, PAPER_BUDGET) for column in PAPER) if whole else None,
        f"{table}_auroc": at(OURS.name, BASE, "auroc"),
        f"{table}_lead": at(OURS.name, BASE, "auroc") - at("leave-one-out", "n + 2", "auroc"),
    }


def pair_figures(played: Sequence[Game] | None) -> dict[str, float | None]:
    """AUROC of the pairs that belong together against all others, at the base design, mean over games."""
    scores: dict[str, list[float]] = {"one_clause": [], "two_clauses": []}
    for game in played or ():
        n = len(game.puzzle.words)
        if n < 6 or game.together.all() or not game.together.any():
            continue
        task = Task(game.puzzle.words, game.tables["projection"], game.tables["projection"], 0)
        pairs = our_posterior(task, BUDGETS[BASE](n)).pairs().means
        clause = "one_clause" if game.puzzle.edits == 1 else "two_clauses"
        scores[clause].append(auroc(game.together, np.abs(pairs)))
    return {f"pairs_{key}": float(np.mean(values)) if values else None for key, values in scores.items()}


def response_figures(played: Sequence[Game] | None, editor: str) -> dict[str, float | None]:
    """For each response: AUROC of needed words by exhaustive influences, on all games and where one of two edits
    is twenty times as large; and how far those influences lie from the symbolic share's there."""
    found: dict[str, float | None] = {}
    for response in games.RESPONSES:
        everywhere: list[float] = []
        unequal: list[float] = []
        errors: list[float] = []
        for game in played or ():
            values = truth(game.tables[response], "linear")
            everywhere.append(auroc(game.needed, np.abs(np.round(values, 9))))
            if game.puzzle.unequal:
                right = truth(game.share, "linear")
                unequal.append(everywhere[-1])
                errors.append(float(((values - right) ** 2).sum() / (right**2).sum()))
        for key, each in (("needed", everywhere), ("needed_unequal", unequal), ("share_error", errors)):
            middle = np.median if key == "share_error" else np.mean
            found[f"{editor}_{response}_{key}"] = float(middle(each)) if each else None
    return found


def text_table(found: dict[tuple[str, str, str], dict[str, float]], table: str) -> list[str]:
    """Lines of Markdown: median relative squared error by column and budget, the other cells at the base design."""
    names = list(dict.fromkeys(column for where, column, _ in found if where == table))
    lines = [
        "| estimator | " + " | ".join(BUDGETS) + " | rank | top 3, truth | top 3, again | AUROC | ms |",
        "| --- |" + " ---: |" * (len(BUDGETS) + 5),
    ]
    for name in names:
        errors = [found[table, name, b]["error"] if (table, name, b) in found else None for b in BUDGETS]
        rest = found.get((table, name, BASE)) or found.get((table, name, "n + 2"))
        if rest is None:
            continue
        shown = ["" if error is None else f"{error:.4f}" if error < 9.5 else f"{error:.0f}" for error in errors]
        cells_ = [f"{rest[key]:.2f}" for key in ("rank", "top_truth", "top_again")]
        cells_ = ["" if cell == "nan" else cell for cell in cells_]
        lines.append(
            f"| {name} | "
            + " | ".join([*shown, *cells_, f"{rest['auroc']:.3f}", f"{1e3 * rest['seconds']:.0f}"])
            + " |"
        )
    return lines


TITLES = {
    "oracle": "the oracle, exact",
    "oracle_noisy": "the oracle, 2 % noise",
    "scenes_turbo": "scenes-turbo",
    "scenes_turbo_noisy": "scenes-turbo, 2 % noise",
    "scenes_ip2p": "scenes-ip2p, to 9 words",
    "scenes_ip2p_noisy": "scenes-ip2p, to 9 words, 2 % noise",
}
DRAWN = (OURS.name, "lime", "shap Kernel", "Bernoulli least squares", "paper-like B", "paper-like C, rescaled")


def plot(records: Sequence[Record], found: dict[tuple[str, str, str], dict[str, float]]) -> str:
    """Error against edits, as SVG: scenes-turbo and the noisy oracle."""
    panels = {}
    where = "scenes_turbo" if any(table == "scenes_turbo" for table, _, _ in found) else "oracle"
    best = min(
        (column.name for column in PEERS if column.package == "shapiq"),
        key=lambda name: found.get((where, name, BASE), {"error": np.inf})["error"],
    )
    for table in ("scenes_turbo", "oracle_noisy"):
        words = [r["words"] for r in records if r["table"] == table and r["words"] >= 7]
        if not words:
            continue
        panels[TITLES[table]] = {
            name: sorted(
                (float(np.mean([budget(n) for n in words])), found[table, name, label]["error"])
                for label, budget in BUDGETS.items()
                if label != "n + 2" and (table, name, label) in found
            )
            for name in (*DRAWN, best)
            if (table, name, BASE) in found
        }
    return chart(panels, across="edits", up="median relative squared error", floor=1e-4)


def page(found: dict[tuple[str, str, str], dict[str, float]], answers: dict[str, float | None]) -> str:
    """docs/truth.md."""
    lines = [
        "# Estimators against the truth",
        "",
        "Written by `python -m bench.truth --write`. Median relative squared error of a word's numbers by edits spent,",
        "prompts of 7 to 12 words, each estimator against what it aims at, computed from every sub-prompt. The other",
        "cells are at n + 24 edits and 5 to 12 words: rank correlation with the truth; overlap (Jaccard) of the top",
        "three with the truth's and between two runs with other draws, noise and word order; AUROC of needed words;",
        "milliseconds. `ours, shapley` and `ours, lime` are the same edits read for those aims. Leave-one-out always",
        "takes n + 2. Paper-like columns have stand-ins: the response is the one that all share, and letters are all",
        "equally far apart. A and C give numbers without a unit; they stand as they are and rescaled.",
        "",
    ]
    for table in TABLES:
        if any(where == table for where, _, _ in found):
            lines += [f"## {TITLES[table][0].upper()}{TITLES[table][1:]}", "", *text_table(found, table), ""]
    lines += ["## Which response", ""]
    lines += ["AUROC of needed words by influences from every sub-prompt, on all games and on those where one of two"]
    lines += ["edits changes twenty times the area of the other; there also the median relative squared error against"]
    lines += ["influences on the oracle's symbolic share of changes.", ""]
    lines += [
        "| response |" + "".join(f" {name} | unequal | share error |" for name in games.names()),
        "| --- |" + " ---: |" * 3 * len(games.names()),
    ]
    for response in games.RESPONSES:
        keys = [
            f"{e.replace('-', '_')}_{response}_{k}"
            for e in games.names()
            for k in ("needed", "needed_unequal", "share_error")
        ]
        shown = ["" if (value := answers[key]) is None else f"{value:.3f}" for key in keys]
        lines.append(f"| {response} | " + " | ".join(shown) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    options = parser("truth")
    options.add_argument("--fresh", action="store_true", help="edit every sub-prompt again first")
    options.add_argument("--write", action="store_true", help="write docs/truth.md and docs/truth.svg")
    chosen = options.parse_args()
    quiet()
    if chosen.fresh:
        for name in games.names():
            games.make(name, tell=lambda line: print(line, file=sys.stderr))
    records: list[Record] = []
    figures: dict[str, float | None] = {}
    with threadpool_limits(limits=1):  # As the product does.
        for name in games.names():
            played = games.load(name)
            key = name.replace("-", "_")
            if played is None:
                print(f"{name}: its weights are not those of the tables; run with --fresh", file=sys.stderr)
            for label, noise in (("", 0.0), ("_noisy", NOISE)):
                records += play(key + label, played or (), noise)
            figures |= response_figures(played, key)
    found = cells(records)
    for table in TABLES:
        figures |= estimator_figures(found, table)
    figures |= pair_figures(games.load("oracle"))
    if chosen.write:
        (DOCS / "truth.md").write_text(page(found, figures), encoding="utf-8")
        (DOCS / "truth.svg").write_text(plot(records, found), encoding="utf-8")
    if not chosen.json:
        for table in TABLES:
            print("\n".join([TITLES[table], *text_table(found, table), ""]))
    report("truth", figures, records, options=chosen)


if __name__ == "__main__":
    main()
