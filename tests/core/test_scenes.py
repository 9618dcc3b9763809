"""Scenes, the oracle and the quiz."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile_core.errors import EditorError
from smile_core.scenes.draw import draw
from smile_core.scenes.edits import Add, Edit, Recolour, Remove, Replace, SetSeason, SetTime, SetWeather
from smile_core.scenes.language import random_instruction, random_sub_prompt
from smile_core.scenes.lexicon import FILLERS, SENSES, known_words
from smile_core.scenes.oracle import OracleEditor, edited_scene, needed_words, read
from smile_core.scenes.quiz import CHOICES, is_right, questions, right_share
from smile_core.scenes.scene import COLOURS, KINDS, SEASONS, TIMES, WEATHERS, Scene, Thing, random_scene
from smile_core.scenes.scene_png import scene_of, scene_png

READINGS: dict[str, tuple[Edit, ...]] = {
    "make the car red": (Recolour("car", "red"),),
    "car red": (Recolour("car", "red"),),
    "Paint the automobile CRIMSON, please!": (Recolour("car", "red"),),
    "change the colour of the car to red": (Recolour("car", "red"),),
    "make the blue car red": (Recolour("car", "red"),),
    "make the car": (),
    "red": (),
    "make the dog red": (),
    "make the car red and the house green": (Recolour("car", "red"), Recolour("house", "green")),
    "car red house green": (Recolour("car", "red"), Recolour("house", "green")),
    "remove the tree": (Remove("tree"),),
    "get rid of the green tree": (Remove("tree"),),
    "remove the tree and the car": (Remove("tree"), Remove("car")),
    "remove the": (),
    "add a dog": (Add("dog", "orange"),),
    "add a black dog": (Add("dog", "black"),),
    "replace the tree with a red ball": (Replace("tree", "ball", "red"),),
    "turn the tree into a lamp": (Replace("tree", "lamp", "black"),),
    "turn the tree a lamp": (),
    "make the car red and the sky stormy": (Recolour("car", "red"), SetWeather("storm")),
    "let it snow": (SetWeather("snow"),),
    "make it night": (SetTime("night"),),
    "turn this image to autumn": (SetSeason("autumn"),),
    "remove the snow": (),
    "": (),
}


@pytest.mark.parametrize(("text", "edits"), READINGS.items())
def test_readings(street: Scene, text: str, edits: tuple[Edit, ...]) -> None:
    assert read(text, street) == edits


def test_weather_can_be_removed(street: Scene) -> None:
    snowy = replace(street, weather="snow")
    assert edited_scene("remove the snow", snowy) == street
    assert edited_scene("remove the rain", snowy) == snowy


NEEDED = {
    "make the car red": [0, 0, 1, 1],
    "remove the tree": [1, 0, 1],
    "please turn the tree into a lamp": [0, 0, 0, 1, 1, 0, 1],
    "make it snowy with snow": [0, 0, 1, 0, 1],
    "hello there": [0, 0],
}


@pytest.mark.parametrize(("text", "needed"), NEEDED.items())
def test_needed_words(street: Scene, text: str, needed: list[int]) -> None:
    assert needed_words(text.split(), street).astype(int).tolist() == needed


@pytest.mark.parametrize("text", list(NEEDED))
def test_needed_words_against_the_definition(street: Scene, text: str) -> None:
    words = text.split()
    target = edited_scene(text, street)
    sufficient = [
        frozenset(subset)
        for size in range(len(words) + 1)
        for subset in itertools.combinations(range(len(words)), size)
        if edited_scene(" ".join(words[i] for i in subset), street) == target
    ]
    minimal = [s for s in sufficient if not any(other < s for other in sufficient)]
    expected = sorted(set().union(*minimal))
    assert np.flatnonzero(needed_words(words, street)).tolist() == expected


def test_drawing_is_repeatable_and_shows_every_attribute(street: Scene) -> None:
    assert (draw(street) == draw(street)).all()
    assert draw(street, size=(192, 128)).shape == (128, 192, 3)
    variants = [replace(street, weather=w) for w in WEATHERS] + [replace(street, time=t) for t in TIMES[1:]]
    variants += [replace(street, season=s) for s in SEASONS[1:]] + [replace(street, ground="field")]
    variants += [replace(street, things=(Thing(kind, "red", 0.5),)) for kind in KINDS]
    variants += [replace(street, things=(Thing("ball", colour, 0.5),)) for colour in COLOURS if colour != "red"]
    pictures = [draw(scene).tobytes() for scene in variants]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("seed", range(30))
def test_random_scenes_and_instructions_hold_together(seed: int) -> None:
    scene, random = random_scene(seed), np.random.default_rng(seed)
    assert scene == random_scene(seed) == Scene.from_json(scene.to_json())
    text = random_instruction(random, scene)
    assert edited_scene(text, scene) != scene
    assert all(word in SENSES or word in FILLERS for word in text.split()), text
    shorter = random_sub_prompt(random, text).split()
    words = iter(text.split())
    assert all(word in words for word in shorter)  # A sub-sequence, in order.


def test_the_oracle_draws_what_it_reads(street: Scene, street_pixels: np.ndarray) -> None:
    edited = OracleEditor(street).edit(street_pixels, ["make the car red", ""], seed=3)
    red = replace(street, things=(*street.things[:2], replace(street.things[2], colour="red")))
    assert (edited[0] == draw(red)).all()
    assert (edited[1] == street_pixels).all()


def test_scenes_travel_inside_their_png(tmp_path: Path, street: Scene) -> None:
    path = tmp_path / "street.png"
    path.write_bytes(scene_png(street))
    assert scene_of(path) == street
    from PIL import Image

    Image.open(path).save(tmp_path / "bare.png")
    with pytest.raises(EditorError, match="holds no scene"):
        scene_of(tmp_path / "bare.png")


def test_quiz_choices_differ_and_the_oracle_gets_them_right() -> None:
    asked = list(questions(20, seed=50))
    for question in asked:
        assert len(question.choices) == CHOICES
        assert len({choice.tobytes() for choice in question.choices}) >= CHOICES - 1
        assert is_right(question, question.choices[0])
        assert not is_right(question, question.source)
        edited = OracleEditor(question.scene).edit(question.source, [question.instruction], seed=0)[0]
        assert is_right(question, edited)


def test_an_editor_that_does_nothing_is_never_right() -> None:
    class Idle:
        fingerprint = None

        def describe(self) -> dict[str, str]:
            return {"name": "idle", "family": "test"}

        def edit(self, image: np.ndarray, prompts: list[str], *, seed: int) -> list[np.ndarray | None]:
            return [image for _ in prompts]

    share, kinds = right_share(Idle(), count=15, seed=100)
    assert share == 0
    assert sum(asked for _, asked in kinds.values()) == 15


def test_the_vocabulary_is_large_enough() -> None:
    assert len(known_words()) >= 200
    assert "color" in known_words()
    assert "colour" in known_words()
