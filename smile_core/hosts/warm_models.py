"""Explainers with their models, kept warm under a memory budget; the least recently used leaves first."""

from __future__ import annotations

import gc
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from smile_core.evidence import AnyEvidence
from smile_core.explainer import Explainer


@dataclass
class _Warm:
    explainer: Explainer
    bytes: int


class WarmModels:
    """Open explainers by model name.

    `budget` is in bytes of weights; one model is always allowed. Opening and closing happen on one thread;
    `states` may be asked from any.
    """

    def __init__(self, evidence: AnyEvidence, *, budget: int | None = None, devices: str | None = None) -> None:
        """`devices` is as in `hosts.split.chosen_devices`; None leaves it to torch."""
        self._evidence, self._devices = evidence, devices
        self.notes: tuple[str, ...] = ()
        self._budget = budget if budget is not None else default_budget()
        self._warm: OrderedDict[str, _Warm] = OrderedDict()
        self._loading: str | None = None
        self._failed: dict[str, str] = {}
        self.on_change: Callable[[], None] = lambda: None

    def get(self, model: str, image: Path, **fields: Any) -> Explainer:
        """The explainer of a model with these fields of the method; opened where it is cold.

        The oracle is opened for each picture, since it needs the scene behind it.

        Raises:
            EditorError, ImageError: as `open_editor` does.
        """
        if model == "oracle":
            from smile_core.scenes.oracle import OracleEditor
            from smile_core.scenes.scene_png import scene_of

            oracle: Any = OracleEditor(scene_of(image))
            return Explainer(oracle, evidence=self._evidence, shell_name="oracle", **fields)
        if model not in self._warm:
            self._open(model)
        self._warm.move_to_end(model)
        warm = self._warm[model].explainer
        # Explainers share the open editor; only the method differs.
        return Explainer(warm.editor, evidence=self._evidence, shell_name=model, **fields)

    def _open(self, model: str) -> None:
        self._loading = model
        self.on_change()
        try:
            explainer = Explainer(self._editor(model), evidence=self._evidence)
        except Exception as error:
            self._failed[model] = str(error)
            raise
        finally:
            self._loading = None
            self.on_change()
        self._failed.pop(model, None)
        self._warm[model] = _Warm(explainer, weights_bytes(explainer.editor))
        while len(self._warm) > 1 and sum(warm.bytes for warm in self._warm.values()) > self._budget:
            self._warm.popitem(last=False)
            _free()
        self.on_change()

    def _editor(self, model: str) -> Any:
        if self._devices is None or model.startswith(("https://", "http://")):
            return model
        from smile_core.hosts.split import open_on

        editor, line = open_on(model, self._devices)
        self.notes = (line,) if line else ()
        return editor

    def unload(self) -> None:
        """Close all models and give their memory back."""
        self._warm.clear()
        _free()
        self.on_change()

    def states(self) -> dict[str, tuple[Literal["loading", "warm", "failed"], int, str]]:
        """For each model that is not cold: its state, the bytes of its weights, and a detail."""
        found: dict[str, tuple[Literal["loading", "warm", "failed"], int, str]] = {}
        for name, why in list(self._failed.items()):
            found[name] = ("failed", 0, why)
        for name, warm in list(self._warm.items()):
            found[name] = ("warm", warm.bytes, warm.explainer.editor.describe().get("family", ""))
        if self._loading:
            found[self._loading] = ("loading", 0, "")
        return found


def weights_bytes(editor: object) -> int:
    """How much memory an editor's weights take: exact for a diffusers pipeline, 0 where nothing can be told."""
    told = getattr(editor, "weights_bytes", None)
    if told is not None:
        return int(told())
    pipe = getattr(editor, "_pipeline", None)  # Loads the weights where they are not loaded yet.
    parts = getattr(pipe, "components", {}).values()
    return sum(p.numel() * p.element_size() for part in parts if hasattr(part, "parameters") for p in part.parameters())


def default_budget() -> int:
    """Half of the memory that models live in: the GPU's, else the machine's."""
    import sys

    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[1] // 2)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return 8 * 1024**3


def _free() -> None:
    import sys

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
