"""Do 95 % intervals hold the truth 95 times in 100, and how wide are they? Synthetic editors and measured games.

Every repeat is a new editor of 6 to 12 words with new design columns and new noise. The truth is the
coefficient of the editor without noise over all masks; full and empty are noiseless, as they define the scale.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench import games as truth_games
from bench.bars import report
from smile_core.design import base_rows, enumerate_masks, fold_over, full_and_empty, leave_one_out, unique_rows
from smile_core.next_rows import candidates, next_rows
from smile_core.plan import design_rows, first_answer, looks, next_rows_for
from smile_core.plan import first_rows as rows_to_start_from
from smile_core.posterior import Posterior, posterior
from smile_core.surrogate import fit_linear

GAMES = json.loads((Path(__file__).parents[1] / "tests/core/golden/games.json").read_text(encoding="utf-8"))
REPEATS = 1000
FEWER = 250
GAME_REPEATS = 4
"""Each with other columns; one alone leaves coverage uncertain by two hundredths."""
NOISE = 0.03
STOP_HALF_WIDTH = 0.04
TOLERANCE = 1e-6

Case = tuple[np.ndarray, np.ndarray, np.ndarray]
Editor = Callable[[int, np.random.Generator], np.ndarray]
RowsOf = Callable[[np.ndarray, int], np.ndarray]
"""Rows that an editor (2^n,) leads to, by a seed."""


def linear(n: int, random: np.random.Generator) -> np.ndarray:
    """Two to six words that share the effect, some against it."""
    words = random.choice(n, random.integers(2, 7), replace=False)
    shares = random.dirichlet(np.full(len(words), 1.5)) * random.choice([1, 1, 1, 1, -0.3], len(words))
    total: np.ndarray = enumerate_masks(n)[:, words] @ shares
    return total / shares.sum() if abs(shares.sum()) > 0.2 else linear(n, random)


def pairwise(n: int, random: np.random.Generator) -> np.ndarray:
    """Two to five words, and one to three pairs of them."""
    words = random.choice(n, random.integers(2, 6), replace=False)
    masks = enumerate_masks(n)
    total = masks[:, words] @ random.dirichlet(np.ones(len(words)))
    for _ in range(random.integers(1, 4)):
        total = total + random.normal(0, 0.5) * masks[:, random.choice(words, 2, replace=False)].prod(axis=1)
    return total / total[-1] if abs(total[-1]) > 0.4 else pairwise(n, random)


def all_of_three(n: int, random: np.random.Generator) -> np.ndarray:
    return np.asarray(enumerate_masks(n)[:, random.choice(n, 3, replace=False)].prod(axis=1), dtype=float)


def any_of(n: int, random: np.random.Generator) -> np.ndarray:
    words = random.choice(n, random.integers(2, 4), replace=False)
    return np.asarray(enumerate_masks(n)[:, words].any(axis=1), dtype=float)


def two_clauses(n: int, random: np.random.Generator) -> np.ndarray:
    """Two ANDs of two or three words that share the effect."""
    words, share, masks = random.permutation(n), random.uniform(0.2, 0.8), enumerate_masks(n)
    first, second = words[:2], words[2 : int(random.integers(4, 6))]
    return np.asarray(share * masks[:, first].prod(axis=1) + (1 - share) * masks[:, second].prod(axis=1))


EDITORS: dict[str, Editor] = {"linear": linear, "pairwise": pairwise, "and": all_of_three, "or": any_of}


def first_rows(every: np.ndarray, seed: int) -> np.ndarray:
    """The rows of the first answer for an editor (2^n,), half of them chosen by what the others show."""
    n = words_of(every)
    return first_answer(n, looks(n, None)[0].rows, lambda masks: measured(every, masks), seed=seed)


def leave_one_out_rows(every: np.ndarray, seed: int) -> np.ndarray:
    n = words_of(every)
    return np.vstack([full_and_empty(n), leave_one_out(n)])


def all_base_rows(every: np.ndarray, seed: int) -> np.ndarray:
    return unique_rows(np.vstack([first_rows(every, seed), design_rows(words_of(every), seed=seed)]))


def all_fold_over_rows(every: np.ndarray, seed: int) -> np.ndarray:
    return unique_rows(fold_over(words_of(every), seed=seed))


def rows_without(every: np.ndarray, lacking: np.ndarray, seed: int) -> np.ndarray:
    """The base design of the prompt that lacks some words, as rows of the whole prompt."""
    n = words_of(every)
    words = np.setdiff1d(np.arange(n), lacking)
    wide = np.zeros((1 << len(words), n), dtype=np.uint8)
    wide[:, words] = enumerate_masks(len(words))
    sub = all_base_rows(measured(every, wide), seed)
    rows = np.zeros((len(sub), n), dtype=np.uint8)
    rows[:, words] = sub
    return rows


def session_rows(every: np.ndarray, seed: int) -> np.ndarray:
    """What editing leaves: designs of prompts that lacked one or two words, some cut short, and a few own rows."""
    n, random = words_of(every), np.random.default_rng(seed)
    parts = [full_and_empty(n)]
    for _ in range(random.integers(1, 3)):
        rows = rows_without(
            every, random.choice(n, random.integers(1, 3), replace=False), int(random.integers(1 << 30))
        )
        parts.append(rows[: random.integers(13, len(rows) + 1)])
    parts.append(random.permutation(all_base_rows(every, seed)[2:])[: random.integers(4, 13)])
    return unique_rows(np.vstack(parts))


def words_of(every: np.ndarray) -> int:
    return int(np.log2(len(every)))


def measured(every: np.ndarray, masks: np.ndarray) -> np.ndarray:
    n = masks.shape[1]
    return np.asarray(every[masks.astype(int) @ (1 << np.arange(n - 1, -1, -1))])


def truth(every: np.ndarray) -> np.ndarray:
    masks = enumerate_masks(words_of(every))
    return np.asarray(fit_linear(masks, every).coefficients)


def noisy(every: np.ndarray, noise: float, random: np.random.Generator) -> np.ndarray:
    """The editor as one run measures it, (2^n,)."""
    sizes = enumerate_masks(words_of(every)).sum(axis=1)
    return np.asarray(every + noise * random.normal(size=len(every)) * ((sizes > 0) & (sizes < words_of(every))))


def synthetic(names: list[str], noise: float, rows: RowsOf, repeats: int) -> Iterator[Case]:
    random = np.random.default_rng(0)
    for repeat in range(repeats):
        n = int(random.integers(6, 13))
        every = EDITORS[names[repeat % len(names)]](n, random)
        seen = noisy(every, noise, random)
        masks = rows(seen, int(random.integers(1 << 30)))
        yield masks, measured(seen, masks), truth(every)


def games(response: str, rows: RowsOf) -> Iterator[Case]:
    for again in range(GAME_REPEATS):
        for seed, game in enumerate(GAMES):
            every = np.array(game[response])
            masks = rows(every, seed + 100 * again)
            yield masks, measured(every, masks), truth(every)


def judge(cases: Iterator[Case]) -> tuple[float, float, float]:
    """Share of words covered, mean half-width, median relative squared error."""
    hits, widths, errors = [], [], []
    for masks, response, right in cases:
        found = posterior(masks, response).influences()
        away = np.abs(found.means - right)
        hits.append(away <= found.half_widths + TOLERANCE)
        widths.append(found.half_widths)
        errors.append((away**2).sum() / (right**2).sum())
    return float(np.concatenate(hits).mean()), float(np.concatenate(widths).mean()), float(np.median(errors))


def judge_least_squares(cases: Iterator[Case]) -> tuple[float, float, float]:
    hits, widths, errors = [], [], []
    for masks, response, right in cases:
        fit = fit_linear(masks, response)
        away, half = np.abs(fit.coefficients - right), fit.half_widths()
        hits.append(away <= half)
        widths.append(half)
        errors.append((away**2).sum() / (right**2).sum())
    return float(np.concatenate(hits).mean()), float(np.concatenate(widths).mean()), float(np.median(errors))


def at_the_stop(noise: float, repeats: int) -> tuple[float, float]:
    """Coverage at the look that stops (base design or 64), the level split over the two; mean rows.

    Editors of 6 words whose 64 masks were all tried are left out: their numbers are what exhaustive fitting gives,
    by definition without an interval, and would only measure how far noise moves that.
    """
    random = np.random.default_rng(1)
    names, hits, spent = list(EDITORS), [], []
    for repeat in range(repeats):
        n = int(random.integers(6, 13))
        every = EDITORS[names[repeat % len(names)]](n, random)
        known, hit = explained(every, noisy(every, noise, random), np.empty((0, n), dtype=np.uint8))
        spent.append(len(known.rows.masks))
        if not known.exact:
            hits.append(hit)
    return float(np.concatenate(hits).mean()), float(np.mean(spent))


def after_a_change(tables: Iterator[np.ndarray], noise: float) -> float:
    """Coverage where a prompt that lacked a word was explained, the word was put in, and it is explained again."""
    random = np.random.default_rng(2)
    hits = []
    for every in tables:
        seen = noisy(every, noise, random)
        left = rows_without(seen, random.integers(words_of(every), size=1), 0)
        known, hit = explained(every, seen, left)
        if not known.exact:
            hits.append(hit)
    return float(np.concatenate(hits).mean())


def explained(every: np.ndarray, seen: np.ndarray, left: np.ndarray) -> tuple[Posterior, np.ndarray]:
    """What an explanation ends with, given rows left by others (k, n), and which influences it covers (n,).

    `every` (2^n,) is the editor, `seen` (2^n,) what is measured of it.
    """
    n, fresh, made = words_of(every), not len(left), 0
    steps = looks(n, None)
    masks = first_rows(seen, 0) if fresh else rows_to_start_from(n, left)
    known = posterior(masks, measured(seen, masks))
    for look in steps:
        while len(new := next_rows_for(look, steps[-1], masks, known, made=made, fresh=fresh, most=64)):
            masks, made = np.vstack([masks, new]), made + len(new)
            known = posterior(masks, measured(seen, masks))
        if look is steps[0] and len(steps) > 1:
            continue
        found = known.influences(1 - 0.05 / len(steps[1:] or steps))
        if found.half_widths.max() < STOP_HALF_WIDTH:
            break
    return known, np.abs(found.means - truth(every)) <= found.half_widths + TOLERANCE


def editors(repeats: int) -> Iterator[np.ndarray]:
    """Of all kinds, by turns, those of two clauses too."""
    random = np.random.default_rng(3)
    kinds = [*EDITORS.values(), two_clauses]
    for repeat in range(repeats):
        yield kinds[repeat % len(kinds)](int(random.integers(7, 13)), random)


def trained_games() -> dict[str, float | None]:
    """The games of scenes-turbo (bench/games.py); nothing where the tables are those of other weights."""
    played = truth_games.load("scenes-turbo") or ()
    tables = [game.tables["projection"] for game in played if len(game.puzzle.words) > 5]

    def cases(rows: RowsOf) -> Iterator[Case]:
        for again in range(GAME_REPEATS):
            for seed, every in enumerate(tables):
                masks = rows(every, seed + 100 * again)
                yield masks, measured(every, masks), truth(every)

    found: dict[str, float | None] = {}
    for label, rows in (("base", all_base_rows), ("first", first_rows), ("session", session_rows)):
        hit, width, error = judge(cases(rows)) if tables else (None, None, None)
        found |= {f"turbo_{label}": hit, f"turbo_{label}_half_width": width, f"turbo_{label}_error": error}
    changed = (every for every in tables if len(every) > 1 << 6)
    return found | {"turbo_changed": after_a_change(changed, 0.0) if tables else None}


def milliseconds() -> dict[str, float]:
    """Processor time, median of 9."""
    times: dict[str, list[float]] = {"estimate_12": [], "estimate_20": [], "next_12": [], "next_20": []}
    random = np.random.default_rng(0)
    for n in (12, 20):
        masks = base_rows(n).masks
        if n == 20:
            masks = unique_rows(np.vstack([masks, random.integers(0, 2, (20, 20), dtype=np.uint8)]))
        response = masks[:, :3].prod(axis=1) + NOISE * random.normal(size=len(masks))
        options = candidates(n)
        for _ in range(10):
            start = time.process_time()
            known = posterior(masks, response)
            known.influences()
            middle = time.process_time()
            next_rows(known, options, 8)
            times[f"estimate_{n}"].append(1e3 * (middle - start))
            times[f"next_{n}"].append(1e3 * (time.process_time() - middle))
    return {f"milliseconds_{name}": float(np.median(each[1:])) for name, each in times.items()}


def main() -> None:
    figures: dict[str, float | None] = {}
    for name in EDITORS:
        for label, noise in (("", 0.0), ("_noisy", NOISE)):
            hit, width, _ = judge(synthetic([name], noise, all_base_rows, REPEATS))
            figures[f"{name}{label}_base"], figures[f"{name}{label}_base_half_width"] = hit, width
            hit, width, _ = judge(synthetic([name], noise, first_rows, REPEATS))
            figures[f"{name}{label}_first"], figures[f"{name}{label}_first_half_width"] = hit, width
    figures["linear_noisy_base_most"] = figures["linear_noisy_base"]
    for response in ("wass", "proj", "sqL2"):
        for label, rows in (("base", all_base_rows), ("first", first_rows)):
            hit, width, error = judge(games(response, rows))
            figures[f"games_{response}_{label}"] = hit
            figures[f"games_{response}_{label}_half_width"] = width
            figures[f"games_{response}_{label}_error"] = error
        hit, width, error = judge_least_squares(games(response, all_base_rows))
        figures[f"games_{response}_least_squares_half_width"] = width
        figures[f"games_{response}_least_squares_error"] = error
    for response in ("wass", "proj"):
        key = f"games_{response}_fold_over"
        figures[f"{key}_error"] = judge(games(response, all_fold_over_rows))[2]
        figures[f"{key}_least_squares_error"] = judge_least_squares(games(response, all_fold_over_rows))[2]
        key = f"games_{response}_session"
        figures[key], figures[f"{key}_half_width"], _ = judge(games(response, session_rows))
        tables = (np.array(game[response]) for game in GAMES if len(game["words"]) > 6)
        figures[f"games_{response}_changed"] = after_a_change(tables, 0.0)
    figures |= trained_games()
    for label, noise in (("", 0.0), ("_noisy", NOISE)):
        figures[f"session{label}"] = judge(synthetic(list(EDITORS), noise, session_rows, FEWER))[0]
        figures[f"stop{label}"], figures[f"stop{label}_rows"] = at_the_stop(noise, FEWER)
        figures[f"changed{label}"] = after_a_change(editors(FEWER), noise)
    for name in ("and", "or"):
        figures[f"order_{name}_balanced_error"] = judge(synthetic([name], 0.0, first_rows, FEWER))[2]
        figures[f"order_{name}_leave_one_out_error"] = judge(synthetic([name], 0.0, leave_one_out_rows, FEWER))[2]
    figures["order_games_leave_one_out_error"] = judge(games("wass", leave_one_out_rows))[2]
    report("coverage", figures | milliseconds())


if __name__ == "__main__":
    main()
