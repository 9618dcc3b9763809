"""What the rows of a batch share, around the networks of a loaded pipeline: work done once, and memory.

Placed between a pipeline and its networks, so that any pipeline of diffusers profits and stays as it is:

- text encoders see each text once (the null text of n rows is one text);
- the first denoising step sees each row once: all prompts start from the same noise, so its branches
  without text are one row each instead of n;
- a picture is encoded once, also over batches;
- where that is faster, the denoiser is compiled behind the scenes (`compiled.py`);
- rows are computed in pieces that fit into memory: when it runs out, pieces are halved and kept so;
- between steps, and between pieces, a request to stop is heard.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from smile_core.editors.compiled import CompiledBehind
from smile_core.editors.memory import free_memory, is_out_of_memory
from smile_core.editors.paired_noise import PairedNoise
from smile_core.editors.rows import digests, joined, row_count, taken, tensors_in
from smile_core.editors.shortcuts import Shortcuts
from smile_core.errors import Cancelled

_ENCODED_KEPT = 2
DECODED_ON_CPU = 2

Forward = Callable[..., Any]


class SharedWork:
    """Wraps the networks of one loaded pipeline; `begin` starts a batch."""

    def __init__(
        self,
        pipeline: Any,
        *,
        asked_to_stop: Callable[[], bool],
        compile_with: str | None = None,
        most_rows: int | None = None,
        shortcuts: Shortcuts | None = None,
    ) -> None:
        """
        Args:
            pipeline: of diffusers, loaded; its networks' methods are replaced on this object only.
            asked_to_stop: asked before each piece of each step.
            compile_with: a backend of `torch.compile` for the denoiser; see `compiled.py`.
            most_rows: that a network computes at once; None for as many as fit.
            shortcuts: of a draft.
        """
        self._asked_to_stop, self._shortcuts = asked_to_stop, shortcuts
        self._compile_with, self._most_rows = compile_with, most_rows
        self._noise: PairedNoise | None = None
        self._first_step = False
        self.compiled: CompiledBehind | None = None
        self._encoded: OrderedDict[str, Any] = OrderedDict()
        for name, part in pipeline.components.items():
            if name.startswith(("unet", "transformer")) and isinstance(part, torch.nn.Module):
                part.forward = self._denoising(part, part.forward)
            elif name.startswith("text_encoder") and isinstance(part, torch.nn.Module):
                part.forward = self._without_noise(_once_a_text(part.forward))
        vae = pipeline.components.get("vae")
        for encode in ("encode", "encode_with_skips"):
            if hasattr(vae, encode):
                setattr(vae, encode, self._kept(getattr(vae, encode)))
        for decode in ("decode", "decode_with_skips"):
            if hasattr(vae, decode):
                decoding = in_pieces(getattr(vae, decode), most=self._rows_decoded(vae))
                setattr(vae, decode, self._without_noise(decoding))

    def _rows_decoded(self, vae: Any) -> int | None:
        """A CPU decodes few rows at once faster, since what they need stays in its caches."""
        device = getattr(vae, "device", None)
        at_once = DECODED_ON_CPU if device is not None and device.type == "cpu" else None
        known = [rows for rows in (at_once, self._most_rows) if rows is not None]
        return min(known, default=None)

    def begin(self, noise: PairedNoise) -> None:
        """A batch starts; `noise` is the active one."""
        self._noise, self._first_step = noise, True
        if self._shortcuts is not None:
            self._shortcuts.begin(noise.rows)

    def _denoising(self, part: Any, forward: Forward) -> Forward:
        shortcuts = self._shortcuts
        if self._compile_with is not None and (shortcuts is None or shortcuts.compiles):
            forward = self.compiled = CompiledBehind(forward, backend=self._compile_with)
        if shortcuts is not None:
            forward = shortcuts.wrapped(part, forward)
        whole = in_pieces(forward, before=self._stop_if_asked, most=self._most_rows)
        once = once_a_row(whole)

        def step(*args: Any, **kwargs: Any) -> Any:
            first, self._first_step = self._first_step, False
            run = once if first else whole
            return run(*args, **kwargs) if shortcuts is None else shortcuts.step(run, args, kwargs)

        return self._without_noise(step)

    def _without_noise(self, forward: Forward) -> Forward:
        """For networks that draw none: to be asked whether to draw slows every operation down."""

        def called(*args: Any, **kwargs: Any) -> Any:
            if self._noise is None:
                return forward(*args, **kwargs)
            with self._noise.paused():
                return forward(*args, **kwargs)

        return called

    def _stop_if_asked(self) -> None:
        if self._asked_to_stop():
            raise Cancelled("stopped on request; what is finished is kept, ask again to go on")

    def _kept(self, encode: Forward) -> Forward:
        """The last few results of an encoder; a picture stays the same over all batches of an explanation."""

        def encoded(pixels: Tensor, *args: Any, **kwargs: Any) -> Any:
            key = f"{digests([pixels[None]], 1)[0]}{pixels.shape}{pixels.dtype}{encode.__name__}{args}{kwargs}"
            if key not in self._encoded:
                self._encoded[key] = encode(pixels, *args, **kwargs)
                while len(self._encoded) > _ENCODED_KEPT:
                    self._encoded.popitem(last=False)
            return self._encoded[key]

        return encoded


def in_pieces(forward: Forward, *, before: Callable[[], None] = lambda: None, most: int | None = None) -> Forward:
    """`forward`, called with as many rows at a time as memory takes.

    Args:
        forward: takes tensors whose first dimension is rows, and others, and gives tensors of rows.
        before: called before each piece.
        most: rows at a time to begin with; all when None.

    Returns:
        The same function of the same arguments.

    Raises:
        what `forward` raises; out of memory only where a single row does not fit.
    """

    def pieces(*args: Any, **kwargs: Any) -> Any:
        nonlocal most
        rows = row_count(args, kwargs)
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
                    results.append(forward(*taken(args, chosen, rows), **taken(kwargs, chosen, rows)))
                return joined(results)
            except (RuntimeError, MemoryError) as error:
                if at_once <= 1 or not is_out_of_memory(error):
                    raise
                most = at_once // 2
            free_memory()

    return pieces


def once_a_row(forward: Forward) -> Forward:
    """`forward`, called with each distinct row once, its results put back in the rows' places."""

    def once(*args: Any, **kwargs: Any) -> Any:
        rows = row_count(args, kwargs)
        if rows < 2:
            return forward(*args, **kwargs)
        places: dict[str, int] = {}
        back = [places.setdefault(digest, len(places)) for digest in digests([args, kwargs], rows)]
        if len(places) == rows:
            return forward(*args, **kwargs)
        chosen = torch.tensor([back.index(place) for place in range(len(places))])
        result = forward(*taken(args, chosen, rows), **taken(kwargs, chosen, rows))
        return taken(result, torch.tensor(back), len(places))

    return once


def _once_a_text(forward: Forward) -> Forward:
    """Only where every tensor has the texts as rows; vision-language models mix pictures in."""
    once = once_a_row(forward)

    def encoded(*args: Any, **kwargs: Any) -> Any:
        rows = row_count(args, kwargs)
        fits = all(tensor.ndim and tensor.shape[0] == rows for tensor in tensors_in([args, kwargs]))
        return (once if fits else forward)(*args, **kwargs)

    return encoded
