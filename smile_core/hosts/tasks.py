"""What a worker is asked to explain, as it travels: plain data with a key of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Task:
    """One prompt on one picture by one model. Equal tasks have equal explanations.

    `stamp` is the picture's modification time (ns) and size: another picture at the same path is another task.
    `area` is where an inpainting model may paint, as `Explainer.explain` takes it; None for other models.
    `area_stamp` is its file's, where it is one.
    `budget` 0 leaves the number of edits to the method.
    """

    prompt: str
    image: str
    stamp: tuple[int, int]
    model: str
    seed: int = 0
    budget: int = 0
    half_width: float = 0.04
    area: str | None = None
    area_stamp: tuple[int, int] | None = None

    def to_data(self) -> dict[str, Any]:
        """As JSON-like data."""
        return asdict(self)

    @staticmethod
    def from_data(data: dict[str, Any]) -> Task:
        """The inverse of `to_data`."""
        area_stamp = data.get("area_stamp")
        return Task(**{**data, "stamp": tuple(data["stamp"]), "area_stamp": tuple(area_stamp) if area_stamp else None})

    def with_model(self, model: str) -> Task:
        """The same with another model."""
        return replace(self, model=model)
