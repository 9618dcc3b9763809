"""Compiled behind the scenes: the same results, cut into few shapes, and never in anybody's way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from families import edit, gap
from torch import Tensor, nn

from smile_core.editors import compiled
from smile_core.editors.compiled import AFTER, BUCKETS, CompiledBehind, cut, graphed, same
from smile_core.editors.registry import open_editor


def _network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 4))


class Backend:
    """A backend of torch.compile that counts what it compiled and what ran."""

    def __init__(self, *, factor: float = 1.0, fails: bool = False) -> None:
        self.factor, self.fails, self.shapes, self.ran = factor, fails, [], []

    def __call__(self, graph: Any, example: Any) -> Any:
        if self.fails:
            raise RuntimeError("cannot compile")
        self.shapes.append(max(tuple(one.shape) for one in example if isinstance(one, Tensor)))

        def run(*args: Any) -> Any:
            self.ran.append(threading.get_ident())
            return [one * self.factor for one in graph.forward(*args)]

        return run


def _behind(network: Any, backend: Backend, **options: Any) -> CompiledBehind:
    return CompiledBehind(network.forward, backend=backend, **{"least_gain": 0.0001, "behind": False, **options})


@pytest.mark.parametrize("rows", [1, 3, 4, 5, 13, 39, 108, 200])
def test_rows_are_cut_into_few_sizes(rows: int) -> None:
    pieces = cut(rows)
    assert sum(count for _, count in pieces) == rows
    assert {size for size, _ in pieces} <= {*BUCKETS, None}
    computed = sum(count if size is None else size for size, count in pieces)
    assert computed <= 1.34 * rows
    assert sum(count for size, count in pieces if size is None) < 3, "what is left is computed as it is"


def test_a_shape_is_compiled_after_some_calls_and_gives_the_same() -> None:
    network, backend = _network(), Backend()
    forward = _behind(network, backend)
    with torch.no_grad():
        for _ in range(AFTER):
            forward(torch.randn(16, 4))
        assert not backend.shapes, "nothing is compiled while somebody waits"
        forward.warm_up()
        assert backend.shapes == [(16, 4)]
        backend.ran.clear()
        for rows in (16, 13, 17, 36, 5):
            sample = torch.randn(rows, 4)
            assert torch.allclose(forward(sample), network(sample), atol=1e-6)
        assert len(backend.ran) == 5, "16, 13 filled up, 16 of 17, and twice 16 of 36; the rest goes as it is"
        assert backend.shapes == [(16, 4)], "no call compiles"


@pytest.mark.parametrize(
    ("backend", "options"),
    [(Backend(fails=True), {}), (Backend(factor=1.1), {}), (Backend(), {"least_gain": 1e9})],
    ids=["fails", "gives something else", "is slower"],
)
def test_what_does_not_pay_is_not_used(backend: Backend, options: dict[str, float]) -> None:
    network = _network()
    forward = _behind(network, backend, **options)
    with torch.no_grad():
        for _ in range(AFTER):
            forward(torch.randn(4, 4))
        forward.warm_up()
        backend.ran.clear()
        sample = torch.randn(4, 4)
        assert torch.equal(forward(sample), network(sample))
    assert not backend.ran


def test_it_is_compiled_on_another_thread_when_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "QUIET_SECONDS", 0.05)
    network, backend = _network(), Backend()
    forward = _behind(network, backend, behind=True)
    with torch.no_grad():
        for _ in range(AFTER):
            forward(torch.randn(4, 4))
        last = time.monotonic()
        assert forward._thread is not None
        forward._thread.join(timeout=120)
        assert time.monotonic() - last >= 0.05
        assert set(backend.ran) == {forward._thread.ident}
        forward(torch.randn(4, 4))
        assert backend.ran[-1] == threading.get_ident()


def test_few_shapes_are_looked_at() -> None:
    forward = _behind(_network(), Backend())
    with torch.no_grad():
        for length in range(3 * compiled.MOST_SHAPES):
            forward(torch.randn(4, length + 1, 4))
    assert len(forward._shapes) == compiled.MOST_SHAPES


def test_a_whole_denoiser_compiled(folder_of: Callable[[str], Path], image: Any) -> None:
    """The compiler proper on a real UNet; edits before and after are the same."""
    folder = folder_of("InstructPix2Pix")
    plain, editor = open_editor(folder, steps=4), open_editor(folder, steps=4, compile_with="aot_eager")
    assert plain.fingerprint == editor.fingerprint
    prompts = ["make the car red", "car", "", "red"]
    pipeline: Any = editor._pipeline  # type: ignore[attr-defined]
    behind = editor._work.compiled  # type: ignore[attr-defined]
    behind._behind, behind._least_gain = False, 1e-6
    expected = edit(plain, image, prompts)
    for _ in range(4):
        for a, b in zip(edit(editor, image, prompts), expected, strict=True):
            assert gap(a, b) <= 2
        behind.warm_up()
    assert any(shape.run is not None for shape in behind._shapes.values())
    assert pipeline.unet is not None


def test_rounding_is_the_same_and_more_is_not() -> None:
    one = torch.randn(100)
    assert same([one], [one * (1 + 1e-5)])
    assert not same([one], [one * 1.01])
    assert same([one.half()], [(one * 1.01).half()])
    assert not same([one.half()], [(one * 1.1).half()])
    assert not same([one], [torch.full_like(one, float("nan"))])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="graphs are for GPUs")
def test_a_graph_gives_the_same() -> None:
    network = _network().cuda()
    first, second = torch.randn(2, 4, 4, device="cuda")
    with torch.no_grad():
        replay = graphed(network.forward, (first,), {})
        for sample in (first, second, first):
            assert torch.allclose(replay(sample), network(sample), atol=1e-5)
