"""Evidence: every edit known for a setting, so that none is made twice.

A setting is what fixes an edit besides its text: the editor's fingerprint, the picture's content, the area
and the seed. `Evidence` lives in memory; `EvidenceStore` keeps edits on disk and between processes.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np

from smile_core.known_texts import KnownTexts
from smile_core.prompt import Word


@dataclass(frozen=True)
class EditKey:
    """What an edit was made from. Two equal keys give the same picture. `area_sha256` is empty without an area."""

    editor: str
    image_sha256: str
    seed: int
    text: str
    area_sha256: str = ""

    @property
    def setting(self) -> str:
        """A hash of all that fixes the edit besides its text, 32 hexadecimal digits."""
        fixed = {name: value for name, value in asdict(self).items() if name != "text"}
        if not self.area_sha256:
            # Edits stored before there were areas stay known.
            del fixed["area_sha256"]
        return hashlib.blake2b(json.dumps(fixed, sort_keys=True).encode(), digest_size=16).hexdigest()


class AnyEvidence(Protocol):
    """What `Evidence` and `EvidenceStore` have in common. Safe between threads."""

    def get(self, key: EditKey) -> np.ndarray | None:
        """The picture of a known edit, uint8 (H, W, 3), or None."""

    def put(self, key: EditKey, picture: np.ndarray) -> None:
        """Remember an edit, uint8 (H, W, 3)."""

    def known(self, setting: str, words: Sequence[Word]) -> list[str]:
        """The texts of all edits in one setting that are sub-prompts of the prompt with these words.

        `SubPrompts(words).masks_of(text)` gives the masks of each. An edit may go (others bound and
        clear what is kept) between this call and `get`, which then gives None.

        Args:
            setting: `EditKey.setting`.
            words: a prompt's, or a merged prompt's; each text is found however it was cut when it was put.
        """


class Evidence:
    """Pictures by key, least recently used out first once `most_bytes` are held. Safe between threads."""

    def __init__(self, *, most_bytes: int = 512 * 1024 * 1024) -> None:
        self._pictures: OrderedDict[EditKey, np.ndarray] = OrderedDict()
        self._texts: defaultdict[str, KnownTexts] = defaultdict(KnownTexts)
        self._bytes = 0
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def get(self, key: EditKey) -> np.ndarray | None:
        """See `AnyEvidence`."""
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
            return picture

    def put(self, key: EditKey, picture: np.ndarray) -> None:
        """See `AnyEvidence`."""
        with self._lock:
            old = self._pictures.pop(key, None)
            self._bytes += picture.nbytes - (0 if old is None else old.nbytes)
            self._pictures[key] = picture
            self._texts[key.setting].add([key.text])
            while self._bytes > self._most_bytes and len(self._pictures) > 1:
                gone, oldest = self._pictures.popitem(last=False)
                self._bytes -= oldest.nbytes
                texts = self._texts[gone.setting]
                texts.discard(gone.text)
                if not texts:
                    del self._texts[gone.setting]

    def known(self, setting: str, words: Sequence[Word]) -> list[str]:
        """See `AnyEvidence`."""
        with self._lock:
            return self._texts[setting].find(words) if setting in self._texts else []

    def __len__(self) -> int:
        return len(self._pictures)
