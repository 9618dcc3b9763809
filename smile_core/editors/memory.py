"""When an error means that memory ran out, whoever says so: Python, numpy, or torch for any of its devices."""

from __future__ import annotations

import gc
import sys

_SAID = (
    "out of memory",  # CUDA, ROCm, MPS; torch.OutOfMemoryError too.
    "can't allocate memory",  # torch's CPU allocator.
    "Cannot allocate memory",  # The system's own words (ENOMEM).
    "not enough memory",  # torch's CPU allocator on Windows.
    "could not create a primitive",  # oneDNN, which does not say why; it is nearly always memory.
    "std::bad_alloc",
    "ALLOC_FAILED",  # cuBLAS and cuDNN.
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether less work at once may help."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, (RuntimeError, OSError)) and any(said in str(error) for said in _SAID)


def free_memory() -> None:
    """Give back what is held for nothing, on the GPU too."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
