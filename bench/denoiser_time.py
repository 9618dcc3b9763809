"""Where a denoiser's time goes: kinds of operations, how near each comes to the peak, and what launching them costs.

Answers what stands between a denoiser's share of the peak and a larger one: a kind that takes much of the time at
little of the peak is what to work on; time that is nobody's is Python and launching.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

_KINDS = (
    ("attention", ("scaled_dot_product", "flash", "fmha", "attention")),
    ("convolution", ("conv", "fprop", "implicit_gemm")),
    ("copies", ("copy", "memcpy", "memset", "aten::cat", "catarray", "nchwtonhwc", "nhwctonchw")),
    ("normalisation", ("norm", "welford", "rowwisemoments")),
    ("matrix product", ("addmm", "bmm", "::mm", "aten.mm", "linear", "gemm", "nvjet", "cutlass")),
)
_OTHER, _NOBODY = "elementwise and others", "launching and waiting"
_RUNS = 3

Run = Callable[[], Any]


def _attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


_ON_CPU = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention}
"""What torch does not count by itself."""


@dataclass(frozen=True)
class Spent:
    """One kind of operations. `of_time` is its share of the time, `of_operations` of the floating-point operations,
    `of_peak` the operations a second while it runs, against the peak.
    """

    kind: str
    of_time: float
    of_operations: float
    of_peak: float


def kind_of(name: str) -> str:
    """The kind of an operation or kernel, by its name in a profile."""
    lower = name.lower()
    return next((kind for kind, parts in _KINDS if any(part in lower for part in parts)), _OTHER)


def operations(run: Run) -> dict[str, float]:
    """Floating-point operations of a call, by kind."""
    with FlopCounterMode(display=False, custom_mapping=_ON_CPU) as counter:
        run()
    found: dict[str, float] = {}
    for name, count in counter.get_flop_counts().get("Global", {}).items():
        kind = kind_of(str(name))
        found[kind] = found.get(kind, 0.0) + float(count)
    return found


def breakdown(run: Run, *, peak: float, counted: Run | None = None) -> list[Spent]:
    """Where a call's time goes, longest first.

    Args:
        run: the call, on one device; compiled or not.
        peak: operations a second of that device at its best.
        counted: the same call as plain operations, where `run` hides them from counting.
    """
    cuda = torch.cuda.is_available()
    done = operations(counted or run)
    run()
    _finish(cuda)
    started = time.perf_counter()
    for _ in range(_RUNS):
        run()
    _finish(cuda)
    whole = (time.perf_counter() - started) / _RUNS
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]) as seen:
        run()
        _finish(cuda)
    spent = _seconds(seen.key_averages(), cuda=cuda)
    all_of_them = sum(done.values())
    # A profile makes operations of a CPU slower; they cannot take longer together than the call itself.
    slower = max(1.0, sum(spent.values()) / whole)
    rows = [
        Spent(
            kind,
            of_time=seconds / slower / whole,
            of_operations=done.get(kind, 0.0) / max(1.0, all_of_them),
            of_peak=done.get(kind, 0.0) / (seconds / slower) / peak,
        )
        for kind, seconds in spent.items()
    ]
    rows.append(Spent(_NOBODY, max(0.0, 1 - sum(row.of_time for row in rows)), 0.0, 0.0))
    return sorted(rows, key=lambda row: -row.of_time)


def _seconds(events: Iterable[Any], *, cuda: bool) -> dict[str, float]:
    """Time by kind: of kernels on a GPU, of operations on a CPU."""
    found: dict[str, float] = {}
    for event in events:
        if (event.device_type == DeviceType.CUDA) != cuda:
            continue
        seconds = (event.self_device_time_total if cuda else event.self_cpu_time_total) / 1e6
        if seconds > 0:
            kind = kind_of(event.key)
            found[kind] = found.get(kind, 0.0) + seconds
    return found


def as_text(name: str, share: float, rows: Iterable[Spent]) -> str:
    """A table of one denoiser for people.

    Args:
        name: of the model.
        share: of the peak that its denoiser reaches in all.
        rows: of `breakdown`.
    """
    lines = [f"{name}: {share:.1%} of the measured bf16 peak in the denoiser; of its time"]
    for row in rows:
        speed = f", {row.of_operations:6.1%} of the operations at {row.of_peak:6.1%} of the peak"
        lines.append(f"  {row.of_time:6.1%}  {row.kind}{speed if row.of_operations else ''}")
    return "\n".join(lines)


def _finish(cuda: bool) -> None:
    if cuda:
        torch.cuda.synchronize()
