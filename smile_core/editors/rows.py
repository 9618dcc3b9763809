"""The rows of a network's arguments: how many there are, some of them, and results put together again.

Arguments are tensors whose first dimension is rows, inside lists and mappings as diffusers nests them, and others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

_NOT_ROWS = ("txt_ids", "img_ids")
"""Arguments whose first dimension is places, not rows, even where the numbers agree."""


def row_count(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """The first dimension of the first tensor that has more than one."""
    first = next((value for value in (*args, *kwargs.values()) if isinstance(value, Tensor) and value.ndim > 1), None)
    return 1 if first is None else int(first.shape[0])


def tensors_in(value: Any, name: str = "") -> list[Tensor]:
    """Every tensor inside a value but those of places."""
    if isinstance(value, Tensor):
        return [] if name in _NOT_ROWS else [value]
    if isinstance(value, Mapping):
        return [tensor for key, part in value.items() for tensor in tensors_in(part, str(key))]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in tensors_in(part)]
    return []


def digests(values: Any, rows: int) -> list[str]:
    """One hash a row over every tensor that has rows."""
    hashes = [hashlib.blake2b(digest_size=16) for _ in range(rows)]
    for tensor in tensors_in(values):
        if tensor.ndim and tensor.shape[0] == rows:
            raw = tensor.detach().cpu().contiguous().reshape(rows, -1).view(torch.uint8).numpy()
            for row, digest in zip(raw, hashes, strict=True):
                digest.update(row.tobytes())
    return [digest.hexdigest() for digest in hashes]


def taken(value: Any, chosen: Tensor, rows: int, name: str = "") -> Any:
    """The chosen rows of everything inside a value that has rows; the rest as it is."""
    if isinstance(value, Tensor):
        has_rows = value.ndim and value.shape[0] == rows and name not in _NOT_ROWS
        return value.index_select(0, chosen.to(value.device)) if has_rows else value
    if isinstance(value, Mapping):
        parts = {key: taken(part, chosen, rows, str(key)) for key, part in value.items()}
        return type(value)(**parts)
    if isinstance(value, (list, tuple)):
        if name == "img_shapes" and len(value) == rows:
            return [value[int(i)] for i in chosen]
        return type(value)(taken(part, chosen, rows) for part in value)
    return value


def joined(results: Sequence[Any]) -> Any:
    """Results of pieces as one."""
    first = results[0]
    if isinstance(first, Tensor):
        return torch.cat(list(results)) if first.ndim else first
    if isinstance(first, Mapping):
        return type(first)(**{key: joined([result[key] for result in results]) for key in first})
    if isinstance(first, (list, tuple)):
        return type(first)(joined(parts) for parts in zip(*results, strict=True))
    return first
