"""The embedded model: it really edits, it needs nothing of the oracle, and any picture goes through it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from smile_core import explain
from smile_core.editors.registry import open_editor, shipped_models
from smile_core.scenes.draw import draw
from smile_core.scenes.quiz import right_share
from smile_core.scenes.scene import Scene, Thing, random_scene

PROMPTS = ["make the car red", "", "make it snowy", "make the car red", "remove the tree", "car red"]


def test_the_right_one_of_22_pictures() -> None:
    """200 questions about scenes that training never drew; bench.scenes asks 500 others, and its bar is 0.9.

    0.84 is three standard errors of 200 answers below that.
    """
    share, kinds = right_share(open_editor("scenes-turbo"), count=200, seed=40_000)
    assert share >= 0.84, kinds


@pytest.mark.parametrize("model", ["scenes-turbo", "scenes-ip2p"])
def test_several_of_a_thing_are_understood(model: str) -> None:
    """A plural edits as the noun does."""
    editor, source = open_editor(model), draw(Scene((Thing("car", "blue", 0.3), Thing("tree", "green", 0.75))))
    for one, several in (("remove the car", "remove the cars"), ("make the tree red", "make the trees red")):
        first, second = (np.asarray(edit, float) for edit in editor.edit(source, [one, several], seed=0))
        changed = np.square(first - source).mean()
        assert changed > 100
        assert np.square(first - second).mean() < 0.1 * changed


def test_an_empty_prompt_changes_nothing() -> None:
    editor = open_editor("scenes-turbo")
    for seed in range(8):
        source = draw(random_scene(seed), size=(192 if seed % 2 else 128, 128))
        edited = np.asarray(editor.edit(source, [""], seed=0)[0], float)
        assert edited.shape == source.shape
        assert 10 * np.log10(255**2 / np.square(edited - source).mean()) >= 28


def test_the_oracle_is_not_needed(tmp_path: Path) -> None:
    code = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in ("smile_core.scenes.oracle", "smile_core.scenes.edits", "smile_core.scenes.language"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from smile_core import explain
from smile_core.scenes.draw import draw
from smile_core.scenes.scene import random_scene
words = explain("make it night", draw(random_scene(3))).words
print(max(words, key=lambda word: word.influence).text)
try:
    import smile_core.scenes.oracle
except ImportError:
    print("no oracle")
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split("\n")[:2] == ["night", "no oracle"]


def test_equal_texts_give_equal_pictures_whatever_the_batch(street_pixels: np.ndarray) -> None:
    editor = open_editor("scenes-turbo")
    together = editor.edit(street_pixels, PROMPTS, seed=0)
    for prompt, picture in zip(PROMPTS, together, strict=True):
        alone = editor.edit(street_pixels, [prompt], seed=5)[0]
        assert np.abs(np.subtract(alone, picture, dtype=np.int16)).max() <= 2


def test_an_explanation_of_a_street(street_pixels: np.ndarray) -> None:
    explanation = explain("make the car red", street_pixels)
    influence = {word.text: word.influence for word in explanation.words}
    assert min(influence["car"], influence["red"]) > max(abs(influence["make"]), abs(influence["the"])) + 0.1
    assert explanation.notes == ()
    assert not explanation.effectless


@pytest.mark.parametrize(
    "prompt", ["good morning", "the quick brown fox", "xyzzy plugh", "make it nicer", "turn it up"]
)
def test_words_without_meaning_do_nothing(prompt: str, street_pixels: np.ndarray) -> None:
    assert explain(prompt, street_pixels).effectless


def test_misspelt_words_are_named(street_pixels: np.ndarray) -> None:
    notes = explain("mkae the car rde", street_pixels).notes
    assert notes == ("this model never learned ‘mkae’, ‘rde’; what such words do to the picture means little",)
    assert explain("please paint the automobile crimson", street_pixels).notes == ()


def test_emoji_are_remarked_on_and_punctuation_is_not(street_pixels: np.ndarray) -> None:
    notes = explain("make the car red 🚗 !", street_pixels).notes
    assert notes == ("this model never learned ‘🚗’; what such words do to the picture means little",)


def test_a_photograph_is_told_that_this_model_knows_only_scenes() -> None:
    explanation = explain("make it night", load_sample_images().images[0])
    assert any("knows only cartoon scenes" in note for note in explanation.notes)
    assert explanation.setting.edit_size[0] > explanation.setting.edit_size[1]


def test_long_prompts_say_what_was_not_read(street_pixels: np.ndarray) -> None:
    explanation = explain(" ".join(["please"] * 55 + ["make", "it", "very", "snowy", "now"]), street_pixels)
    assert explanation.words[-1].state == "unread"
    assert any(note.startswith("the model reads 30 of the 60 words") for note in explanation.notes)


PICTURES = {
    "1x1": np.full((1, 1, 3), 200, np.uint8),
    "wide": np.full((10, 400, 3), 90, np.uint8),
    "20 megapixels": np.zeros((4000, 5000, 3), np.uint8),
    "CMYK": Image.new("CMYK", (50, 40), (20, 60, 0, 0)),
    "RGBA": Image.new("RGBA", (50, 40), (20, 60, 0, 90)),
    "16-bit": Image.fromarray(np.full((40, 50), 30_000, np.uint16)),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())
def test_any_picture_is_explained(picture: np.ndarray | Image.Image) -> None:
    assert len(explain("make it night", picture).words) == 3


@pytest.mark.parametrize(
    "prompt", ["night", "夜にしてください", "ทำให้เป็นกลางคืน", "🌙 please", "night night night", "make it night\n"]
)
def test_any_prompt_is_explained(prompt: str, street_pixels: np.ndarray) -> None:
    explanation = explain(prompt, street_pixels)
    assert all(prompt[word.start : word.end] == word.text for word in explanation.words)


def test_weights_are_small_and_safe() -> None:
    assert shipped_models()[0].name == "scenes-turbo"
    for model in shipped_models():
        weights = list(model.folder.rglob("*.safetensors"))
        assert 0 < sum(file.stat().st_size for file in weights) <= 9_000_000
        assert not [file for file in model.folder.rglob("*") if file.suffix in (".bin", ".pt", ".ckpt", ".pkl")]
