"""Estimators that `bench.truth` compares: ours, plain ones, the published ones, and the peers' own packages.

Each asks a game for the responses of masks and gives a number a word. What a method aims at differs: the
coefficients of least squares on all masks, Shapley values, or LIME's weighted coefficients; each is judged
by its own aim. Packages come with `pip install 'smile-lens[bench]'`; columns whose package is missing are left out.
"""

from __future__ import annotations

import importlib.util
import json
import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from smile_core.design import bernoulli, enumerate_masks, full_and_empty, leave_one_out
from smile_core.kernel import text_kernel
from smile_core.plan import first_answer, looks, next_rows_for
from smile_core.posterior import Posterior, posterior
from smile_core.surrogate import fit_linear

REPLAY = Path(__file__).parents[1] / "tests/core/golden/replay.json"


@dataclass(frozen=True, eq=False)
class Task:
    """A game as an estimator meets it: words in some order, and responses with this run's noise.

    `table` and `again` (2^n,) hold the response of every mask and that of a second, equally noisy try;
    `seed` is this run's.
    """

    words: Sequence[str]
    table: np.ndarray
    again: np.ndarray
    seed: int

    @property
    def n(self) -> int:
        return len(self.words)

    def respond(self, masks: np.ndarray, *, again: bool = False) -> np.ndarray:
        """Responses (m,) of masks (m, n)."""
        places = np.asarray(masks).astype(int) @ (1 << np.arange(self.n - 1, -1, -1))
        return np.asarray((self.again if again else self.table)[places])


@dataclass(frozen=True, eq=False)
class Column:
    """An estimator. `aim` is "linear", "shapley" or "lime"; `unitless` numbers are also shown rescaled."""

    name: str
    aim: str
    run: Callable[[Task, int], np.ndarray]
    package: str | None = None
    unitless: bool = False
    noisy_only: bool = False

    @property
    def available(self) -> bool:
        return self.package is None or importlib.util.find_spec(self.package) is not None


def our_posterior(task: Task, budget: int) -> Posterior:
    """The product's rows, look by look, and what they say."""
    n, budget = task.n, min(budget, 1 << task.n)
    steps = looks(n, budget)
    rows, known = first_answer(n, steps[0].rows, task.respond), None
    for look in steps[1:]:
        while len(new := next_rows_for(look, steps[-1], rows, known, made=0, fresh=True, most=64)):
            rows = np.vstack([rows, new])
            known = posterior(rows, task.respond(rows))
    return known or posterior(rows, task.respond(rows))


def aimed(known: Posterior, aim: str) -> np.ndarray:
    """What a posterior says of an aim, (n,)."""
    if aim == "linear":
        return known.influences().means
    if aim == "shapley":
        return known.shapley().means
    n = known.rows.masks.shape[1]
    return truth(known.predict(enumerate_masks(n)).means, aim)


def truth(table: np.ndarray, aim: str) -> np.ndarray:
    """What an aim is, exactly, from all 2^n responses: (n,)."""
    n = int(np.log2(len(table)))
    masks = enumerate_masks(n)
    if aim == "linear":
        return np.asarray(fit_linear(masks, table).coefficients)
    sizes = masks.sum(axis=1)
    if aim == "shapley":
        cube = table.reshape((2,) * n)
        weights = np.array([1 / (n * math.comb(n - 1, size)) for size in range(n)])
        others = enumerate_masks(n - 1).sum(axis=1)
        return np.array([(np.diff(cube, axis=i).ravel() * weights[others]).sum() for i in range(n)])
    return np.asarray(fit_linear(masks, table, _lime_weights(sizes, n)).coefficients)


def _lime_weights(sizes: np.ndarray, n: int) -> np.ndarray:
    """What LIME's sampling of texts and its kernel come to: how likely a mask is drawn times its weight."""
    gone = n - sizes
    drawn = np.array([0.0] + [1 / (n * math.comb(n, k)) for k in range(1, n + 1)])[gone]
    distance = 100 * np.where(sizes > 0, 1 - np.sqrt(sizes / n), 1.0)
    return np.asarray(drawn * np.sqrt(np.exp(-(distance**2) / 25**2)))


def bernoulli_least_squares(task: Task, budget: int) -> np.ndarray:
    masks = np.unique(bernoulli(task.n, budget, seed=task.seed), axis=0)
    return np.asarray(fit_linear(masks, task.respond(masks)).coefficients)


def leave_one_out_differences(task: Task, budget: int) -> np.ndarray:
    """Always n + 2 edits."""
    whole = task.respond(full_and_empty(task.n))[0]
    return np.asarray(whole - task.respond(leave_one_out(task.n)))


@cache
def _letter_scale() -> float:
    """The printed distances of a published run over those between bags of letters that are all equally far apart."""
    run = json.loads(REPLAY.read_text(encoding="utf-8"))[0]
    texts = [" ".join(w for w, keep in zip(run["words"], mask, strict=True) if keep) for mask in run["masks"]]
    ours = np.array([_letters_apart(" ".join(run["words"]), text) for text in texts])
    return float(ours @ np.array(run["wmd"]) / (ours @ ours))


def _letters_apart(a: str, b: str) -> float:
    left, right = Counter(a), Counter(b)
    if not right:
        return 1.0
    return sum(abs(left[c] / left.total() - right[c] / right.total()) for c in {*left, *right}) / 2


def _published_weights(task: Task, masks: np.ndarray) -> np.ndarray:
    """The published kernel; every two letters are equally far apart, where the paper has word vectors of letters."""
    texts = [" ".join(w for w, keep in zip(task.words, mask, strict=True) if keep) for mask in masks]
    return text_kernel([_letter_scale() * _letters_apart(" ".join(task.words), text) for text in texts])


def paper_a(task: Task, budget: int) -> np.ndarray:
    """How far two edits of the same text differ, as the pix2pix notebooks measure (fault W1)."""
    masks = bernoulli(task.n, budget, seed=task.seed)
    gap = np.abs(task.respond(masks) - task.respond(masks, again=True))
    return np.asarray(fit_linear(masks, gap, _published_weights(task, masks)).coefficients)


def paper_b(task: Task, budget: int) -> np.ndarray:
    """Bernoulli masks, published kernel, weighted least squares."""
    masks = bernoulli(task.n, budget, seed=task.seed)
    return np.asarray(fit_linear(masks, task.respond(masks), _published_weights(task, masks)).coefficients)


def paper_c(task: Task, budget: int) -> np.ndarray:
    """The surrogate that fits its own rows best: linear, ridge, Bayesian ridge, random forest or boosting (W8)."""
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import BayesianRidge, LinearRegression, Ridge

    masks = bernoulli(task.n, budget, seed=task.seed)
    response, weights = task.respond(masks), _published_weights(task, masks)
    weights = np.maximum(weights, 1e-12)
    models: list[Any] = [LinearRegression(), Ridge(), BayesianRidge()]
    models += [RandomForestRegressor(random_state=0), GradientBoostingRegressor(random_state=0)]
    best = max(
        (model.fit(masks, response, sample_weight=weights) for model in models), key=_score(masks, response, weights)
    )
    return np.asarray(best.coef_ if hasattr(best, "coef_") else best.feature_importances_, dtype=float)


def _score(masks: np.ndarray, response: np.ndarray, weights: np.ndarray) -> Callable[[Any], float]:
    return lambda model: float(model.score(masks, response, sample_weight=weights))


def lime_text(task: Task, budget: int) -> np.ndarray:
    """lime's text explainer, word by place; it draws on until as many different texts as the budget are edited."""
    from lime.lime_text import LimeTextExplainer

    tokens = [f"w{i}" for i in range(task.n)]
    best = np.zeros(task.n)
    for samples in range(budget, 2 * budget + 1, max(1, budget // 8)):
        asked: set[bytes] = set()

        def classify(texts: Sequence[str], asked: set[bytes] = asked) -> np.ndarray:
            masks = np.array([[token in text.split() for token in tokens] for text in texts], np.uint8)
            asked.update(mask.tobytes() for mask in masks)
            values = task.respond(masks)
            return np.column_stack([1 - values, values])

        explainer = LimeTextExplainer(
            split_expression=r"\s+", bow=False, mask_string="_", random_state=task.seed, feature_selection="none"
        )
        found = explainer.explain_instance(" ".join(tokens), classify, num_features=task.n, num_samples=samples)
        if len(asked) > budget:
            break
        best = np.zeros(task.n)
        for i, value in found.as_map()[1]:
            best[i] = value
        if len(asked) >= min(budget, (1 << task.n) - 1):
            break
    return best


def shap_kernel(task: Task, budget: int) -> np.ndarray:
    """shap's KernelExplainer against "no word"; full and empty are two of the edits."""
    import shap

    np.random.seed(task.seed % (1 << 32))  # shap draws from the global generator.
    explainer = shap.KernelExplainer(task.respond, np.zeros((1, task.n)))
    values = explainer.shap_values(np.ones((1, task.n)), nsamples=max(budget - 2, 1), l1_reg=False, silent=True)
    return np.asarray(values, dtype=float).reshape(-1)


def _shapiq(name: str, **options: Any) -> Callable[[Task, int], np.ndarray]:
    def run(task: Task, budget: int) -> np.ndarray:
        from shapiq import approximator

        made = getattr(approximator, name)(n=task.n, random_state=task.seed, **options)
        found = made.approximate(budget, lambda masks: np.atleast_1d(task.respond(np.atleast_2d(masks))))
        return np.asarray(found.get_n_order_values(1), dtype=float)

    return run


OURS = Column("ours", "linear", lambda task, budget: aimed(our_posterior(task, budget), "linear"))
PLAIN = (
    Column("Bernoulli least squares", "linear", bernoulli_least_squares),
    Column("leave-one-out", "linear", leave_one_out_differences),
)
PAPER = (
    Column("paper-like A", "linear", paper_a, unitless=True, noisy_only=True),
    Column("paper-like B", "linear", paper_b),
    Column("paper-like C", "linear", paper_c, "sklearn", unitless=True),
)
PEERS = (
    Column("lime", "lime", lime_text, "lime"),
    Column("shap Kernel", "shapley", shap_kernel, "shap"),
    Column("shapiq KernelSHAP paired", "shapley", _shapiq("KernelSHAP", pairing_trick=True), "shapiq"),
    Column("shapiq kADD-SHAP paired", "shapley", _shapiq("kADDSHAP", max_order=2, pairing_trick=True), "shapiq"),
    Column("shapiq LeverageSHAP", "shapley", _shapiq("LeverageSHAP"), "shapiq"),
    Column("shapiq OddSHAP", "shapley", _shapiq("OddSHAP"), "shapiq"),
    Column("shapiq PermutationSampling", "shapley", _shapiq("PermutationSamplingSV"), "shapiq"),
)


def quiet() -> None:
    """The peers warn of small samples; that is what is measured here."""
    warnings.simplefilter("ignore")
