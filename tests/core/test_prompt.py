"""Words, their spans, and the text that a mask leaves."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smile_core.errors import PromptError
from smile_core.prompt import Prompt

WORDS = {
    "make the car red": ["make", "the", "car", "red"],
    "  make\tit  snowy\n": ["make", "it", "snowy"],
    "make the [[stop sign]], please, red!": ["make", "the", "stop sign", "please", "red"],
    "don't (really) stop": ["don't", "really", "stop"],
    "the red car, the red car": ["the", "red", "car", "the", "red", "car"],
    "Turn this image to autumn ###": ["Turn", "this", "image", "to", "autumn", "###"],
    "🚗 to 🚙": ["🚗", "to", "🚙"],
    "「車」を赤くして": ["車", "を", "赤くして"],
    "ทำให้รถ red": ["ทำ", "ให้", "รถ", "red"],
}


@pytest.mark.parametrize(("text", "words"), WORDS.items())
def test_words(text: str, words: list[str]) -> None:
    prompt = Prompt(text)
    assert [word.text for word in prompt.words] == words
    assert [text[word.start : word.end] for word in prompt.words] == words


def test_chinese_is_segmented_and_joined_without_spaces() -> None:
    prompt = Prompt("把汽车变成红色，天空变成 stormy")
    assert len(prompt) > 4
    assert "汽车" in [word.text for word in prompt.words]
    assert prompt.render([1] * len(prompt)) == "把汽车变成红色，天空变成 stormy"
    only_first_and_last = [1, *[0] * (len(prompt) - 2), 1]
    assert prompt.render(only_first_and_last) == "把 stormy"


MASKS = {
    (1, 1, 1, 1): "make the car, red",
    (1, 0, 1, 0): "make car,",
    (0, 0, 0, 1): "red",
    (0, 0, 0, 0): "",
}


@pytest.mark.parametrize(("mask", "text"), MASKS.items())
def test_a_word_goes_with_its_punctuation(mask: tuple[int, ...], text: str) -> None:
    assert Prompt("make the car, red").render(mask) == text


def test_every_mask_keeps_order_and_duplicates() -> None:
    prompt = Prompt("the red the red")
    words = prompt.text.split()
    for mask in itertools.product((0, 1), repeat=4):
        assert prompt.render(mask) == " ".join(w for w, keep in zip(words, mask, strict=True) if keep)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_prompt_is_refused(text: str) -> None:
    with pytest.raises(PromptError, match="the prompt is empty; write what should change"):
        _ = Prompt(text).words


@pytest.mark.parametrize("text", ["?", "... !!", "###", "—"])
def test_a_prompt_of_punctuation_is_refused(text: str) -> None:
    with pytest.raises(PromptError, match="holds no word"):
        _ = Prompt(text).words


def test_merged_words_are_one_unit() -> None:
    merged = Prompt("make the stop sign red").merged([(0,), (1,), (2, 3), (4,)])
    assert [word.text for word in merged.words] == ["make", "the", "stop sign", "red"]
    assert merged.render([1, 0, 1, 0]) == "make stop sign"


@given(st.text(max_size=60))
def test_any_text_is_refused_or_cut_into_ordered_spans(text: str) -> None:
    try:
        words = Prompt(text).words
    except PromptError:
        return
    ends = [0]
    for word in words:
        assert ends[-1] <= word.start < word.end <= len(text)
        assert text[word.start : word.end] == word.text
        ends.append(word.end)
    if "[[" not in text:
        assert Prompt(text).render([1] * len(words)) == text.strip()
