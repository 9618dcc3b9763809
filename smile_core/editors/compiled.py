"""A network's forward, compiled behind the scenes for a few numbers of rows and used once it is ready and faster.

Nobody waits for it: the first calls go to the network as it is; a shape that comes often is compiled on a thread
while no edit is being made, compared with the network's own result and timed; where it is not equal or not faster,
or does not compile, the network stays. Rows are cut into pieces of `BUCKETS` rows, so that few shapes exist. Small
pieces, which a GPU finishes sooner than Python can ask for them, are replayed as CUDA graphs where that is faster.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from smile_core.editors.rows import joined, row_count, taken, tensors_in

BUCKETS = (64, 16, 4)
"""Rows of a compiled piece; a rest that fills three quarters of one is filled up by repeating its last row."""
GRAPHED = 16
"""Most rows of a piece that is replayed as a graph."""
AFTER = 8
"""Calls of a shape before it is worth compiling."""
MOST_SHAPES = 12
QUIET_SECONDS = 1.0
"""No edit for so long means that nobody waits for one."""

Forward = Callable[..., Any]


@dataclass
class _Shape:
    """What is known of one shape: how often it came, and what runs it, None until something faster is ready."""

    calls: int = 0
    run: Forward | None = None


class CompiledBehind:
    """A network's forward; see the module's text."""

    def __init__(
        self, forward: Forward, *, backend: str = "inductor", least_gain: float = 1.03, behind: bool = True
    ) -> None:
        """
        Args:
            forward: takes tensors whose first dimension is rows, and others, and gives tensors of rows.
            backend: of `torch.compile`.
            least_gain: how many times as fast it must be to be used.
            behind: compile on a thread; else only when `warm_up` is called.
        """
        self._forward, self._least_gain, self._behind = forward, least_gain, behind
        self._compiled = torch.compile(forward, backend=backend, dynamic=False)
        # Never compiles by itself, so that a call whose guards do not hold goes to the network as it is.
        self._run_only = torch._dynamo.run(self._compiled)
        self._shapes: dict[Any, _Shape] = {}
        self._wanted: deque[tuple[_Shape, tuple[Any, ...], Mapping[str, Any]]] = deque()
        self._thread: threading.Thread | None = None
        self._called, self._threads = time.monotonic(), torch.get_num_threads()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As the network's forward."""
        self._called, self._threads = time.monotonic(), torch.get_num_threads()
        rows = row_count(args, kwargs)
        results, waiting, at = [], 0, 0
        for size, count in cut(rows):
            run = self._ready(size, at, rows, args, kwargs) if size is not None else None
            if run is None:
                waiting += count
            else:
                results += self._plain(args, kwargs, at - waiting, waiting, rows)
                chosen = torch.arange(at, at + int(size or 0)).clamp(max=rows - 1)
                given = run(*taken(args, chosen, rows), **taken(kwargs, chosen, rows))
                results.append(taken(given, torch.arange(count), len(chosen)) if count < len(chosen) else given)
                waiting = 0
            at += count
        if waiting == rows:
            return self._forward(*args, **kwargs)
        results += self._plain(args, kwargs, rows - waiting, waiting, rows)
        return results[0] if len(results) == 1 else joined(results)

    def _plain(self, args: Any, kwargs: Any, first: int, count: int, rows: int) -> list[Any]:
        if not count:
            return []
        chosen = torch.arange(first, first + count)
        return [self._forward(*taken(args, chosen, rows), **taken(kwargs, chosen, rows))]

    def _ready(self, size: int, at: int, rows: int, args: Any, kwargs: Any) -> Forward | None:
        key = _key(size, rows, args, kwargs)
        if key not in self._shapes and len(self._shapes) >= MOST_SHAPES:
            return None
        shape = self._shapes.setdefault(key, _Shape())
        shape.calls += 1
        if shape.calls == AFTER:
            chosen = torch.arange(at, at + size).clamp(max=rows - 1)
            self._wanted.append((shape, taken(args, chosen, rows), taken(kwargs, chosen, rows)))
            if self._behind and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self.warm_up, name="compiling", daemon=True)
                self._thread.start()
        return shape.run

    def warm_up(self) -> None:
        """Compile what is wanted, each shape when no edit is being made."""
        while self._wanted:
            while self._behind and (left := self._called + QUIET_SECONDS - time.monotonic()) > 0:
                time.sleep(left)
            shape, args, kwargs = self._wanted.popleft()
            # Compiled code is good for as many threads as it was compiled with.
            if torch.get_num_threads() != self._threads:
                torch.set_num_threads(self._threads)
            try:
                with torch.no_grad():
                    shape.run = self._fastest(args, kwargs)
            except Exception:
                # Whatever a compiler or a full memory has against a shape, the network itself still works.
                shape.run = None

    def _fastest(self, args: Any, kwargs: Any) -> Forward | None:
        """What runs this shape fastest and gives the same; None for the network itself."""
        with torch._dynamo.config.patch(recompile_limit=4 * MOST_SHAPES):
            self._compiled(*args, **kwargs)
        plain = self._forward(*args, **kwargs)
        best, seconds = None, self._seconds(self._forward, args, kwargs) / self._least_gain
        ways: list[Callable[[], Forward]] = [lambda: self._run_only]
        if row_count(args, kwargs) <= GRAPHED and all(one.is_cuda for one in tensors_in([args, kwargs]) if one.ndim):
            ways += [lambda: graphed(self._run_only, args, kwargs)]
        for way in ways:
            try:
                run = way()
                if same(plain, run(*args, **kwargs)) and (spent := self._seconds(run, args, kwargs)) < seconds:
                    best, seconds = run, spent
            except Exception:
                continue
        return best

    @staticmethod
    def _seconds(run: Forward, args: Any, kwargs: Any) -> float:
        spent = []
        for _ in range(5):
            _finish()
            started = time.perf_counter()
            run(*args, **kwargs)
            _finish()
            spent.append(time.perf_counter() - started)
        return min(spent)


def cut(rows: int) -> list[tuple[int | None, int]]:
    """Rows as pieces: (bucket, rows in it), largest first; the bucket is None for a rest that fills none."""
    pieces: list[tuple[int | None, int]] = []
    for bucket in BUCKETS:
        pieces += [(bucket, bucket)] * (rows // bucket)
        rows %= bucket
        if 4 * rows >= 3 * bucket:
            pieces.append((bucket, rows))
            rows = 0
    return [*pieces, (None, rows)] if rows else pieces


def same(a: Any, b: Any) -> bool:
    """Whether two results differ by no more than rounding does, in the mean square: 2 % in half precision."""

    def near(one: Tensor, two: Tensor) -> bool:
        share = 1e-3 if one.dtype == torch.float32 else 0.02
        gap = (one.float() - two.float()).norm()
        return bool(torch.isfinite(two).all() and gap <= share * one.float().norm() + 1e-6)

    return all(near(one, two) for one, two in zip(tensors_in(a), tensors_in(b), strict=True))


def graphed(forward: Forward, args: Any, kwargs: Any) -> Forward:
    """`forward` as a CUDA graph that is replayed for arguments of the same shapes as these; only on a GPU.

    Raises:
        RuntimeError: it cannot be captured.
    """
    kept_args, kept_kwargs = _copied(args), _copied(kwargs)
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            forward(*kept_args, **kept_kwargs)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    # Other threads may ask for memory meanwhile.
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        result = forward(*kept_args, **kept_kwargs)

    def replay(*given: Any, **named: Any) -> Any:
        for kept, new in zip(tensors_in([kept_args, kept_kwargs]), tensors_in([given, named]), strict=True):
            kept.copy_(new)
        graph.replay()
        return _copied(result)

    return replay


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, Mapping):
        return type(value)(**{key: _copied(part) for key, part in value.items()})
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(part) for part in value)
    return value


def _key(size: int, rows: int, args: Any, kwargs: Any) -> Any:
    """What the compiler would tell apart: shapes, kinds and plain values, with the bucket's rows."""

    def of(value: Any) -> Any:
        if isinstance(value, Tensor):
            sides = tuple(value.shape)
            has_rows = bool(sides) and sides[0] == rows
            return (has_rows, sides[1:] if has_rows else sides, value.dtype, value.device)
        if isinstance(value, Mapping):
            return tuple((str(key), of(part)) for key, part in value.items())
        if isinstance(value, (list, tuple)):
            return tuple(of(part) for part in value)
        return value if isinstance(value, (bool, int, float, str, type(None))) else type(value)

    return size, of(args), of(kwargs)


def _finish() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
