"""Pictures of their own for texts, put into a store and asked back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from smile_core.evidence import EditKey
from smile_core.evidence_place import FILE
from smile_core.evidence_store import EvidenceStore

SETTING = EditKey("editor", "sha", 0, "").setting


def key(text: str, editor: str = "editor") -> EditKey:
    return EditKey(editor, "sha", 0, text)


def picture(text: str, side: int = 16) -> np.ndarray:
    """A picture of its own for every text, hard to pack."""
    seed = crc32(text.encode("utf-8", "surrogatepass"))
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def put_all(store: EvidenceStore, texts: Sequence[str], side: int = 16) -> None:
    for text in texts:
        store.put(key(text), picture(text, side))
    store.flush()


def held(store: EvidenceStore, texts: Sequence[str], side: int = 16) -> list[str]:
    """Those texts that give their picture back, to the bit."""
    return [t for t in texts if (p := store.get(key(t))) is not None and np.array_equal(p, picture(t, side))]


def query(folder: Path, question: str) -> object:
    connection = sqlite3.connect(folder / FILE)
    try:
        return connection.execute(question).fetchone()[0]
    finally:
        connection.close()
