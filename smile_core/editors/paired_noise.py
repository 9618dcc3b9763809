"""Paired noise: every row of a batch sees the noise that it would see alone.

A pipeline that is given one generator draws different noise for each row of a batch, and a list of
same-seed generators makes some pipelines encode the picture once a row. Here whatever noise is drawn for
as many rows as there are prompts is drawn for one row and repeated, so that all sub-prompts share it,
whatever the pipeline, the scheduler, the batch and the row. One row's numbers are those that a generator
of its own would give it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class PairedNoise(TorchFunctionMode):
    """While active, `torch.randn` and `torch.randn_like` give every row of a batch the same numbers.

    Noise asked for without a generator comes from one of its own, never from the process's.

    Attributes:
        rows: the number of prompts in the batch.
    """

    def __init__(self, rows: int, *, seed: int) -> None:
        """`rows` is the number of prompts in the batch; `seed` that of draws without a generator."""
        super().__init__()
        self.rows = rows
        self._own = torch.Generator("cpu").manual_seed(seed)
        self._active = False

    def __enter__(self) -> PairedNoise:
        super().__enter__()  # type: ignore[no-untyped-call]
        self._active = True
        return self

    def __exit__(self, *error: object) -> None:
        self._active = False
        super().__exit__(*error)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """See `TorchFunctionMode`."""
        given = dict(kwargs or {})
        if func is torch.randn:
            first = given.pop("size", args[0] if len(args) == 1 else args)
            shape = (first,) if isinstance(first, int) else tuple(int(side) for side in first)
            return self._drawn(shape, given)
        if func is torch.randn_like:
            like = args[0] if args else given.pop("input")
            given.pop("memory_format", None)
            return self._drawn(tuple(like.shape), {"dtype": like.dtype, "device": like.device, **given})
        return func(*args, **given)

    def _drawn(self, shape: tuple[int, ...], given: dict[str, Any]) -> torch.Tensor:
        generator = given.pop("generator", None)
        device = torch.device(given.pop("device", None) or "cpu")
        generator = self._own if generator is None else generator
        repeated = len(shape) > 1 and shape[0] == self.rows
        drawn = torch.randn(
            (1, *shape[1:]) if repeated else shape, generator=generator, device=generator.device, **given
        )
        return (drawn.expand(shape).clone() if repeated else drawn).to(device)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Not active inside, so that a network that draws nothing is not slowed. Only for the innermost mode."""
        if not self._active:
            yield
            return
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.__enter__()
