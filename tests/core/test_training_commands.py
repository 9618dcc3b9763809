"""The training command as somebody types it: all stages, going on, the same twice, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from smile_core.editors.registry import open_editor, shipped_models
from smile_core.scenes.draw import draw
from smile_core.scenes.lexicon import known_words
from smile_core.scenes.scene import random_scene
from smile_core.scenes.training import turbo, words
from smile_core.scenes.training.pairs import pool
from smile_core.scenes.training.parts import tokenizer_in

FILES = (
    "unet/diffusion_pytorch_model.safetensors",
    "text_encoder/model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
)


def _train(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["turbo", "--scenes", "1", *map(str, arguments)])
    turbo.main()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that keeps the smallest pool; the first training draws it."""
    return tmp_path_factory.mktemp("pairs")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, pairs: Path) -> Path:
    """After one step of each stage."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    with pytest.MonkeyPatch.context() as patch:
        _train(patch, "--out", folder, "--pool", pairs, "--steps", 1, 1, 1, 1)
    return folder


def test_every_stage_ends_in_a_folder_that_edits(trained: Path) -> None:
    source = draw(random_scene(3))
    edits = open_editor(trained).edit(source, ["make it night", ""], seed=0)
    assert [np.shape(edit) for edit in edits] == [source.shape] * 2


def test_the_same_seed_gives_the_same_weights(
    trained: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        _train(monkeypatch, "--out", tmp_path / name, "--resume", trained, "--pool", pairs, "--steps", 0, 0, 2, 1)
    moved = 0
    for file in FILES:
        begun, one, two = (load_file(folder / file) for folder in (trained, tmp_path / "one", tmp_path / "two"))
        assert all(torch.equal(one[name], two[name]) for name in one)
        moved += sum(not torch.equal(one[name], begun[name]) for name in one)
    assert moved > 20


def test_going_on_leaves_the_first_stages_out(
    trained: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, int] = {}
    for stage in ("train_autoencoder", "train_language", "train_editing", "train_together"):
        monkeypatch.setattr(turbo, stage, lambda *_, steps, stage=stage, **__: asked.update({stage: steps}))
    _train(monkeypatch, "--out", tmp_path / "model", "--resume", trained, "--pool", pairs)
    assert list(asked.values()) == [0, 0, *turbo.STEPS[2:]]
    _train(monkeypatch, "--out", tmp_path / "model", "--pool", pairs)
    assert list(asked.values()) == list(turbo.STEPS)


def test_a_pool_of_something_else_is_refused(trained: Path, pairs: Path) -> None:
    kept = pool(pairs / "128", 1, seed=1)
    assert len(kept.texts) == 9 * 250
    with pytest.raises(ValueError, match="take another --pool"):
        pool(pairs / "128", 1, seed=2)
    note = pairs / "128" / "about.json"
    about = json.loads(note.read_text(encoding="utf-8"))
    note.write_text(json.dumps({**about, "oracle": about["oracle"] - 1}), encoding="utf-8")
    with pytest.raises(ValueError, match="not of"):
        pool(pairs / "128", 1, seed=1)
    note.unlink()
    with pytest.raises(ValueError, match="no whole pool"):
        pool(pairs / "128", 1, seed=1)
    note.write_text(json.dumps(about), encoding="utf-8")


@pytest.mark.parametrize("model", [model.folder for model in shipped_models()], ids=lambda folder: folder.name)
def test_every_known_word_is_one_token_that_was_learned(model: Path) -> None:
    tokenizer = tokenizer_in(model)
    assert {word for word in known_words() if len(tokenizer.tokenize(word)) != 1} == set()
    rows = load_file(model / FILES[1])[words.EMBEDDINGS].float()
    assert set(known_words()) - words.learned_words(tokenizer, rows) == set()


def test_new_words_begin_as_what_means_the_same(tmp_path: Path) -> None:
    """A model that never learned three words gets them back as others; all else stays, whatever its place."""
    model = next(model.folder for model in shipped_models() if model.name == "scenes-turbo")
    forgetful, taught = tmp_path / "forgetful", tmp_path / "taught"
    words.with_new_words(model, forgetful)
    tokenizer = tokenizer_in(forgetful)
    token = {word: tokenizer.get_vocab()[tokenizer.tokenize(word)[0]] for word in known_words()}
    weights = load_file(forgetful / FILES[1])
    for word in ("cars", "crimson", "kindly"):
        weights[words.EMBEDDINGS][token[word]] *= 0.01
    save_file(weights, forgetful / FILES[1], metadata={"format": "pt"})
    assert words.with_new_words(forgetful, taught) == ["cars", "crimson", "kindly"]
    rows = load_file(taught / FILES[1])[words.EMBEDDINGS]
    for word, other in {"cars": "car", "crimson": "red", "kindly": "please"}.items():
        assert torch.equal(rows[token[word]], rows[token[other]])
    assert torch.equal(rows[token["house"]], weights[words.EMBEDDINGS][token["house"]])
    source = draw(random_scene(3))
    night = [np.asarray(open_editor(folder).edit(source, ["make it night"], seed=0)[0]) for folder in (model, taught)]
    assert (night[0] == night[1]).all()
