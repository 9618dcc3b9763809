"""Evidence: every edit known for a setting, so that none is made twice.

This one lives in memory. A setting is what fixes an edit besides its text: the editor's fingerprint,
the picture's content and the seed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EditKey:
    """What an edit was made from. Two equal keys give the same picture."""

    editor: str
    image_sha256: str
    seed: int
    text: str


class Evidence:
    """Pictures by key, least recently used out first once `most_bytes` are held. Safe between threads."""

    def __init__(self, *, most_bytes: int = 512 * 1024 * 1024) -> None:
        self._pictures: OrderedDict[EditKey, np.ndarray] = OrderedDict()
        self._bytes = 0
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def get(self, key: EditKey) -> np.ndarray | None:
        """The picture of a known edit, uint8 (H, W, 3), or None."""
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
            return picture

    def put(self, key: EditKey, picture: np.ndarray) -> None:
        """Remember an edit."""
        with self._lock:
            old = self._pictures.pop(key, None)
            self._bytes += picture.nbytes - (0 if old is None else old.nbytes)
            self._pictures[key] = picture
            while self._bytes > self._most_bytes and len(self._pictures) > 1:
                _, oldest = self._pictures.popitem(last=False)
                self._bytes -= oldest.nbytes

    def __len__(self) -> int:
        return len(self._pictures)
