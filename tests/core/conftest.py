"""Fixtures that several tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from smile_core.scenes.draw import draw
from smile_core.scenes.scene import Scene, Thing


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's stored evidence."""
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def street() -> Scene:
    """A house, a tree and a blue car on a street."""
    things = (Thing("house", "yellow", 0.26), Thing("tree", "green", 0.74), Thing("car", "blue", 0.62))
    return Scene(things=things, backdrop=5)


@pytest.fixture(scope="session")
def street_pixels(street: Scene) -> np.ndarray:
    """The street's picture."""
    return draw(street)


@pytest.fixture(scope="session")
def pix2pix_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny InstructPix2Pix, built once."""
    from tiny_models import build_instruct_pix2pix

    return build_instruct_pix2pix(tmp_path_factory.mktemp("models") / "tiny-ip2p")
