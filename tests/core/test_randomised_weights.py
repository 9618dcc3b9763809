"""An explanation speaks of the model: with the model's weights shuffled nothing of it may stay.

Source: Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from smile_core import Explainer
from smile_core.editors.registry import shipped_models
from smile_core.explanation import Explanation
from smile_core.quality import auroc
from smile_core.scenes.draw import draw
from smile_core.scenes.labelled import labelled_prompts

CHOSEN = [labelled for labelled in labelled_prompts() if len(labelled.needed) == 4][:6]


@pytest.fixture(scope="module")
def shuffled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model with the values of each of its tensors in another order, the text encoder's too."""
    shipped = next(model.folder for model in shipped_models() if model.name == "scenes-turbo")
    folder = tmp_path_factory.mktemp("models") / "shuffled"
    shutil.copytree(shipped, folder)
    random = np.random.default_rng(0)
    for file in sorted(folder.rglob("*.safetensors")):
        tensors = load_file(file)
        save_file({name: random.permutation(t.ravel()).reshape(t.shape) for name, t in tensors.items()}, file)
    return folder


def explained(model: str) -> list[Explanation]:
    explainer = Explainer(model)
    return [explainer.explain(labelled.prompt, draw(labelled.scene)) for labelled in CHOSEN]


def test_shuffled_weights_destroy_the_explanation(shuffled_folder: Path) -> None:
    trained, shuffled = explained("scenes-turbo"), explained(str(shuffled_folder))
    found = []
    for labelled, one, other in zip(CHOSEN, trained, shuffled, strict=True):
        a, b = (np.array([word.influence for word in each.words]) for each in (one, other))
        alike = float(a @ b / np.sqrt((a @ a) * (b @ b))) if a.any() and b.any() else 0.0
        found.append((auroc(labelled.needed, a), auroc(labelled.needed, b), alike))
    by_trained, by_shuffled, alike = np.mean(found, axis=0)
    assert by_trained > 0.75
    assert by_shuffled < 0.65
    assert alike < 0.3
