"""Models stay warm under a budget; the least recently used leaves first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from smile_core.editors.registry import shipped_models
from smile_core.errors import EditorError
from smile_core.evidence import Evidence
from smile_core.hosts.warm_models import WarmModels, weights_bytes


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Three folders with the same small model."""
    folder = shipped_models()[0].folder
    places = [tmp_path_factory.mktemp("models") / name for name in ("one", "two", "three")]
    return [str(shutil.copytree(folder, place)) for place in places]


def test_the_least_recently_used_leaves_first(copies: list[str]) -> None:
    one, two, three = copies
    nothing = Path("unused.png")
    models = WarmModels(Evidence(), budget=1)
    size = weights_bytes(models.get(one, nothing).editor)
    assert 10_000_000 < size < 30_000_000  # 3.8 million parameters, four bytes each.
    models = WarmModels(Evidence(), budget=2 * size + size // 2)
    for name in (one, two, one, three):
        models.get(name, nothing)
    assert {name: state[0] for name, state in models.states().items()} == {one: "warm", three: "warm"}
    models.unload()
    assert models.states() == {}


def test_one_model_is_always_allowed(copies: list[str]) -> None:
    models = WarmModels(Evidence(), budget=1)
    models.get(copies[0], Path("unused.png"))
    models.get(copies[1], Path("unused.png"))
    assert list(models.states()) == [copies[1]]


def test_a_warm_model_is_the_same_editor_whatever_the_method(copies: list[str]) -> None:
    models = WarmModels(Evidence())
    first = models.get(copies[0], Path("unused.png"), half_width=0.1)
    second = models.get(copies[0], Path("unused.png"), half_width=0.02)
    assert first.editor is second.editor
    assert (first.method.half_width, second.method.half_width) == (0.1, 0.02)


def test_a_model_that_fails_to_load_is_named_until_it_loads(tmp_path: Path) -> None:
    models = WarmModels(Evidence())
    changes = []
    models.on_change = lambda: changes.append({name: state[0] for name, state in models.states().items()})
    with pytest.raises(EditorError, match="no model"):
        models.get("no-such-model", Path("unused.png"))
    assert changes[0] == {"no-such-model": "loading"}
    assert changes[-1] == {"no-such-model": "failed"}
