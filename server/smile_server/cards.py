"""Hover pictures that were drawn, kept within a bound of bytes; the one longest unused goes first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from smile_core.hosts.tasks import Task

KEPT_BYTES = 32 * 1024**2

Card = tuple[dict[str, Any], bytes]
"""What is said of a picture, and the picture's file."""


class Cards:
    """Cards by task and by what else they depend on."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[tuple[Task, tuple[Any, ...]], Card] = OrderedDict()
        self.bytes = 0

    def get(self, task: Task, which: tuple[Any, ...]) -> Card | None:
        """A card that is there; it counts as used."""
        found = self._kept.get((task, which))
        if found is not None:
            self._kept.move_to_end((task, which))
        return found

    def put(self, task: Task, which: tuple[Any, ...], card: Card) -> None:
        """Keep a card, in place of the one before."""
        self._drop((task, which))
        self._kept[task, which] = card
        self.bytes += len(card[1])
        while self.bytes > self._most:
            self._drop(next(iter(self._kept)))

    def forget(self, task: Task) -> None:
        """Drop every card of a task."""
        for key in [key for key in self._kept if key[0] == task]:
            self._drop(key)

    def clear(self) -> None:
        """Drop all."""
        self._kept.clear()
        self.bytes = 0

    def _drop(self, key: tuple[Task, tuple[Any, ...]]) -> None:
        card = self._kept.pop(key, None)
        self.bytes -= len(card[1]) if card is not None else 0
