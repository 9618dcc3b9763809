"""What the rows of a batch share, around the networks of a loaded pipeline: work done once, and memory.

Placed between a pipeline and its networks, so that any pipeline of diffusers profits and stays as it is:

- text encoders see each text once (the null text of n rows is one text);
- the first denoising step sees each row once: all prompts start from the same noise, so its branches
  without text are one row each instead of n;
- a picture is encoded once, also over batches;
- rows are computed in pieces that fit into memory: when it runs out, pieces are halved and kept so;
- between steps, and between pieces, a request to stop is heard.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from smile_core.editors.memory import free_memory, is_out_of_memory
from smile_core.editors.paired_noise import PairedNoise
from smile_core.errors import Cancelled

_NOT_ROWS = ("txt_ids", "img_ids")
"""Arguments whose first dimension is places, not rows, even where the numbers agree."""

_ENCODED_KEPT = 2

Forward = Callable[..., Any]


class SharedWork:
    """Wraps the networks of one loaded pipeline; `begin` starts a batch."""

    def __init__(self, pipeline: Any, *, asked_to_stop: Callable[[], bool], compile_with: str | None = None) -> None:
        """
        Args:
            pipeline: of diffusers, loaded; its networks' methods are replaced on this object only.
            asked_to_stop: asked before each piece of each step.
            compile_with: a backend of `torch.compile` for the denoiser.
        """
        self._asked_to_stop = asked_to_stop
        self._compile_with = compile_with
        self._noise: PairedNoise | None = None
        self._first_step = False
        self._encoded: OrderedDict[str, Any] = OrderedDict()
        for name, part in pipeline.components.items():
            if name.startswith(("unet", "transformer")) and isinstance(part, torch.nn.Module):
                part.forward = self._denoising(part.forward)
            elif name.startswith("text_encoder") and isinstance(part, torch.nn.Module):
                part.forward = _once_a_text(part.forward)
        vae = pipeline.components.get("vae")
        for encode in ("encode", "encode_with_skips"):
            if hasattr(vae, encode):
                setattr(vae, encode, self._kept(getattr(vae, encode)))
        for decode in ("decode", "decode_with_skips"):
            if hasattr(vae, decode):
                setattr(vae, decode, in_pieces(getattr(vae, decode)))

    def begin(self, noise: PairedNoise) -> None:
        """A batch starts; `noise` is the active one."""
        self._noise, self._first_step = noise, True

    def _denoising(self, forward: Forward) -> Forward:
        if self._compile_with is not None:
            forward = filled_up(torch.compile(forward, backend=self._compile_with))
        whole = in_pieces(forward, before=self._stop_if_asked)
        once = once_a_row(whole)

        def step(*args: Any, **kwargs: Any) -> Any:
            first, self._first_step = self._first_step, False
            if self._noise is None:
                return whole(*args, **kwargs)
            with self._noise.paused():
                return (once if first else whole)(*args, **kwargs)

        return step

    def _stop_if_asked(self) -> None:
        if self._asked_to_stop():
            raise Cancelled("stopped on request; what is finished is kept, ask again to go on")

    def _kept(self, encode: Forward) -> Forward:
        """The last few results of an encoder; a picture stays the same over all batches of an explanation."""

        def encoded(pixels: Tensor, *args: Any, **kwargs: Any) -> Any:
            key = f"{_digests([pixels[None]], 1)[0]}{pixels.shape}{pixels.dtype}{encode.__name__}{args}{kwargs}"
            if key not in self._encoded:
                self._encoded[key] = encode(pixels, *args, **kwargs)
                while len(self._encoded) > _ENCODED_KEPT:
                    self._encoded.popitem(last=False)
            return self._encoded[key]

        return encoded


def in_pieces(forward: Forward, *, before: Callable[[], None] = lambda: None) -> Forward:
    """`forward`, called with as many rows at a time as memory takes.

    Args:
        forward: takes tensors whose first dimension is rows, and others, and gives tensors of rows.
        before: called before each piece.

    Returns:
        The same function of the same arguments.

    Raises:
        what `forward` raises; out of memory only where a single row does not fit.
    """
    most: int | None = None

    def pieces(*args: Any, **kwargs: Any) -> Any:
        nonlocal most
        rows = _rows(args, kwargs)
        while True:
            at_once = rows if most is None else min(rows, most)
            try:
                if at_once >= rows:
                    before()
                    return forward(*args, **kwargs)
                results = []
                for first in range(0, rows, at_once):
                    before()
                    chosen = torch.arange(first, min(first + at_once, rows))
                    results.append(forward(*_taken(args, chosen, rows), **_taken(kwargs, chosen, rows)))
                return _joined(results)
            except (RuntimeError, MemoryError) as error:
                if at_once <= 1 or not is_out_of_memory(error):
                    raise
                most = at_once // 2
            free_memory()

    return pieces


def filled_up(forward: Forward) -> Forward:
    """`forward`, called with powers of two of rows, the last row repeated: few shapes to compile for."""

    def full(*args: Any, **kwargs: Any) -> Any:
        rows = _rows(args, kwargs)
        chosen = torch.arange(1 << (rows - 1).bit_length()).clamp(max=rows - 1)
        if len(chosen) == rows:
            return forward(*args, **kwargs)
        result = forward(*_taken(args, chosen, rows), **_taken(kwargs, chosen, rows))
        return _taken(result, torch.arange(rows), len(chosen))

    return full


def once_a_row(forward: Forward) -> Forward:
    """`forward`, called with each distinct row once, its results put back in the rows' places."""

    def once(*args: Any, **kwargs: Any) -> Any:
        rows = _rows(args, kwargs)
        if rows < 2:
            return forward(*args, **kwargs)
        places: dict[str, int] = {}
        back = [places.setdefault(digest, len(places)) for digest in _digests([args, kwargs], rows)]
        if len(places) == rows:
            return forward(*args, **kwargs)
        chosen = torch.tensor([back.index(place) for place in range(len(places))])
        result = forward(*_taken(args, chosen, rows), **_taken(kwargs, chosen, rows))
        return _taken(result, torch.tensor(back), len(places))

    return once


def _once_a_text(forward: Forward) -> Forward:
    """Only where every tensor has the texts as rows; vision-language models mix pictures in."""
    once = once_a_row(forward)

    def encoded(*args: Any, **kwargs: Any) -> Any:
        rows = _rows(args, kwargs)
        fits = all(tensor.ndim and tensor.shape[0] == rows for tensor in _tensors([args, kwargs]))
        return (once if fits else forward)(*args, **kwargs)

    return encoded


def _rows(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    first = next((value for value in (*args, *kwargs.values()) if isinstance(value, Tensor) and value.ndim > 1), None)
    return 1 if first is None else int(first.shape[0])


def _tensors(value: Any, name: str = "") -> list[Tensor]:
    if isinstance(value, Tensor):
        return [] if name in _NOT_ROWS else [value]
    if isinstance(value, Mapping):
        return [tensor for key, part in value.items() for tensor in _tensors(part, str(key))]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in _tensors(part)]
    return []


def _digests(values: Any, rows: int) -> list[str]:
    """One hash a row over every tensor that has rows."""
    hashes = [hashlib.blake2b(digest_size=16) for _ in range(rows)]
    for tensor in _tensors(values):
        if tensor.ndim and tensor.shape[0] == rows:
            raw = tensor.detach().cpu().contiguous().reshape(rows, -1).view(torch.uint8).numpy()
            for row, digest in zip(raw, hashes, strict=True):
                digest.update(row.tobytes())
    return [digest.hexdigest() for digest in hashes]


def _taken(value: Any, chosen: Tensor, rows: int, name: str = "") -> Any:
    """The chosen rows of everything inside a value that has rows; the rest as it is."""
    if isinstance(value, Tensor):
        has_rows = value.ndim and value.shape[0] == rows and name not in _NOT_ROWS
        return value.index_select(0, chosen.to(value.device)) if has_rows else value
    if isinstance(value, Mapping):
        parts = {key: _taken(part, chosen, rows, str(key)) for key, part in value.items()}
        return type(value)(**parts)
    if isinstance(value, (list, tuple)):
        if name == "img_shapes" and len(value) == rows:
            return [value[int(i)] for i in chosen]
        return type(value)(_taken(part, chosen, rows) for part in value)
    return value


def _joined(results: Sequence[Any]) -> Any:
    """Results of pieces as one."""
    first = results[0]
    if isinstance(first, Tensor):
        return torch.cat(list(results)) if first.ndim else first
    if isinstance(first, Mapping):
        return type(first)(**{key: _joined([result[key] for result in results]) for key in first})
    if isinstance(first, (list, tuple)):
        return type(first)(_joined(parts) for parts in zip(*results, strict=True))
    return first
