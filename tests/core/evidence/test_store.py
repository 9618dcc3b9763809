"""Evidence on disk: what is put comes back."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from smile_core.evidence_store import SETTINGS_KEPT, EvidenceStore
from smile_core.lossless import pack, unpack
from smile_core.prompt import Prompt
from tests.core.evidence.stored import SETTING, held, key, picture

TEXTS = ["", "make the car red", "make", "car red", "二つ の 車", "a\nb  c\0d", "lone \ud800 surrogate"]


def test_what_is_put_comes_back_before_and_after_it_is_written_and_after_reopening(folder: Path) -> None:
    with EvidenceStore(folder) as store:
        for text in TEXTS:
            store.put(key(text), picture(text))
            assert held(store, [text])
        store.flush()
        assert held(store, TEXTS) == TEXTS
        assert store.get(key("make", editor="another")) is None
        store.put(key("make"), picture("changed"))
        store.flush()
        assert np.array_equal(store.get(key("make")), picture("changed"))  # type: ignore[arg-type]
    with EvidenceStore(folder) as store:
        assert held(store, TEXTS) == [text for text in TEXTS if text != "make"]
        assert store.notes == ()


def test_a_picture_given_can_be_painted_over_and_one_got_cannot(store: EvidenceStore) -> None:
    given = picture("a")
    store.put(key("a"), given)
    given[:] = 0
    assert held(store, ["a"])
    store.flush()
    got = store.get(key("a"))
    assert got is not None
    assert not got.flags.writeable


SHAPES = [(1, 1), (1, 300), (128, 128), (37, 91)]


@pytest.mark.parametrize("shape", SHAPES)
def test_packing_is_lossless_and_notices_every_change(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    pixels[: shape[0] // 2] = 7
    packed = pack(pixels)
    assert np.array_equal(unpack(packed), pixels)  # type: ignore[arg-type]
    changes: list[dict[str, object]] = [
        {"height": packed.height + 1},
        {"width": packed.width + 1},
        {"data": packed.data[:-1]},
        {"data": b""},
        {"crc": packed.crc ^ 1},
    ]
    for change in changes:
        assert unpack(type(packed)(**{**vars(packed), **change})) is None
    broken = b"RIFF" + packed.data[5:]
    assert unpack(type(packed)(packed.height, packed.width, crc32(broken), broken)) is None


def test_what_is_no_packable_picture_stays_in_memory(store: EvidenceStore) -> None:
    long = np.zeros((1, 17000, 3), np.uint8)
    store.put(key("long"), long)
    store.flush()
    assert store.get(key("long")) is not None
    assert store.known(SETTING, Prompt("long words").words) == ["long"]


def test_texts_of_few_settings_stay_in_memory_and_all_are_found(store: EvidenceStore) -> None:
    words = Prompt("make the car red").words
    settings = []
    for number in range(SETTINGS_KEPT + 10):
        store.put(key("car red", f"editor {number}"), picture("car red"))
        settings.append(key("", f"editor {number}").setting)
    store.flush()
    for _ in range(2):
        assert all(store.known(setting, words) == ["car red"] for setting in settings)
        assert len(store._known) == SETTINGS_KEPT
