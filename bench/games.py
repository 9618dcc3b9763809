"""Games: prompts whose every sub-prompt was edited and measured, so that truth is known and estimators cost nothing.

A game is one instruction for one held-out scene. For each response it holds a table of 2^n values, row k for
the mask k in binary, first word the highest bit. Tables stand in bench/tables/EDITOR.npz beside a hash of
the editor's weights; `python -m bench.truth --fresh` makes them anew (the oracle's in a
minute, the others' in ten each).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from smile_core.design import enumerate_masks
from smile_core.distance import DISTANCES
from smile_core.editors.protocol import Editor
from smile_core.editors.registry import open_editor, shipped_models
from smile_core.features import feature_by_name, grid_of
from smile_core.prompt import Prompt
from smile_core.response import by_distance, projection, regions
from smile_core.scenes.draw import draw
from smile_core.scenes.edits import changes
from smile_core.scenes.language import random_instruction
from smile_core.scenes.lexicon import COLOUR_WORDS, FILLERS, SEASON_WORDS, SIZES, THINGS, TIME_WORDS, WEATHER_ADJECTIVES
from smile_core.scenes.oracle import OracleEditor, edited_scene, needed_words, read
from smile_core.scenes.scene import Scene, random_scene

FOLDER = Path(__file__).parent / "tables"
SEED = 920_000
"""Scenes from here on tuned nothing and trained nothing."""
RESPONSES = ("projection", "regions", "mean-l2", "sliced-wasserstein", "wasserstein", "squared-l2")
COUNTS = {
    "oracle": dict.fromkeys(range(5, 13), 8),
    # A game of 12 words costs as many edits as all those of 5 to 8 together.
    "scenes-turbo": {5: 6, 6: 6, 7: 8, 8: 8, 9: 5, 10: 4, 11: 2, 12: 1},
    # Three steps of denoising an edit: the same puzzles, to 9 words.
    "scenes-ip2p": {5: 6, 6: 6, 7: 8, 8: 8, 9: 5},
}
BATCH = 16
PATIENCE = 600
UNEQUAL = 20
STEP = 1e-4
"""Values are kept to this."""


@dataclass(frozen=True)
class Puzzle:
    """An instruction for the scene `random_scene(seed)`, and what sort of instruction it is.

    `edits` is how many edits it asks for; `unequal` says that one changes twenty times the area of the other;
    `redundant` that some needed word can go when others stay; `fillers` how many words nothing needs.
    """

    prompt: str
    seed: int
    edits: int
    unequal: bool
    redundant: bool
    fillers: int

    @property
    def words(self) -> list[str]:
        return [word.text for word in Prompt(self.prompt).words]

    @property
    def scene(self) -> Scene:
        return random_scene(self.seed)


@dataclass(frozen=True, eq=False)
class Game:
    """A puzzle played through. `tables` (2^n,) by response; `share` (2^n,) is the oracle's share of changes achieved.

    `needed` (n,) are the words in some minimal sufficient subset; `together` (n (n - 1) / 2,) the pairs of words
    in a minimal subset for one and the same change, in the order of `numpy.triu_indices(n, 1)`.
    """

    puzzle: Puzzle
    tables: dict[str, np.ndarray]
    share: np.ndarray
    needed: np.ndarray
    together: np.ndarray


def puzzles(counts: dict[int, int], *, seed: int = SEED) -> list[Puzzle]:
    """So many for each number of words: by turns one edit, two, two unequal ones, and one with a synonym twice."""
    found: list[Puzzle] = []
    for n, count in counts.items():
        for turn in range(count):
            for attempt in range(4 * PATIENCE):
                seed += 1
                made = _puzzle(seed, n, turn % 4 if attempt < PATIENCE else 0)
                if made is not None:
                    found.append(made)
                    break
            else:
                raise AssertionError(f"no instruction of {n} words found")
    return found


def _puzzle(seed: int, n: int, kind: int) -> Puzzle | None:
    scene, random = random_scene(seed), np.random.default_rng([seed, 5])
    text = random_instruction(random, scene, two=1.0 if kind in (1, 2) else 0.0)
    words = text.split()
    if kind == 3:
        words = _with_synonym(words, random)
    while n - 2 <= len(words) < n:
        words.insert(int(random.choice([0, len(words)])), FILLERS[int(random.integers(len(FILLERS)))])
    text = " ".join(words)
    after = edited_scene(text, scene)
    edits = read(text, scene)
    if len(words) != n or after == scene or len(Prompt(text).words) != n:
        return None
    if kind in (1, 2) and len(edits) != 2:
        return None
    unequal = len(edits) == 2 and _unequal(scene, text)
    if kind == 2 and not unequal:
        return None
    needed = needed_words(words, scene)
    if needed.all() or not needed.any():
        return None
    free = [edited_scene(" ".join(words[:i] + words[i + 1 :]), scene) == after for i in range(n)]
    redundant = bool((needed & np.array(free)).any())
    if kind == 3 and not redundant:
        return None
    return Puzzle(text, seed, len(edits), unequal, redundant, int((~needed).sum()))


def _with_synonym(words: list[str], random: np.random.Generator) -> list[str]:
    """A word that has synonyms, followed by one of them."""
    groups = [*THINGS.values(), *COLOUR_WORDS.values(), *WEATHER_ADJECTIVES.values()]
    groups += [*TIME_WORDS.values(), *SEASON_WORDS.values(), *SIZES.values()]
    options = [
        (i, other)
        for i, word in enumerate(words)
        for group in groups
        if word in group
        for other in group
        if other != word
    ]
    if not options:
        return words
    i, other = options[int(random.integers(len(options)))]
    return [*words[: i + 1], other, *words[i + 1 :]]


def _unequal(scene: Scene, text: str) -> bool:
    """Whether each of two edits changes the picture, one of them on twenty times the area of the other."""
    from smile_core.scenes.edits import apply

    before = draw(scene).astype(int)
    areas = [(draw(apply(scene, [edit])) != before).any(2).sum() for edit in read(text, scene)]
    return bool(min(areas) > 0 and max(areas) >= UNEQUAL * min(areas))


def truths(puzzle: Puzzle) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of changes achieved (2^n,), needed words (n,) and pairs that belong together, all by the oracle."""
    words, scene = puzzle.words, puzzle.scene
    n = len(words)
    masks = enumerate_masks(n)
    wanted = changes(scene, read(puzzle.prompt, scene))
    texts = [" ".join(word for word, keep in zip(words, mask, strict=True) if keep) for mask in masks]
    achieved = [wanted & changes(scene, read(text, scene)) for text in texts]
    share = np.array([len(each) / len(wanted) for each in achieved])
    together = np.zeros((n, n), dtype=bool)
    for change in wanted:
        for members in _minimal(np.array([change in each for each in achieved]), n):
            together[np.ix_(members, members)] = True
    return share, needed_words(words, scene), together[np.triu_indices(n, 1)]


def _minimal(sufficient: np.ndarray, n: int) -> Iterator[list[int]]:
    """The words of each minimal set, given which of the 2^n masks are sufficient."""
    holds = sufficient.copy()
    places = np.arange(1 << n)
    bits = 1 << np.arange(n - 1, -1, -1)
    for bit in bits:
        with_bit = places[(places & bit) > 0]
        holds[with_bit] |= holds[with_bit ^ bit]
    for mask in np.flatnonzero(sufficient):
        members = [i for i, bit in enumerate(bits) if mask & bit]
        if not any(holds[mask ^ bits[i]] for i in members):
            yield members


def tables(editor: Editor, puzzle: Puzzle) -> dict[str, np.ndarray]:
    """Every response of every sub-prompt, (2^n,) each, from editing all of them."""
    prompt, image = Prompt(puzzle.prompt), draw(puzzle.scene)
    texts = [prompt.render(mask) for mask in enumerate_masks(len(prompt.words))]
    feature = feature_by_name("patches")
    known: dict[str, np.ndarray] = {}
    unique = list(dict.fromkeys(texts))
    for first in range(0, len(unique), BATCH):
        batch = unique[first : first + BATCH]
        pictures = np.stack([np.asarray(picture) for picture in editor.edit(image, batch, seed=0)])
        known.update(zip(batch, feature(pictures), strict=True))
    full, empty, grid = known[texts[-1]], known[""], grid_of(*image.shape[:2])
    kept: dict[str, dict[bytes, float]] = {name: {} for name in RESPONSES}

    def respond(name: str, one: np.ndarray) -> float:
        place = one.tobytes()  # The oracle's edits are few.
        if place not in kept[name]:
            kept[name][place] = float(_RESPOND[name](one[None], full, empty, grid)[0])
        return kept[name][place]

    return {name: np.array([respond(name, known[text]) for text in texts]) for name in RESPONSES}


_Respond = Callable[[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]], np.ndarray]
_RESPOND: dict[str, _Respond] = {
    "projection": lambda one, full, empty, grid: projection(one, full, empty),
    "regions": lambda one, full, empty, grid: regions(one, full, empty, DISTANCES["mean-l2"], grid),
    **{
        name: lambda one, full, empty, grid, name=name: by_distance(one, full, empty, DISTANCES[name])  # type: ignore[misc]
        for name in RESPONSES[2:]
    },
}


def editor_for(name: str, puzzle: Puzzle) -> Editor:
    return OracleEditor(puzzle.scene) if name == "oracle" else open_editor(name)


def fingerprint(name: str) -> str:
    """What the tables of an editor are kept by: a hash of its weights; the oracle's is its code's version."""
    if name == "oracle":
        return (OracleEditor(random_scene(0)).fingerprint or "").split(":")[0]
    folder = next(model.folder for model in shipped_models() if model.name == name)
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")):
        whole.update(file.read_bytes())
    return whole.hexdigest()


def make(name: str, *, tell: Callable[[str], None] = lambda line: None) -> Path:
    """Edit every sub-prompt of every puzzle with an editor, and write the file."""
    games = puzzles(COUNTS[name])
    columns: dict[str, list[np.ndarray]] = {response: [] for response in RESPONSES}
    editor = None if name == "oracle" else open_editor(name)
    for number, puzzle in enumerate(games):
        for response, values in tables(editor or editor_for(name, puzzle), puzzle).items():
            columns[response].append(values)
        tell(f"{name}: {number + 1} of {len(games)}, {len(puzzle.words)} words")
    whole = {
        key: np.clip(np.round(np.concatenate(values) / STEP), -32767, 32767).astype(np.int16)
        for key, values in columns.items()
    }
    about = {"fingerprint": fingerprint(name), "step": STEP, "puzzles": [asdict(puzzle) for puzzle in games]}
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.npz"
    np.savez_compressed(path, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **whole)  # type: ignore[arg-type]  # numpy's stub takes every keyword for allow_pickle.
    return path


@cache
def load(name: str) -> tuple[Game, ...] | None:
    """The games of an editor; None where there are none, or only those of other weights."""
    path = FOLDER / f"{name}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        whole = {response: file[response] * about["step"] for response in RESPONSES}
    if about["fingerprint"] != fingerprint(name):
        return None
    games, first = [], 0
    for saved in about["puzzles"]:
        puzzle = Puzzle(**saved)
        last = first + (1 << len(puzzle.words))
        share, needed, together = truths(puzzle)
        games.append(Game(puzzle, {key: values[first:last] for key, values in whole.items()}, share, needed, together))
        first = last
    return tuple(games)


def names() -> Sequence[str]:
    """The editors that games are made of."""
    return tuple(COUNTS)
