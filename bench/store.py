"""What the stored evidence costs: finding sub-prompts among 100,000 edits, putting, getting, and bytes a picture.

The crowded store is the worst that can be: all edits in one setting, 10,000 of them sub-prompts of the
three prompts asked for, half of the others from the same prompts with a few words put in.
"""

from __future__ import annotations

import io
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

from bench.bars import report
from smile_core import lossless
from smile_core.editors.registry import open_editor
from smile_core.evidence import EditKey
from smile_core.evidence_place import FILE, EvidencePlace
from smile_core.evidence_rows import EvidenceRows, NewEdit
from smile_core.evidence_store import EvidenceStore
from smile_core.known_texts import KnownTexts
from smile_core.prompt import Prompt
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene
from smile_core.sub_prompts import SubPrompts

EDITS = 100_000
SETTINGS = 500
LENGTHS = (12, 20, 60)
VOCABULARY = [f"word{k}" for k in range(500)]
FILLERS = ["the", "and", "a", "to"]


def prompts(rng: random.Random) -> list[list[str]]:
    """A prompt of each length, every fifth word a filler, so that words repeat as they do in language."""
    return [[rng.choice(FILLERS) if k % 5 == 1 else rng.choice(VOCABULARY) for k in range(n)] for n in LENGTHS]


def sub_prompt(words: list[str], share: float, rng: random.Random) -> str:
    """A random sub-prompt."""
    return " ".join(word for word in words if rng.random() < share)


def crowd(asked: list[list[str]], rng: random.Random) -> Iterator[str]:
    """Texts without end: see the head of this file."""
    for _ in range(4000):
        yield from (sub_prompt(words, 0.6, rng) for words in asked)
    while True:
        near = list(rng.choice(asked))
        for _ in range(3):
            near.insert(rng.randrange(len(near)), rng.choice(VOCABULARY))
        yield from (sub_prompt(near, 0.6, rng) for _ in range(40))
        other = rng.choices(VOCABULARY + FILLERS * 30, k=rng.randint(6, 20))
        yield from (sub_prompt(other, 0.6, rng) for _ in range(40))


def distinct(texts: Iterator[str], number: int) -> list[str]:
    """The first so many different texts."""
    found: dict[str, None] = {}
    while len(found) < number:
        found[next(texts)] = None
    return list(found)


def milliseconds(action: Callable[[], Any], times: int = 9) -> float:
    """Median time of an action."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        spent.append((time.perf_counter() - started) * 1e3)
    return statistics.median(spent)


def _each(action: Callable[[Any], object], things: Iterable[Any]) -> None:
    for thing in things:
        action(thing)


def fill(folder: Path, edits: Iterable[tuple[str, str]]) -> None:
    """Store edits of one small picture, by setting and text."""
    packed = lossless.pack(np.zeros((8, 8, 3), np.uint8))
    with EvidencePlace(folder).prepared(10) as path:
        rows = EvidenceRows(path, patience=10, log_bytes=4 * 1024**2)
    rows.write([NewEdit(setting, text, packed, time.time()) for setting, text in edits], {}, [], 1 << 40)
    rows.close()


def finding(folder: Path) -> tuple[dict[str, float | None], list[dict[str, Any]]]:
    """Figures of `known`, spread and crowded."""
    rng = random.Random(0)
    asked = prompts(rng)
    crowded = distinct(crowd(asked, rng), EDITS)
    fill(folder / "crowded", (("crowded", text) for text in crowded))
    fill(folder / "spread", ((f"setting {k % SETTINGS}", text) for k, text in enumerate(crowded)))
    rows, figures = [], dict[str, float | None]()
    for name, setting in (("crowded", "crowded"), ("spread", "setting 7")):
        with EvidenceStore(folder / name) as store:
            words = [Prompt(" ".join(prompt)).words for prompt in asked]
            cold = milliseconds(partial(store.known, setting, words[0]), times=1)
            for n, each in zip(LENGTHS, words, strict=True):
                found = store.known(setting, each)
                warm = milliseconds(partial(store.known, setting, each))
                rows.append({"store": name, "words": n, "found": len(found), "warm_ms": warm})
                figures[f"{name}_{n}_words_ms"] = warm
                if name == "crowded":
                    masks_of = partial(_each, SubPrompts(each).masks_of, found[:100])
                    figures[f"masks_{n}_words_ms"] = milliseconds(masks_of)
            figures[f"{name}_cold_ms"] = cold
            figures[f"{name}_megabytes"] = (folder / name / FILE).stat().st_size / 1e6
    own = distinct((sub_prompt(asked[1], 0.5, rng) for _ in iter(int, 1)), EDITS)
    texts = KnownTexts(own)
    figures["all_match_20_words_ms"] = milliseconds(lambda: texts.find(Prompt(" ".join(asked[1])).words))
    return figures, rows


def photographs(side: int) -> list[np.ndarray]:
    """Crops of two photographs."""
    found = []
    for name in ("china.jpg", "flower.jpg"):
        image = Image.fromarray(load_sample_image(name)).resize((768, 512), Image.Resampling.LANCZOS)
        found += [np.array(image.crop((x, 100 % (513 - side), x + side, 100 % (513 - side) + side))) for x in (0, 256)]
    return found


def edits() -> list[np.ndarray]:
    """What scenes-turbo makes of a street."""
    prompts = ["make the car red", "make the sky stormy", "remove the tree", "make it snowy", ""]
    made = open_editor("scenes-turbo").edit(draw(random_scene(0)), prompts, seed=0)
    return [np.asarray(picture) for picture in made if picture is not None]


def packers() -> dict[str, Callable[[np.ndarray], bytes]]:
    """The ways to pack a picture that were weighed against each other."""

    def pillow(kind: str, **options: Any) -> Callable[[np.ndarray], bytes]:
        def pack(picture: np.ndarray) -> bytes:
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, kind, **options)
            return buffer.getvalue()

        return pack

    def differences(picture: np.ndarray) -> bytes:
        return zlib.compress(np.diff(picture, axis=0, prepend=np.uint8(0)).tobytes(), 1)

    return {
        "webp": lambda picture: lossless.pack(picture).data,
        "webp-4": pillow("WEBP", lossless=True, method=4, quality=50),
        "png-1": pillow("PNG", compress_level=1),
        "zlib-1": lambda picture: zlib.compress(picture.tobytes(), 1),
        "differences-zlib-1": differences,
    }


def packing() -> tuple[dict[str, float | None], list[dict[str, Any]]]:
    """Sizes and times of packing; the figures compare ours with the best of those as quick."""
    rows: list[dict[str, Any]] = []
    for kind, pictures in {"edits-128": edits(), "photo-128": photographs(128), "photo-512": photographs(512)}.items():
        for name, pack in packers().items():
            kilobytes = statistics.mean(len(pack(picture)) for picture in pictures) / 1e3
            spent = milliseconds(partial(_each, pack, pictures)) / len(pictures)
            rows.append({"pictures": kind, "packed": name, "kilobytes": kilobytes, "milliseconds": spent})
    figures: dict[str, float | None] = {}
    for kind in ("edits-128", "photo-128", "photo-512"):
        by_name = {row["packed"]: row for row in rows if row["pictures"] == kind}
        quick = [row["kilobytes"] for name, row in by_name.items() if name not in ("webp", "webp-4")]
        figures[f"{kind}_kilobytes"] = by_name["webp"]["kilobytes"]
        figures[f"{kind}_of_best_other"] = by_name["webp"]["kilobytes"] / min(quick)
        figures[f"{kind}_pack_ms"] = by_name["webp"]["milliseconds"]
    return figures, rows


def passing(folder: Path) -> dict[str, float | None]:
    """Times of `put` as the caller sees it, of writing behind it, and of `get` from disk."""
    figures: dict[str, float | None] = {}
    for side in (128, 512):
        pictures = photographs(side)
        for picture in pictures:
            picture.setflags(write=False)  # As editors' pictures are; others are copied first.
        keys = [EditKey("editor", "sha", side, f"text {k}") for k in range(36)]
        with EvidenceStore(folder / "passing") as store:
            store.put(EditKey("editor", "sha", side, "first"), pictures[0])
            store.flush()
            put = []
            started = time.perf_counter()
            for k, key in enumerate(keys):
                before = time.perf_counter()
                store.put(key, pictures[k % 4])
                put.append(time.perf_counter() - before)
            store.flush()
            figures[f"write_{side}_ms"] = (time.perf_counter() - started) / len(keys) * 1e3
            figures[f"put_{side}_ms"] = statistics.median(put) * 1e3
            get = [milliseconds(partial(store.get, key), times=1) for key in keys]
            figures[f"get_{side}_ms"] = statistics.median(get)
    return figures


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found, found_rows = finding(Path(scratch))
        packed, packed_rows = packing()
        report("store", {**found, **passing(Path(scratch)), **packed}, {"finding": found_rows, "packing": packed_rows})
