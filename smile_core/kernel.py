"""Row weights: how much a sub-prompt counts for the surrogate by how near it is to the prompt.

`uniform` is the default. The published kernel weighs by word mover's distance: "words" compares words, as meant and
as the package xwhy does; "published" compares bags of characters, as the notebooks do, which feed it with strings
(fault W2 in docs/method.md). Both need word vectors from a local file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from smile_core.errors import MethodError

Kernel = Callable[[str, Sequence[str]], np.ndarray]

WIDTH = 0.25


def text_kernel(distances: ArrayLike, width: float = WIDTH) -> np.ndarray:
    """The published kernel, sqrt(exp(-d^2 / width^2)), of text distances (m,)."""
    d = np.asarray(distances, dtype=float)
    return np.sqrt(np.exp(-(d**2) / width**2))


def load_vectors(path: str, words: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Vectors of a word2vec text file: those of the given words, else those of single characters.

    A line per entry, its name and its numbers; a header of two numbers may stand first. Other entries are passed
    over.

    Raises:
        MethodError: there is no such file, or it holds something else.
    """
    if not path or not Path(path).is_file():
        raise MethodError(
            f"no word vectors at {path or 'a file'}; the published kernel needs a word2vec text file: "
            "--kernel published:FILE"
        )
    vectors: dict[str, np.ndarray] = {}
    try:
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                name, *values = line.rstrip().split(" ")
                header = number == 0 and len(values) == 1
                if not header and (len(name) == 1 if words is None else name in words):
                    vectors[name] = np.array([float(value) for value in values])
    except ValueError as error:
        raise MethodError(f"{path} is not a word2vec text file: {error}; convert it to text first") from error
    if len({len(vector) for vector in vectors.values()}) != 1 and not (words is not None and not vectors):
        raise MethodError(f"{path} is not a word2vec text file: its vectors differ in length or there are none")
    return vectors


def movers_distance(a: Iterable[str], b: Iterable[str], vectors: dict[str, np.ndarray]) -> float:
    """Word mover's distance of two bags of words; of two strings taken as bags of characters, as published (W2).

    What has no vector is left out, as gensim does. Infinite when one side has none left.

    Source: Kusner et al., "From word embeddings to document distances", ICML 2015: the transport
    between the two normalised bags that moves least over Euclidean distances.
    """
    from scipy.optimize import linprog  # Slow to import, and only this kernel needs them.
    from scipy.spatial.distance import cdist

    left, right = (Counter(c for c in text if c in vectors) for text in (a, b))
    if not left or not right:
        return float("inf")
    if left == right:
        return 0.0
    rows, columns = list(left), list(right)
    costs = cdist(np.stack([vectors[c] for c in rows]), np.stack([vectors[c] for c in columns]))
    m, n = costs.shape
    flow_out = np.kron(np.eye(m), np.ones(n))
    flow_in = np.kron(np.ones(m), np.eye(n))
    supply = np.array([left[c] for c in rows]) / left.total()
    demand = np.array([right[c] for c in columns]) / right.total()
    # One balance follows from the others; leaving it out keeps the system of full rank.
    plan = linprog(costs.ravel(), A_eq=np.vstack([flow_out, flow_in[:-1]]), b_eq=np.concatenate([supply, demand[:-1]]))
    return float(plan.fun)


def kernel_by_name(name: str) -> Kernel:
    """The function that gives weights (m,) to a full prompt and m sub-prompts.

    Args:
        name: "uniform", "words:FILE" or "published:FILE" with word vectors.

    Raises:
        MethodError: another name, or a file that cannot be used. The kernel itself raises it where no
            row gets any weight.
    """
    if name == "uniform":
        return lambda prompt, sub_prompts: np.ones(len(sub_prompts))
    kind, _, path = name.partition(":")
    if kind == "words":
        return _by_words(path)
    if kind != "published":
        raise MethodError(f"unknown kernel {name!r}; use uniform, words:FILE or published:FILE")
    vectors = load_vectors(path)

    def published(prompt: str, sub_prompts: Sequence[str]) -> np.ndarray:
        weights = text_kernel([movers_distance(prompt, text, vectors) for text in sub_prompts])
        if not weights.any():
            raise MethodError(f"{path} has no vector for any letter of the prompt; use vectors of its script")
        return weights

    return published


NO_WORD_KNOWN = 1.0
"""The distance of a text none of whose words has a vector, as in the package xwhy."""


def _by_words(path: str) -> Kernel:
    load_vectors(path, ())  # Says at once that the file cannot be used.

    def by_words(prompt: str, sub_prompts: Sequence[str]) -> np.ndarray:
        whole = _plain_words(prompt)
        vectors = load_vectors(path, whole)
        found = [movers_distance(whole, _plain_words(text), vectors) for text in sub_prompts]
        return text_kernel([distance if np.isfinite(distance) else NO_WORD_KNOWN for distance in found])

    return by_words


def _plain_words(text: str) -> list[str]:
    """In lower case, without punctuation at the ends."""
    stripped = (re.sub(r"^\W+|\W+$", "", word.lower()) for word in text.split())
    return [word for word in stripped if word]
