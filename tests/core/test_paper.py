"""The paper preset runs as published once its two local files are there: DINOv2 and word vectors."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest
import torch

from smile_core import Method, explain
from smile_core.design import bernoulli, bernoulli_filled
from smile_core.distance import lossy_wasserstein
from smile_core.errors import MethodError
from smile_core.features import feature_by_name
from smile_core.kernel import kernel_by_name, load_vectors, movers_distance, text_kernel
from smile_core.prompt import Prompt
from smile_core.scenes.draw import draw
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene, random_scene


@pytest.fixture(scope="module")
def dinov2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny DINOv2 with random weights."""
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("dinov2")
    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=224, patch_size=14
    )
    Dinov2Model(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def vectors_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vector for every letter, in word2vec's text form."""
    path = tmp_path_factory.mktemp("vectors") / "letters.txt"
    random = np.random.default_rng(0)
    lines = [f"{letter} " + " ".join(f"{x:.5f}" for x in random.normal(0, 0.3, 4)) for letter in string.ascii_letters]
    path.write_text(f"{len(lines)} 4\n" + "\n".join(lines) + "\n")
    return path


def test_the_distance_of_character_bags() -> None:
    vectors = {"a": np.array([0.0, 0.0]), "b": np.array([3.0, 4.0]), "c": np.array([0.0, 1.0])}
    assert movers_distance("a", "b", vectors) == pytest.approx(5)
    assert movers_distance("ab", "ba", vectors) == 0
    # Half of the mass stays on a, the other half moves from b to c.
    assert movers_distance("ab", "ac", vectors) == pytest.approx(np.hypot(3, 3) / 2)
    assert movers_distance("aaab", "ab", vectors) == pytest.approx(5 / 4)
    assert movers_distance("a?", "a", vectors) == 0
    assert movers_distance("?", "a", vectors) == float("inf")
    assert text_kernel([float("inf")]) == 0


def test_dinov2_features_are_the_mean_of_all_tokens(dinov2_folder: Path) -> None:
    feature = feature_by_name(f"dinov2:{dinov2_folder}")
    pictures = np.stack([draw(random_scene(seed)) for seed in range(2)])
    assert feature(pictures).shape == (2, 1, 16)
    np.testing.assert_allclose(feature(pictures)[1], feature(pictures[1:])[0], atol=1e-5)


def test_a_run_as_published(dinov2_folder: Path, vectors_file: Path, street: Scene, street_pixels: np.ndarray) -> None:
    method = Method.preset("paper").changed(feature=f"dinov2:{dinov2_folder}", kernel=f"published:{vectors_file}")
    text = "make the car red please"
    explanation = explain(text, street_pixels, OracleEditor(street), method=method)
    drawn, shown = bernoulli(5, 30, rule="fill2"), bernoulli_filled(5, 30)
    assert [row.mask for row in explanation.rows[2:]] == [tuple(mask) for mask in drawn.tolist()]
    assert [row.sub_prompt for row in explanation.rows[2:]] == [Prompt(text).render(mask) for mask in shown]
    response = [row.response for row in explanation.rows[2:]]
    assert min(r for r in response if r is not None) == 0
    assert max(r for r in response if r is not None) == 1
    vectors = load_vectors(str(vectors_file))
    expected = text_kernel([movers_distance(text, row.sub_prompt, vectors) for row in explanation.rows[2:]])
    np.testing.assert_allclose([row.weight for row in explanation.rows[2:]], expected)
    assert np.isfinite([word.influence for word in explanation.words]).all()


@pytest.mark.parametrize("name", ["paper-a", "paper-b", "paper-c", "paper-d"])
def test_every_variant_runs_and_names_its_faults(
    name: str, dinov2_folder: Path, vectors_file: Path, street: Scene, street_pixels: np.ndarray
) -> None:
    method = Method.preset(name)
    feature = method.feature if name == "paper-d" else f"dinov2:{dinov2_folder}"
    method = method.changed(feature=feature, kernel=f"published:{vectors_file}")
    explanation = explain("make the car red please", street_pixels, OracleEditor(street), method=method)
    assert len(explanation.rows) == 2 + {"paper-c": 10, "paper-d": 64}.get(name, 30)
    assert np.isfinite([word.influence for word in explanation.words]).all()
    assert any("as published" in note for note in explanation.notes) == (name != "paper-b")


def test_words_that_act_are_negative_in_variant_d(street: Scene, street_pixels: np.ndarray) -> None:
    """W7: it regresses the raw distance."""
    method = Method.preset("paper-d").changed(kernel="uniform", surrogate="least-squares")
    found = explain("make the car red", street_pixels, OracleEditor(street), method=method)
    assert {word.text for word in found.words if word.influence < -1e-3} == {"car", "red"}


def test_xwhy_s_wasserstein_distance_loses_the_last_interval() -> None:
    """W5: 0 instead of 0.5; against the loop of the published package."""
    assert lossy_wasserstein([0, 0], [0, 1]) == 0.0
    random = np.random.default_rng(4)
    for _ in range(5):
        a, b = random.normal(size=6), random.normal(size=6)
        both, total = np.sort(np.concatenate([a, b])), 0.0
        for i in range(len(both) - 2):
            total += abs((a <= both[i]).mean() - (b <= both[i]).mean()) * (both[i + 1] - both[i])
        assert lossy_wasserstein(a, b) == pytest.approx(total)


def test_the_kernel_by_words_compares_words(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("3 2\nred 0 0\ncar 0 0.1\nmake 0.3 0\n")
    weights = kernel_by_name(f"words:{path}")("Make the car red!", ["make car red", "red,", "the", "rac"])
    # "the" has no vector; one third of the words moves .1, another .3; no known word counts as a distance of 1.
    expected = text_kernel([0, 0.4 / 3, 1, 1])
    np.testing.assert_allclose(weights, expected, atol=1e-9)


@pytest.mark.parametrize("content", ["", "a 1 2\nb 1\n", "a x y\n"])
def test_files_that_hold_no_vectors_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(content)
    with pytest.raises(MethodError, match="not a word2vec text file"):
        load_vectors(str(path))
