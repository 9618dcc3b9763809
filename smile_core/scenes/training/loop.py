"""One training loop for every stage: Muon and AdamW, one cycle of the rate, a moving average of the weights."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
LEAST_CHANGED = 1 / 64
SAVE_EVERY = 1000
ENDS = ("embedding", "conv_in", "conv_out", "say")
"""Names of parameters at the ends of a network, where Muon does not belong."""


class Average:
    """An exponential moving average of modules' parameters."""

    def __init__(self, modules: Iterable[nn.Module], decay: float) -> None:
        self.live = list(modules)
        self.kept = [copy.deepcopy(module).requires_grad_(False) for module in self.live]
        self.decay, self.steps = decay, 0

    def update(self) -> None:
        """Move towards the live parameters; faster at the start."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for kept, live in zip(self.kept, self.live, strict=True):
                torch._foreach_lerp_(list(kept.parameters()), list(live.parameters()), 1 - decay)

    def restore(self) -> None:
        """Put the average into the live modules."""
        for kept, live in zip(self.kept, self.live, strict=True):
            live.load_state_dict(kept.state_dict())


class Optimisers:
    """Muon (Jordan et al. 2024) for what acts as a matrix inside, convolutions flattened; AdamW for all else."""

    def __init__(self, modules: Iterable[nn.Module], rate: float) -> None:
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for module in modules:
            for name, parameter in module.named_parameters():
                if parameter.requires_grad:
                    inside = parameter.ndim >= 2 and not any(end in name for end in ENDS)
                    (matrices if inside else others).append(parameter)
        # Views of the same storage: what Muon does to them it does to the modules.
        self._pairs = [(p, nn.Parameter(p.detach().flatten(1))) for p in matrices]
        flat = [view for _, view in self._pairs]
        self._all: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(others, lr=rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
        ]
        if flat:
            muon = torch.optim.Muon(flat, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
            self._all.append(muon)

    def step(self, rate: float) -> None:
        """One step by the parameters' gradients."""
        for parameter, view in self._pairs:
            view.grad = None if parameter.grad is None else parameter.grad.flatten(1)
        for optimiser in self._all:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()


def share_of_rate(step: int, warm: float, steps: int) -> float:
    """One cycle: a linear rise over `warm` steps, then half a cosine down to nothing."""
    if step < warm:
        return step / warm
    return 0.5 + 0.5 * math.cos(math.pi * (step - warm) / max(1.0, steps - warm))


def train(
    name: str,
    modules: list[nn.Module],
    loss_of: Callable[[np.random.Generator], Tensor],
    *,
    steps: int,
    rate: float,
    seed: int,
    helpers: Iterable[nn.Module] = (),
    on_save: Callable[[], None] = lambda: None,
) -> None:
    """Train modules for some steps and leave their average in them.

    Args:
        name: what the log calls this stage.
        modules: what is trained and averaged.
        loss_of: draws a batch and gives its loss.
        steps: none at all for 0.
        rate: the highest learning rate.
        seed: of batches and of torch.
        helpers: trained beside the modules, then forgotten (auxiliary heads).
        on_save: called with the averages in place, every 1,000 steps and at the end.
    """
    if steps == 0:
        return
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    parameters = [p for module in (*modules, *helpers) for p in module.parameters() if p.requires_grad]
    optimisers = Optimisers([*modules, *helpers], rate)
    warm = min(0.1 * steps, 300)
    average = Average(modules, 0.999)
    started, running = time.perf_counter(), math.nan
    for step in range(1, steps + 1):
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            loss = loss_of(random)
        for parameter in parameters:
            parameter.grad = None
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimisers.step(rate * share_of_rate(step, warm, steps))
        average.update()
        if step % 10 == 0 or step == steps:
            running = loss.item() if math.isnan(running) else 0.85 * running + 0.15 * loss.item()
        if step % 100 == 0 or step == steps:
            seconds = time.perf_counter() - started
            print(f"{name} {step}/{steps} loss {running:.5f} {seconds:.0f} s", flush=True)
        if step % SAVE_EVERY == 0 and step < steps:
            live = [copy.deepcopy(module.state_dict()) for module in modules]
            average.restore()
            on_save()
            for module, state in zip(modules, live, strict=True):
                module.load_state_dict(state)
    average.restore()
    on_save()


def changed(source: Tensor, target: Tensor, threshold: float) -> Tensor:
    """Where two batches (B, C, H, W) differ by more than the threshold: (B, 1, H, W), 0 or 1."""
    return ((source - target).abs().amax(1, keepdim=True) > threshold).float()


def balanced(loss: Tensor, where: Tensor) -> Tensor:
    """Per picture the mean loss where something should change plus the mean elsewhere, then the batch's mean.

    A small edit counts as much as a new sky. Fewer than `LEAST_CHANGED` of the picture count as that many.
    """
    loss = loss.mean(1, keepdim=True)
    count = where.sum((1, 2, 3)).clamp(min=LEAST_CHANGED * where[0].numel())
    moved = (loss * where).sum((1, 2, 3)) / count
    still = (loss * (1 - where)).sum((1, 2, 3)) / (1 - where).sum((1, 2, 3)).clamp(min=1)
    return (moved + still).mean()


def hardest(loss: Tensor) -> Tensor:
    """The mean loss of each picture's worst places, one in sixteen, then the batch's mean.

    A new sky changes every place; a thing that should change as well is a few of them, and the worst ones.
    """
    places = loss.mean(1).flatten(1)
    return places.topk(max(1, places.shape[1] // 16)).values.mean()
