"""What a worker is asked to explain, as it travels: plain data with a key of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """One prompt on one picture by one model. Equal tasks have equal explanations.

    `stamp` is the picture's modification time (ns) and size: another picture at the same path is another task.
    `budget` 0 leaves the number of edits to the method.
    """

    prompt: str
    image: str
    stamp: tuple[int, int]
    model: str
    seed: int = 0
    budget: int = 0
    half_width: float = 0.04

    def to_data(self) -> dict[str, Any]:
        """As JSON-like data."""
        return asdict(self)

    @staticmethod
    def from_data(data: dict[str, Any]) -> Task:
        """The inverse of `to_data`."""
        return Task(**{**data, "stamp": tuple(data["stamp"])})

    def with_model(self, model: str) -> Task:
        """The same with another model."""
        return Task(**{**asdict(self), "stamp": self.stamp, "model": model})
