"""Shortcuts that change what a model paints: only where they are asked for, and called drafts wherever they show.

- `guided`: guidance in the first steps only (Castillo et al., "Adaptive Guidance", arXiv 2312.12487); later the
  branch with the text stands for all branches, so that a step computes a half or a third of the rows.
- `reuse`: what the deeper levels of a UNet gave is used again for some steps, and only its outermost level is
  computed anew (Ma et al., "DeepCache", arXiv 2312.00858); of a transformer, what its attention gave.

diffusers has caches for transformers, not for UNets. Of them the one with a fixed schedule is used: the others
decide for a batch as a whole, so that an edit would depend on the prompts beside it, which no edit may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from smile_core.editors.rows import row_count, taken
from smile_core.errors import EditorError

Forward = Callable[..., Any]
_ROWS = "rows_of_the_batch"


@dataclass(frozen=True)
class Branches:
    """How a pipeline asks its denoiser for guidance.

    Attributes:
        count: branches a step.
        text: which of them has the text, from 0.
        apart: each branch is a call of its own; else their rows follow each other in one.
    """

    count: int
    text: int
    apart: bool = False


class Shortcuts:
    """What is left out at which step of a batch."""

    def __init__(self, scheduler: Any, *, branches: Branches | None, guided: float = 1.0, reuse: int = 1) -> None:
        """
        Args:
            scheduler: of the pipeline; knows its steps when the first one begins.
            branches: of its guidance, where it has any.
            guided: the share of the steps with guidance, over 0 to 1 for all; the first always has it.
            reuse: deep features are computed at the first of so many steps.
        """
        self._scheduler, self._branches = scheduler, branches
        self._guided, self._reuse = guided, reuse
        self._deep: DeepFeatures | CachedAttention | None = None
        self._rows = self._calls = self._guided_steps = self._last_call = 0
        self._of_text: Any = None

    @property
    def compiles(self) -> bool:
        """Whether every step runs the same operations, so that a compiler can help."""
        return self._reuse == 1

    def wrapped(self, part: Any, forward: Forward) -> Forward:
        """A denoiser's forward, which from now on skips what may be skipped.

        Raises:
            EditorError: it has nothing deep.
        """
        if self._reuse == 1:
            return forward
        self._deep = CachedAttention(part, self._reuse) if hasattr(part, "enable_cache") else DeepFeatures(part)
        return self._deep.around(forward)

    def begin(self, rows: int) -> None:
        """A batch of so many prompts starts."""
        self._rows, self._calls, self._of_text = rows, 0, None
        if self._deep is not None:
            self._deep.forget()

    def step(self, run: Forward, args: Any, kwargs: Any) -> Any:
        """One call of the denoiser with rows of all prompts, by `run`, with as much of it as is needed."""
        calls = self._branches.count if self._branches is not None and self._branches.apart else 1
        number, branch = divmod(self._calls, calls)
        if self._calls == 0:
            steps = self._steps(args)
            self._last_call, self._guided_steps = steps * calls, max(1, round(self._guided * steps))
        self._calls += 1
        if self._deep is not None:
            self._deep.anew, self._deep.branch = number % self._reuse == 0, branch
            kwargs = {**kwargs, _ROWS: torch.arange(row_count(args, kwargs))}
        unguided = self._branches is not None and number >= self._guided_steps
        made = self._of_the_text(run, branch, args, kwargs) if unguided else run(*args, **kwargs)
        if self._deep is not None and self._calls == self._last_call:
            self._deep.forget()
        return made

    def _of_the_text(self, run: Forward, branch: int, args: Any, kwargs: Any) -> Any:
        """The branch with the text, in the places of all branches."""
        assert self._branches is not None
        if self._branches.apart:
            if branch == self._branches.text:
                self._of_text = run(*args, **kwargs)
            return self._of_text
        rows, per = row_count(args, kwargs), self._rows
        if rows != self._branches.count * per:
            return run(*args, **kwargs)
        chosen = torch.arange(per) + self._branches.text * per
        made = run(*taken(args, chosen, rows), **taken(kwargs, chosen, rows))
        return taken(made, torch.arange(per).repeat(self._branches.count), per)

    def _steps(self, args: Any) -> int:
        """How many there are from the one that a first call is about; image-to-image leaves some out."""
        steps = [float(step) for step in self._scheduler.timesteps]
        here = float(args[1]) if len(args) > 1 and isinstance(args[1], Tensor) and args[1].numel() == 1 else None
        return len(steps) - (steps.index(here) if here in steps else 0)


class DeepFeatures:
    """What the levels of a UNet below the outermost gave, by row, for the steps at which they are skipped.

    Attributes:
        anew: whether the next call computes them.
        branch: of guidance, where each is a call of its own.
    """

    def __init__(self, unet: Any) -> None:
        """
        Args:
            unet: whose blocks' methods are replaced on this object only.

        Raises:
            EditorError: it has one level, or is no UNet of diffusers.
        """
        down: Any = getattr(unet, "down_blocks", ())
        up: Any = getattr(unet, "up_blocks", ())
        if len(up) < 2 or getattr(unet, "mid_block", None) is None:
            raise EditorError(f"a {type(unet).__name__} has no deep features to reuse; leave out reuse")
        self.anew, self.branch = True, 0
        self._kept: dict[int, Tensor] = {}
        self._rows: list[int] = []
        nothing = torch.empty(0)
        for block in down[1:]:
            residuals = len(block.resnets) + (block.downsamplers is not None)
            block.forward = self._skipped(block.forward, (nothing, (nothing,) * residuals))
        for block in (unet.mid_block, *up[:-2]):
            block.forward = self._skipped(block.forward, nothing)
        up[-2].forward = self._remembered(up[-2].forward)

    def forget(self) -> None:
        """After a batch nothing of it counts."""
        self.anew = True
        self._kept.clear()

    def around(self, forward: Forward) -> Forward:
        """The UNet's forward, told by one more argument which rows of the batch it is given."""

        def called(*args: Any, **kwargs: Any) -> Any:
            self._rows = kwargs.pop(_ROWS).tolist()
            return forward(*args, **kwargs)

        return called

    def _skipped(self, forward: Forward, instead: Any) -> Forward:
        return lambda *args, **kwargs: forward(*args, **kwargs) if self.anew else instead

    def _remembered(self, forward: Forward) -> Forward:
        def called(*args: Any, **kwargs: Any) -> Any:
            if not self.anew:
                return torch.stack([self._kept[row] for row in self._rows])
            made = forward(*args, **kwargs)
            self._kept.update(zip(self._rows, made, strict=True))
            return made

        return called


class CachedAttention:
    """What the attention of a transformer gave, kept by diffusers' own cache, apart for each piece of a batch.

    Attributes:
        anew: whether the next call computes it; the cache counts for itself, to the same end.
        branch: of guidance, where each is a call of its own.
    """

    def __init__(self, transformer: Any, every: int) -> None:
        """
        Args:
            transformer: of diffusers, with a cache.
            every: so many steps share what the first of them computed.
        """
        from diffusers import TaylorSeerCacheConfig

        self.anew, self.branch = True, 0
        self._transformer = transformer
        # Order 0 is plain reuse. The cache computes where (step - before - 1) % interval is 0.
        transformer.enable_cache(
            TaylorSeerCacheConfig(
                cache_interval=every,
                disable_cache_before_step=-1,
                max_order=0,
                taylor_factors_dtype=transformer.dtype,
            )
        )

    def forget(self) -> None:
        """After a batch nothing of it counts."""
        self._transformer._reset_stateful_cache()

    def around(self, forward: Forward) -> Forward:
        """The transformer's forward, told by one more argument which rows of the batch it is given."""

        def called(*args: Any, **kwargs: Any) -> Any:
            rows = kwargs.pop(_ROWS).tolist()
            with self._transformer.cache_context(f"rows {rows[0]} to {rows[-1]}, branch {self.branch}"):
                return forward(*args, **kwargs)

        return called
