"""What rows share is computed once, pieces fit into memory, and paired noise is one row's noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from families import edit
from torch import Tensor

from smile_core.editors.paired_noise import PairedNoise
from smile_core.editors.shared_work import SharedWork, in_pieces, once_a_row
from smile_core.errors import EditorError


def _counted(rows_seen: list[int]) -> Any:
    def forward(sample: Tensor, time: Tensor, *, text: Tensor, added: dict[str, Tensor], return_dict: bool) -> Any:
        rows_seen.append(len(sample))
        result = sample.sum(dim=(1, 2)) + text[:, 0] + added["pooled"][:, 0] + time
        return (result[:, None],) if not return_dict else {"sample": result[:, None]}

    return forward


def _arguments(rows: int, *, distinct: int) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
    pick = torch.arange(rows) % distinct
    random = torch.Generator().manual_seed(0)
    sample, text, pooled = (torch.randn(distinct, 3, 2, generator=random) for _ in range(3))
    given = {"text": text[pick, 0], "added": {"pooled": pooled[pick, 0]}}
    return (sample[pick], torch.tensor(7.0)), given


@pytest.mark.parametrize("return_dict", [False, True])
@pytest.mark.parametrize("wrap", [in_pieces, once_a_row])
@pytest.mark.parametrize("rows", [1, 2, 5, 8])
def test_wrapped_functions_give_what_they_gave(rows: int, wrap: Any, return_dict: bool) -> None:
    args, given = _arguments(rows, distinct=min(rows, 3))
    plain = _counted([])(*args, **given, return_dict=return_dict)
    wrapped = wrap(_counted([]))(*args, **given, return_dict=return_dict)
    assert type(wrapped) is type(plain)
    first, second = (one["sample"] if return_dict else one[0] for one in (plain, wrapped))
    assert torch.equal(first, second)


def test_equal_rows_are_computed_once() -> None:
    seen: list[int] = []
    args, given = _arguments(12, distinct=5)
    once_a_row(_counted(seen))(*args, **given, return_dict=False)
    assert seen == [5]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("not enough memory: you tried"),
        MemoryError(),
    ],
)
def test_pieces_are_halved_until_they_fit_and_kept_so(error: RuntimeError) -> None:
    seen: list[int] = []

    def fits_three(sample: Tensor) -> Tensor:
        seen.append(len(sample))
        if len(sample) > 3:
            raise error
        return sample * 2

    pieces, rows = in_pieces(fits_three), torch.arange(20.0).reshape(10, 2)
    assert torch.equal(pieces(rows), rows * 2)
    assert seen == [10, 5, 2, 2, 2, 2, 2]
    seen.clear()
    assert torch.equal(pieces(rows[:3]), rows[:3] * 2)
    assert seen == [2, 1]


def test_no_more_rows_at_once_than_asked_for(open_family: Any, image: np.ndarray) -> None:
    seen: list[int] = []

    def forward(sample: Tensor) -> Tensor:
        seen.append(len(sample))
        return sample * 2

    rows = torch.arange(10.0).reshape(5, 2)
    assert torch.equal(in_pieces(forward, most=2)(rows), rows * 2)
    assert seen == [2, 2, 1]
    prompts = ["make the car red", "car", ""]
    for a, b in zip(
        edit(open_family("InstructPix2Pix"), image, prompts),
        edit(open_family("InstructPix2Pix", most_rows=1), image, prompts),
        strict=True,
    ):
        assert np.abs(a.astype(int) - b.astype(int)).max() <= 2
    with pytest.raises(EditorError, match="cannot compute 0 rows at once; take 1 or more"):
        open_family("InstructPix2Pix", most_rows=0)


def test_what_does_not_fit_at_all_is_an_error() -> None:
    def never(sample: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        in_pieces(never)(torch.zeros(4, 1))


def test_other_errors_are_not_memory() -> None:
    calls: list[int] = []

    def broken(sample: Tensor) -> Tensor:
        calls.append(len(sample))
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        in_pieces(broken)(torch.zeros(4, 1))
    assert calls == [4]


def test_the_pipeline_sees_each_thing_once(open_family: Any, image: np.ndarray) -> None:
    """Three prompts: three texts and the null text; of nine rows at the first step two are the same for all."""
    editor, rows = open_family("InstructPix2Pix"), {"unet": [], "text_encoder": [], "encode": []}
    pipeline = editor._pipeline_class().from_pretrained(editor._folder)
    pipeline.set_progress_bar_config(disable=True)
    for part in ("unet", "text_encoder"):
        forward = getattr(pipeline, part).forward

        def counted(*args: Any, forward: Any = forward, part: str = part, **kwargs: Any) -> Any:
            rows[part].append(len(args[0]))
            return forward(*args, **kwargs)

        getattr(pipeline, part).forward = counted
    encode = pipeline.vae.encode
    pipeline.vae.encode = lambda pixels, *args: rows["encode"].append(len(pixels)) or encode(pixels, *args)
    editor.__dict__["_pipeline"] = pipeline
    editor._work = SharedWork(pipeline, asked_to_stop=lambda: False)
    edit(editor, image, ["make the car red", "car", "car red"])
    assert rows == {"unet": [5, 9, 9, 9], "text_encoder": [3, 1], "encode": [1]}
    edit(editor, image, ["red"])
    assert rows["encode"] == [1], "the picture was encoded before"
    edit(editor, image[::-1], ["red"])
    assert rows["encode"] == [1, 1]


def test_edits_are_the_same_in_pieces(open_family: Any, image: np.ndarray) -> None:
    prompts = ["make the car red", "car", "car red", ""]
    whole, editor = edit(open_family("InstructPix2Pix"), image, prompts), open_family("InstructPix2Pix")
    forward = editor._pipeline_class().from_pretrained(editor._folder).unet.forward

    def small(sample: Tensor, *args: Any, **kwargs: Any) -> Any:
        if len(sample) > 4:
            raise torch.OutOfMemoryError("out of memory")
        return forward(sample, *args, **kwargs)

    editor._pipeline.unet.forward = small
    editor._work = SharedWork(editor._pipeline, asked_to_stop=lambda: False)
    for a, b in zip(whole, edit(editor, image, prompts), strict=True):
        assert np.abs(a.astype(int) - b.astype(int)).max() <= 2


class TestPairedNoise:
    @pytest.mark.parametrize("rows", [1, 2, 5])
    def test_every_row_sees_one_rows_noise(self, rows: int) -> None:
        alone = torch.randn((1, 4, 3), generator=torch.Generator().manual_seed(7))
        with PairedNoise(rows, seed=0):
            drawn = torch.randn((rows, 4, 3), generator=torch.Generator().manual_seed(7))
            again = torch.randn(rows, 4, 3, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
        assert all(torch.equal(row, alone[0]) for row in drawn)
        assert again.dtype == torch.float64

    def test_later_draws_do_not_depend_on_the_rows(self) -> None:
        def second(rows: int) -> Tensor:
            generator = torch.Generator().manual_seed(7)
            with PairedNoise(rows, seed=0):
                torch.randn((rows, 4), generator=generator)
                return torch.randn((rows, 4), generator=generator)[0]

        assert torch.equal(second(1), second(6))

    def test_noise_without_a_generator_comes_from_the_seed(self) -> None:
        def drawn(seed: int) -> Tensor:
            torch.manual_seed(torch.randint(1000, (1,)).item())
            with PairedNoise(3, seed=seed):
                return torch.randn_like(torch.zeros(3, 2, dtype=torch.float64))

        first = drawn(1)
        assert torch.equal(first[0], first[2])
        assert first.dtype == torch.float64
        assert torch.equal(first, drawn(1))
        assert not torch.equal(first, drawn(2))

    def test_paused_it_leaves_noise_alone(self) -> None:
        with PairedNoise(2, seed=0) as noise:
            with noise.paused():
                apart = torch.randn(2, 8)
            together = torch.randn(2, 8)
        assert not torch.equal(apart[0], apart[1])
        assert torch.equal(together[0], together[1])

    def test_after_its_batch_it_may_still_be_paused(self) -> None:
        with PairedNoise(2, seed=0) as noise:
            pass
        with noise.paused():
            apart = torch.randn(2, 8)
        assert not torch.equal(apart[0], apart[1])
