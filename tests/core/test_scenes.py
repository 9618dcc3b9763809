"""Scenes, the oracle and the quiz."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smile_core.errors import EditorError
from smile_core.scenes.draw import draw
from smile_core.scenes.edits import (
    STEP,
    Add,
    Edit,
    Move,
    MoveNear,
    Recolour,
    Remove,
    Replace,
    Resize,
    SetGround,
    SetSeason,
    SetTime,
    SetWeather,
    apply,
    changes,
)
from smile_core.scenes.labelled import Labelled, labelled_prompts
from smile_core.scenes.language import random_instruction, random_sub_prompt
from smile_core.scenes.lexicon import FILLERS, SENSES, known_words
from smile_core.scenes.oracle import (
    OracleEditor,
    edited_scene,
    exhaustive_influences,
    needed_words,
    read,
    share_achieved,
)
from smile_core.scenes.quiz import CHOICES, is_right, questions, right_share
from smile_core.scenes.scene import (
    COLOURS,
    GROUNDS,
    KINDS,
    LARGEST,
    SEASONS,
    SMALLEST,
    TIMES,
    WEATHERS,
    WIDTH,
    Scene,
    Thing,
    random_scene,
)
from smile_core.scenes.scene_png import scene_of, scene_png

HOUSE, TREE, CAR = (0,), (1,), (2,)
READINGS: dict[str, tuple[Edit, ...]] = {
    "make the car red": (Recolour(CAR, "red"),),
    "car red": (Recolour(CAR, "red"),),
    "Paint the automobile CRIMSON, please!": (Recolour(CAR, "red"),),
    "change the colour of the car to red": (Recolour(CAR, "red"),),
    "in red paint the car": (Recolour(CAR, "red"),),
    "make the blue car red": (Recolour(CAR, "red"),),
    "make the car": (),
    "red": (),
    "make the dog red": (),
    "make the car red and the house green": (Recolour(CAR, "red"), Recolour(HOUSE, "green")),
    "car red house green": (Recolour(CAR, "red"), Recolour(HOUSE, "green")),
    "make the car red and in green paint the house": (Recolour(CAR, "red"), Recolour(HOUSE, "green")),
    "remove the tree": (Remove(TREE),),
    "get rid of the green tree": (Remove(TREE),),
    "remove the tree and the car": (Remove(TREE), Remove(CAR)),
    "remove the tree and the car should be bigger": (Remove(TREE), Resize(CAR, True)),
    "remove the": (),
    "add a dog": (Add("dog", "orange"),),
    "add a black dog": (Add("dog", "black"),),
    "add a big dog on the left": (Add("dog", "orange", 1.45, 0.0),),
    "put a ball next to the house": (Add("ball", "red", 1.0, 0.26),),
    "next to the house put a ball": (Add("ball", "red", 1.0, 0.26),),
    "replace the tree with a red ball": (Replace(TREE, "ball", "red"),),
    "turn the tree into a lamp": (Replace(TREE, "lamp", "black"),),
    "turn the tree a lamp": (),
    "make the car bigger": (Resize(CAR, True),),
    "make the car very small": (Resize(CAR, False),),
    "shrink the house and paint the car red": (Resize(HOUSE, False), Recolour(CAR, "red")),
    "make the big car red": (Recolour(CAR, "red"),),
    "move the car to the left": (Move(CAR, "left"),),
    "to the left move the car": (Move(CAR, "left"),),
    "move the car": (),
    "car left": (),
    "move the car next to the house": (MoveNear(CAR, 0.26),),
    "turn the road into sand": (SetGround("sand"),),
    "replace the road with water": (SetGround("water"),),
    "cover the ground with grass": (SetGround("field"),),
    "make the ground sandy": (SetGround("sand"),),
    "make the car on the road red": (Recolour(CAR, "red"),),
    "add a dog on the grass": (Add("dog", "orange"),),
    "make the car red and the sky stormy": (Recolour(CAR, "red"), SetWeather("storm")),
    "let it snow": (SetWeather("snow"),),
    "make it night": (SetTime("night"),),
    "turn this image to autumn": (SetSeason("autumn"),),
    "remove the snow": (),
    "": (),
}


@pytest.mark.parametrize(("text", "edits"), READINGS.items())
def test_readings(street: Scene, text: str, edits: tuple[Edit, ...]) -> None:
    assert read(text, street) == edits


TWO_TREES = Scene(
    (Thing("tree", "green", 0.2), Thing("tree", "red", 0.8), Thing("dog", "black", 0.3), Thing("car", "blue", 0.6))
)
POINTING: dict[str, tuple[Edit, ...]] = {
    "remove the tree": (Remove((0, 1)),),
    "remove the red tree": (Remove((1,)),),
    "remove the crimson tree": (Remove((1,)),),
    "make the red tree blue": (Recolour((1,), "blue"),),
    "make the tree red": (Recolour((0, 1), "red"),),
    "red tree": (),
    "remove the left tree": (Remove((0,)),),
    "remove the tree on the right": (Remove((1,)),),
    "move the left tree to the right": (Move((0,), "right"),),
    "paint the tree next to the dog white": (Recolour((0,), "white"),),
    "paint the tree beside the blue car yellow": (Recolour((1,), "yellow"),),
    "paint the tree next to the house yellow": (Recolour((0, 1), "yellow"),),
}


@pytest.mark.parametrize(("text", "edits"), POINTING.items())
def test_which_of_two_is_meant(text: str, edits: tuple[Edit, ...]) -> None:
    assert read(text, TWO_TREES) == edits


def test_edits_do_what_they_say(street: Scene) -> None:
    house, _, car = street.things
    assert apply(street, [Remove(TREE), Recolour(CAR, "red")]).things == (house, replace(car, colour="red"))
    assert apply(street, [Move(CAR, "left")]).things[2].x == pytest.approx(max(car.x - STEP, WIDTH["car"] / 2))
    assert apply(street, [Move(CAR, "right"), Move(CAR, "right")]).things[2].x == pytest.approx(1 - WIDTH["car"] / 2)
    assert apply(street, [Resize(CAR, True)]).things[2].size == 1.5
    assert apply(street, [Resize(CAR, True)] * 5).things[2].size == LARGEST
    assert apply(street, [Resize(CAR, False)] * 5).things[2].size == SMALLEST
    ball = apply(street, [Add("ball", "red", near=house.x)]).things[3]
    cat = apply(street, [Add("ball", "red", near=house.x), Add("cat", "black", near=house.x)]).things[4]
    assert abs(ball.x - house.x) <= 0.06
    assert abs(cat.x - ball.x) >= (WIDTH["cat"] + WIDTH["ball"]) / 2 - 0.021
    near = apply(street, [MoveNear(CAR, house.x)]).things[2]
    assert abs(near.x - house.x) < abs(car.x - house.x) or near.x == car.x


def _kept(words: list[str], mask: Iterable[int]) -> str:
    return " ".join(word for word, keep in zip(words, mask, strict=True) if keep)


def test_shares_count_facts(street: Scene) -> None:
    prompt = "make the car red and the house green and bigger"
    assert share_achieved(prompt, prompt, street) == 1
    assert share_achieved("", prompt, street) == 0
    assert share_achieved("car red", prompt, street) == pytest.approx(1 / 3)
    assert share_achieved("house bigger", prompt, street) == pytest.approx(1 / 3)
    assert share_achieved("car white", prompt, street) == 0
    assert share_achieved("", "hello", street) == 1
    assert changes(street, read("remove the tree", street)) == {(1, "gone")}
    assert changes(street, read("make the car blue", street)) == frozenset()


def test_exhaustive_influences_against_least_squares_on_every_sub_prompt(street: Scene) -> None:
    words = ["please", "make", "the", "car", "red", "and", "remove", "the", "tree"]
    masks = np.array(list(itertools.product((0, 1), repeat=len(words))))
    prompt = " ".join(words)
    shares = [share_achieved(_kept(words, mask), prompt, street) for mask in masks]
    design = np.column_stack([np.ones(len(masks)), masks])
    fitted = np.linalg.lstsq(design, np.array(shares), rcond=None)[0][1:]
    assert exhaustive_influences(words, street) == pytest.approx(fitted, abs=1e-9)
    assert fitted[3] > 0.2 > abs(fitted[0]) + 1e-9


@pytest.mark.parametrize("seed", range(25))
def test_truths_of_random_prompts_hold_together(seed: int) -> None:
    """Needed words, shares and influences are three views of one reading."""
    scene, random = random_scene(seed + 1000), np.random.default_rng(seed)
    words = random_instruction(random, scene).split()[:9]
    prompt = " ".join(words)
    needed, influence = needed_words(words, scene), exhaustive_influences(words, scene)
    only_needed = _kept(words, needed)
    assert edited_scene(only_needed, scene) == edited_scene(prompt, scene)
    assert share_achieved(only_needed, prompt, scene) == 1
    if len(set(words)) == len(words) <= 7:
        texts = {mask: _kept(words, mask) for mask in itertools.product((0, 1), repeat=len(words))}
        for i in range(len(words)):
            pairs = [(m, (*m[:i], 1, *m[i + 1 :])) for m in texts if not m[i]]
            if all(edited_scene(texts[a], scene) == edited_scene(texts[b], scene) for a, b in pairs):
                assert not needed[i]  # A word that never changes anything.
                assert influence[i] == 0
    # Case and punctuation around words change nothing.
    assert edited_scene(prompt.upper() + " !", scene) == edited_scene(prompt, scene)


def test_weather_can_be_removed(street: Scene) -> None:
    snowy = replace(street, weather="snow")
    assert edited_scene("remove the snow", snowy) == street
    assert edited_scene("remove the rain", snowy) == snowy


NEEDED = {
    "make the car red": [0, 0, 1, 1],
    "remove the tree": [1, 0, 1],
    "please turn the tree into a lamp": [0, 0, 0, 1, 1, 0, 1],
    "move the car to the left": [1, 0, 1, 0, 0, 1],
    "make the car next to the tree red": [0, 0, 1, 0, 0, 0, 0, 1],
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
    variants += [replace(street, season=s) for s in SEASONS[1:]] + [replace(street, ground=g) for g in GROUNDS[1:]]
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
        assert question.near >= 11
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


@pytest.mark.parametrize("labelled", labelled_prompts(), ids=lambda labelled: labelled.prompt)
def test_labels_that_a_person_gave_are_the_oracle_s(labelled: Labelled) -> None:
    words = labelled.prompt.split()
    assert edited_scene(labelled.prompt, labelled.scene) != labelled.scene
    assert tuple(needed_words(words, labelled.scene)) == labelled.needed
