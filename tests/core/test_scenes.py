"""Scenes, the oracle and the quiz."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
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
from smile_core.scenes.language import random_instruction, random_phrases, random_sub_prompt
from smile_core.scenes.lexicon import FILLERS, SENSES, THINGS, known_words, plural
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
    Time,
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
    "swap the tree and the car": (),
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
    # Two edits, each with words of its own.
    "remove the car and add a big red lamp": (Remove(CAR), Add("lamp", "red", 1.45)),
    "make the car red then remove the tree": (Recolour(CAR, "red"), Remove(TREE)),
    "make the house bigger and the car smaller": (Resize(HOUSE, True), Resize(CAR, False)),
    "house bigger car smaller": (Resize(HOUSE, True), Resize(CAR, False)),
    "move the car left and the house right": (Move(CAR, "left"), Move(HOUSE, "right")),
    "move the car left house right": (Move(CAR, "left"), Move(HOUSE, "right")),
    "shrink the house and the car should be red": (Resize(HOUSE, False), Recolour(CAR, "red")),
    "add a lamp and i want the car in white": (Add("lamp", "black"), Recolour(CAR, "white")),
    "move the tree to the left and the car , make it red": (Move(TREE, "left"), Recolour(CAR, "red")),
    # One edit of several things.
    "make the house and the car red": (Recolour(HOUSE, "red"), Recolour(CAR, "red")),
    "make the house and the car bigger": (Resize(HOUSE, True), Resize(CAR, True)),
    "enlarge the house and the car": (Resize(HOUSE, True), Resize(CAR, True)),
    "move the house and the car to the right": (Move(HOUSE, "right"), Move(CAR, "right")),
    # A verb stands before its thing, or nothing is asked.
    "make the tree remove the": (),
    # Several of a thing.
    "remove the trees": (Remove(TREE),),
    "add two men": (Add("person", "red"),),
    # Where something goes.
    "add a ball in front of the house": (Add("ball", "red", 1.0, 0.26),),
    "add a ball to the left of the tree": (Add("ball", "red", 1.0, 0.55),),
    "add a ball to the left of the picture": (Add("ball", "red", 1.0, 0.0),),
    "move the car to the left of the picture": (Move(CAR, "left"),),
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
    "paint the tree on the right of the car yellow": (Recolour((1,), "yellow"),),
    "paint the tree to the right of the dog yellow": (Recolour((1,), "yellow"),),
    "in green paint the red tree": (Recolour((1,), "green"),),
    "make the trees blue": (Recolour((0, 1), "blue"),),
    "put a ball next to the red tree": (Add("ball", "red", 1.0, 0.8),),
    "move the car near the green tree": (MoveNear((3,), 0.2),),
}


@pytest.mark.parametrize(("text", "edits"), POINTING.items())
def test_which_of_two_is_meant(text: str, edits: tuple[Edit, ...]) -> None:
    assert read(text, TWO_TREES) == edits


def test_joined_phrases_ask_for_what_each_asks() -> None:
    """500 pairs of phrases as instructions join them: two edits are read as those of either half."""
    joined = 0
    for seed in range(500):
        scene, random = random_scene(seed + 3000), np.random.default_rng(seed)
        parts = random_phrases(random, scene, 2)
        joined += len(parts) == 2
        meant = set().union(*(read(part, scene) for part in parts))
        for joint in ("and", "then", "plus", "and also"):
            assert set(read(f" {joint} ".join(parts), scene)) == meant, parts
    assert joined > 450


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


@pytest.mark.parametrize("truth", [exhaustive_influences, needed_words])
def test_more_than_16_words_are_refused(truth: Callable[..., np.ndarray], street: Scene) -> None:
    with pytest.raises(ValueError, match="16 at most"):
        truth(["please"] * 17, street)


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


def test_what_stands_nearer_hides_what_stands_behind_it() -> None:
    car, person = Thing("car", "red", 0.55), Thing("person", "blue", 0.5)
    alone, both = (draw(Scene(things)).astype(int) for things in ((person,), (person, car)))
    body = np.abs(alone - draw(Scene(())).astype(int)).sum(2) > 60
    assert (alone[body] == both[body]).mean() > 0.9


@pytest.mark.parametrize("time", TIMES)
def test_snow_lies_on_the_grass_and_not_on_what_stands_at_the_edge(time: Time) -> None:
    bare = Scene((), weather="snow", time=time)
    fence = replace(bare, things=(Thing("fence", "black", 0.14, 1.7),))
    without, with_fence = draw(bare).astype(int), draw(fence).astype(int)
    assert (without[88:92, 80:] == with_fence[88:92, 80:]).all()
    assert np.abs(without - with_fence).max() > 60


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
        assert question.near >= 12
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


def test_every_word_that_means_something_is_said() -> None:
    """What instructions never say, a model would never learn; words that mean nothing are strewn in by training."""
    said: set[str] = set()
    plurals = {plural(noun) for group in THINGS.values() for noun in group}
    for seed in range(20_000):
        said.update(random_instruction(np.random.default_rng(seed), random_scene(seed)).split())
        if set(SENSES) - plurals <= said and seed > 3000:
            break
    assert set(SENSES) - plurals <= said
    assert all(any(plural(noun) in said for noun in group) for group in THINGS.values())
    assert said - {","} <= set(known_words())


def test_forty_prompts_are_labelled() -> None:
    assert len(labelled_prompts()) == 40


@pytest.mark.parametrize("labelled", labelled_prompts(), ids=lambda labelled: labelled.prompt)
def test_labels_that_a_person_gave_are_the_oracle_s(labelled: Labelled) -> None:
    words = labelled.prompt.split()
    assert edited_scene(labelled.prompt, labelled.scene) != labelled.scene
    assert tuple(needed_words(words, labelled.scene)) == labelled.needed
