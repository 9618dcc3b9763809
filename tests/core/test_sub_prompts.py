"""Which texts are sub-prompts of a prompt, and by which masks. The oracle renders all masks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smile_core.errors import PromptError
from smile_core.evidence import EditKey, Evidence
from smile_core.known_texts import KnownTexts
from smile_core.prompt import Prompt
from smile_core.sub_prompts import SubPrompts, tokens_of

CHUNKS = [
    "the", "the", "red", "car,", "a", "aa", "[[stop sign]]", "[[ x y ]]", "a[[b  c]]a", "汽车变成红色", "天空",
    "red汽车", "哈哈", "ทำให้รถ", "🚗", "\u3000",
]  # fmt: skip
GAPS = [" ", " ", " ", "  ", "\n", "", "\u3000"]
TEXTS = st.lists(st.tuples(st.sampled_from(CHUNKS), st.sampled_from(GAPS)), min_size=1, max_size=7).map(
    lambda parts: "".join(chunk + gap for chunk, gap in parts)
)


def prompt_of(text: str, groups: int) -> Prompt | None:
    """A prompt of at most 9 words, neighbours taken together in twos or threes or not; None where there is none."""
    prompt = Prompt(text)
    try:
        n = len(prompt)
    except PromptError:
        return None
    if groups > 1:
        prompt = prompt.merged([tuple(range(i, min(i + groups, n))) for i in range(0, n, groups)])
    return prompt if len(prompt) <= 9 else None


def masks_by_text(prompt: Prompt) -> dict[str, list[tuple[int, ...]]]:
    found: dict[str, list[tuple[int, ...]]] = {}
    for mask in itertools.product((1, 0), repeat=len(prompt)):
        found.setdefault(prompt.render(mask), []).append(mask)
    return found


@settings(deadline=None, max_examples=150)
@given(TEXTS, TEXTS, st.integers(1, 3))
@example("[[ x y ]] red the", "a", 1)
def test_texts_and_masks_are_those_of_all_masks(text: str, other: str, groups: int) -> None:
    prompt, another = prompt_of(text, groups), prompt_of(other, 1)
    if prompt is None or another is None:
        return
    right = masks_by_text(prompt)
    # Sub-prompts of another prompt are the likeliest to be taken for ours.
    pool = list(dict.fromkeys([*masks_by_text(another), *right, f"{text} {other}", " the", "the ", "zebra"]))
    reader = SubPrompts(prompt.words)
    assert KnownTexts(pool).find(prompt.words) == [candidate for candidate in pool if candidate in right]
    for candidate in pool:
        assert sorted(reader.masks_of(candidate, most=10**6)) == sorted(right.get(candidate, []))


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    tokens = tokens_of(text)
    assert "".join(tokens) == text
    assert "" not in tokens


def test_masks_keep_early_words_first() -> None:
    reader = SubPrompts(Prompt("the car the car").words)
    assert reader.masks_of("the car") == [(1, 1, 0, 0), (1, 0, 0, 1), (0, 0, 1, 1)]


@pytest.mark.parametrize("gap", [" ", "  \n"])
def test_a_word_said_fifty_times_has_a_bounded_number_of_masks(gap: str) -> None:
    prompt = Prompt(gap.join(["the"] * 50))
    text = prompt.render([1, 0] * 25)
    reader = SubPrompts(prompt.words)
    masks = reader.masks_of(text, most=40)
    assert len(set(masks)) == 40
    assert all(prompt.render(mask) == text for mask in masks)
    # Spread over all C(50, 25) of them: half keep the first word, and no mask is favoured.
    assert 15 <= sum(mask[0] for mask in masks) <= 25
    kept = np.mean(masks, axis=0)
    assert math.isclose(kept.mean(), 0.5)
    assert (
        KnownTexts([text, f"{text} the", "the" * 3]).find(prompt.words)
        == [text, f"{text} the"][: 2 if gap == " " else 1]
    )


@pytest.mark.parametrize("forget", [0, 3000])
def test_known_texts_come_and_go(forget: int) -> None:
    words = Prompt("make the car red").words
    texts = KnownTexts([f"car {k}" for k in range(forget)])
    texts.add(["make car", "the red", "make car"])
    for k in range(forget):
        texts.discard(f"car {k}")
    texts.discard("never there")
    assert texts.find(words) == ["make car", "the red"]
    texts.discard("make car")
    assert texts.find(words) == ["the red"]
    texts.add(["make car"])
    assert texts.find(words) == ["the red", "make car"]
    assert len(texts) == 2


def test_evidence_in_memory_knows_its_setting_and_forgets_what_went() -> None:
    evidence = Evidence(most_bytes=3 * 48)
    words = Prompt("make the car red").words
    keys = [EditKey("editor", "sha", seed, text) for text in ("red", "car", "blue") for seed in (0,)]
    for key in keys:
        evidence.put(key, np.zeros((4, 4, 3), np.uint8))
    assert evidence.known(keys[0].setting, words) == ["red", "car"]
    assert evidence.known(EditKey("editor", "sha", 1, "").setting, words) == []
    evidence.put(EditKey("editor", "sha", 1, "red"), np.zeros((4, 4, 3), np.uint8))
    assert evidence.known(keys[0].setting, words) == ["car"]


def test_evidence_in_memory_keeps_nothing_of_a_setting_that_went() -> None:
    evidence = Evidence(most_bytes=3 * 48)
    for seed in range(20):
        evidence.put(EditKey("editor", "sha", seed, "red"), np.zeros((4, 4, 3), np.uint8))
    assert len(evidence) == len(evidence._texts) == 3


def test_a_setting_is_all_but_the_text() -> None:
    key = EditKey("editor", "sha", 0, "red")
    assert key.setting == EditKey("editor", "sha", 0, "car").setting
    others = [
        EditKey("Editor", "sha", 0, "red"),
        EditKey("editor", "shb", 0, "red"),
        EditKey("editor", "sha", 1, "red"),
    ]
    assert len({key.setting, *(other.setting for other in others)}) == 4
