"""Where memory runs out: the batch is halved, nothing is lost, and the editor gets no bigger one afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from smile_core.editors.memory import is_out_of_memory
from smile_core.errors import EditorError, OutOfMemory
from smile_core.evidence import Evidence
from smile_core.explainer import Explainer
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene

PROMPT = "make the car red and remove the tree"
TOO_MUCH = 1 << 58


class Fits(OracleEditor):
    """An editor with memory for so many edits at once; `error` is what it raises beyond."""

    def __init__(self, scene: Scene, most: int, error: Exception) -> None:
        super().__init__(scene)
        self.most, self.error = most, error
        self.sizes: list[int] = []
        self.texts: list[str] = []

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> np.ndarray:
        self.sizes.append(len(prompts))
        if len(prompts) > self.most:
            raise self.error
        self.texts += prompts
        return super().edit(image, prompts, seed=seed)


def _raised(make: object) -> Exception:
    try:
        make()  # type: ignore[operator]
    except Exception as error:
        return error
    raise AssertionError("there was memory enough")


REAL = {
    "torch": lambda: _raised(lambda: torch.empty(TOO_MUCH)),
    "numpy": lambda: _raised(lambda: np.empty(TOO_MUCH)),
    "python": lambda: _raised(lambda: bytearray(TOO_MUCH)),
    "cuda": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    "mps": lambda: RuntimeError("MPS backend out of memory (MPS allocated: 17.65 GB)"),
    "windows": lambda: RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
    "cublas": lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
}


@pytest.mark.parametrize("error", REAL)
def test_a_batch_that_does_not_fit_is_halved_and_kept_so(street: Scene, street_pixels: np.ndarray, error: str) -> None:
    editor, evidence = Fits(street, 2, REAL[error]()), Evidence()
    explanation = Explainer(editor, evidence=evidence).explain(PROMPT, street_pixels)
    assert editor.sizes[:4] == [7, 3, 1, 1]
    assert max(editor.sizes[2:]) == 1
    assert len(set(editor.texts)) == len(editor.texts)
    plain = Explainer(OracleEditor(street), evidence=Evidence()).explain(PROMPT, street_pixels)
    assert [w.influence for w in explanation.words] == [w.influence for w in plain.words]
    editor.sizes.clear()
    Explainer(editor, evidence=evidence).explain("make the house green and the sky stormy", street_pixels)
    assert set(editor.sizes) == {1}


def test_what_does_not_fit_at_all_is_said_in_one_line(street: Scene, street_pixels: np.ndarray) -> None:
    editor = Fits(street, 0, REAL["torch"]())
    with pytest.raises(OutOfMemory, match="ran out of memory on a single edit; take a smaller picture") as raised:
        Explainer(editor, evidence=Evidence()).explain(PROMPT, street_pixels)
    assert editor.sizes == [7, 3, 1]
    assert "\n" not in str(raised.value)


def test_other_errors_are_not_memory(street: Scene, street_pixels: np.ndarray) -> None:
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    assert not is_out_of_memory(error)
    editor = Fits(street, 3, error)
    with pytest.raises(EditorError, match="shapes cannot be multiplied"):
        Explainer(editor, evidence=Evidence()).explain(PROMPT, street_pixels)
    assert editor.sizes == [7]
