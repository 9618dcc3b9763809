"""The page: closed to the network and to scripts, complete, and small."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from smile_core.report.html import CONTENT_SECURITY_POLICY, render_page, render_words

EFFECT, IDLE, UNSURE, UNREAD = "effective", "idle", "unsure", "unread"
EVIL = "<script>alert(1)</script>"
VOID = {"meta", "br", "path", "circle", "link", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that tags are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.headline = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if "h1" in self.open and "small" not in self.open:
            self.headline += data

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]


@pytest.fixture
def hostile(build):
    """A prompt, a model and a note that all try to break out."""
    return build(
        f"make {EVIL} red\"'&",
        [0.0, 0.4, 0.5],
        [IDLE, EFFECT, EFFECT],
        texts=["make", EVIL, "red"],
        notes=(f"see {EVIL}",),
        failed=EVIL,
    )


def test_user_text_is_escaped_everywhere(hostile) -> None:
    page = render_page([hostile])
    assert EVIL not in page
    reader = Reader(page)
    assert "script" not in {tag for tag, _ in reader.tags}
    assert EVIL in reader.headline
    assert EVIL not in render_words(hostile)


def test_the_page_holds_its_own_policy_and_loads_nothing(hostile) -> None:
    page = render_page([hostile])
    reader = Reader(page)
    policies = [a.get("content") for tag, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [CONTENT_SECURITY_POLICY] == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert not re.search(r"https?:|//[a-z]|@import", re.sub(r"base64,[^)]*", "", page))
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    assert all(link.startswith("#") for link in reader.attributes("href"))


def test_every_link_leads_to_a_part_of_the_page(build) -> None:
    one = build("a red car x y", [0, 0.5, 0.4, 0.04, 0], [IDLE, EFFECT, EFFECT, UNSURE, UNREAD])
    reader = Reader(render_page([one, build()]))
    ids = reader.attributes("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in reader.attributes("href")} <= set(ids)


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("make the car red, now", ["make", "the", "car", "red", "now"]),
        ("make the [[stop sign]] red", ["make", "the", "stop sign", "red"]),
        ("空を嵐に 🚗", ["空を", "嵐に", "🚗"]),
        ("(really) red - yes!", ["really", "red", "yes"]),
    ],
)
def test_the_headline_is_the_prompt(build, prompt: str, texts: list[str]) -> None:
    explanation = build(prompt, [0.3] * len(texts), [EFFECT] * len(texts), texts=texts)
    headline = Reader(render_page([explanation])).headline
    assert headline.split() == prompt.replace("[[", "").replace("]]", "").split()


def test_words_are_labelled_links(build) -> None:
    labels = [a["aria-label"] for tag, a in Reader(render_page([build()])).tags if tag == "a" and a.get("class") == "w"]
    nothing = "no measurable effect · 0.00 ± 0.03"
    assert labels == [f"make, {nothing}", f"the, {nothing}", "car, +0.50 ± 0.03", "red, +0.42 ± 0.03"]


def test_each_picture_is_carried_once_and_named_in_words(build) -> None:
    page = render_page([build(), build()])
    assert len(re.findall(r"base64,", page)) == 9  # Seven edits, and where each of the two effective words acts.
    reader = Reader(page)
    shown = [a for tag, a in reader.tags if tag == "div" and (a.get("class") or "").startswith(("pic ", "tiny "))]
    assert len(shown) > 20
    assert all(a.get("aria-label") for a in shown)


def test_without_pictures_there_are_no_empty_frames(build) -> None:
    reader = Reader(render_page([build(with_pictures=False)]))
    assert not [a for _, a in reader.tags if (a.get("class") or "").split()[:1] in (["pic"], ["tiny"])]
    assert "gets to 0.50 of the way" in re.sub(r"\s+", " ", reader.text)


def test_a_prompt_that_does_nothing_is_not_coloured(build) -> None:
    reader = Reader(render_page([build(effect=0.01, noise_floor=0.02)]))
    classes = " ".join(reader.attributes("class")).split()
    assert not {"pos", "neg", "bar", "ramp"} & set(classes)
    assert "This prompt does nothing to the picture" in reader.text


def test_sections_follow_the_data(build) -> None:
    plain = Reader(render_page([build()])).text
    assert "Not clear" not in plain
    assert "weight" not in plain.split("The edits behind it")[1].split("Setting")[0]
    rich = Reader(
        render_page(
            [
                build(
                    "a b c d", [0.5, 0.04, 0, 0], [EFFECT, UNSURE, IDLE, UNREAD], weights=(1.0, 0.5), failed="moderated"
                )
            ]
        )
    ).text
    for part in (
        "Not clear",
        "No measurable effect",
        "Not read by this model",
        "weight",
        "failed twice and left out: moderated",
    ):
        assert part in rich
    assert "for this picture and seed 0" in rich.lower()
    assert "always flatters" in rich


def test_large_pictures_are_made_smaller(build) -> None:
    noise = np.random.default_rng(0)
    explanation = build(size=(640, 960))
    for row in explanation.rows:
        row.picture[:] = noise.integers(0, 256, row.picture.shape, dtype=np.uint8)
    assert len(render_page([explanation])) < 5_000_000


@pytest.mark.parametrize("count", [1, 60])
def test_any_number_of_words(build, count: int) -> None:
    words = [f"w{i}" for i in range(count)]
    reader = Reader(render_page([build(" ".join(words), [1 / count] * count, [EFFECT] * count)]))
    assert reader.headline.split() == words


def test_several_prompts_are_listed_on_top(build) -> None:
    reader = Reader(render_page([build(), build("paint it blue", [0, 0, 0.9], [IDLE, IDLE, EFFECT])]))
    assert "2 prompts" in reader.text
    assert {"#p1", "#p2"} <= set(reader.attributes("href"))
    with pytest.raises(ValueError, match="at least one"):
        render_page([])


def test_the_notebook_fragment_stands_alone(build) -> None:
    fragment = render_words(build())
    reader = Reader(fragment)
    assert "<html" not in fragment
    assert "data:" not in fragment
    assert not reader.attributes("href")
    assert "carry the edit" in reader.text
