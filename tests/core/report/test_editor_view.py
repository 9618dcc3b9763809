"""What an editor shows of an explanation, on explanations made by hand."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from smile_core import Explainer
from smile_core.explanation import Explanation
from smile_core.report.card import card, webp_picture
from smile_core.report.comparison import comparison_html
from smile_core.report.editor_view import editor_view
from smile_core.report.html import render_fragment
from smile_core.report.where import maps_of
from smile_core.scenes.draw import draw
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene, Thing

SCENE = Scene(things=(Thing("car", "blue", 0.6, 1.0), Thing("tree", "green", 0.2, 1.0)), ground="road", backdrop=3)


@pytest.fixture(scope="module")
def explanation() -> Explanation:
    return Explainer(OracleEditor(SCENE)).explain("please make the car red", draw(SCENE))


def test_the_view_is_plain_data_with_what_the_explanation_says(explanation: Explanation) -> None:
    view = json.loads(json.dumps(editor_view(explanation)))
    words = {word["text"]: word for word in view["words"]}
    assert words["please"]["state"] == "idle"
    assert view["idle"] == [i for i, word in enumerate(view["words"]) if word["state"] == "idle"]
    assert words["red"]["bucket"] > 0
    assert words["red"]["headline"].startswith(words["red"]["label"] + " · pulls towards the edit")
    assert dict(words["red"]["rows"])["without it"] == "the edit gets to 0.00 of the way"
    assert dict(words["red"]["rows"])["together"].startswith("with ‘car’ +")
    assert words["please"]["rows"] == []
    prompt = view["prompt"]
    assert [prompt[word["start"] : word["end"]] for word in view["words"]] == prompt.split()
    assert view["quality"]["stop"] == "exact"


def test_the_note_names_at_most_three_words(explanation: Explanation) -> None:
    note = editor_view(explanation)["note"]
    assert "car +" in note
    assert note.count("+") <= 3


def test_a_prompt_without_effect_says_so_and_colours_nothing() -> None:
    view = editor_view(Explainer(OracleEditor(SCENE)).explain("hello there", draw(SCENE)))
    assert view["quality"]["does_nothing"] is True
    assert {word["bucket"] for word in view["words"]} == {0}
    assert view["note"].startswith("this prompt does nothing")
    assert view["idle"] == []


@pytest.mark.parametrize("kind", ["dark", "light"])
def test_the_card_shows_result_without_and_where(explanation: Explanation, kind: str) -> None:
    index = [word.text for word in explanation.words].index("red")
    row = explanation.without(index)
    assert row is not None
    drawn = card(explanation, index, without=row.picture, acts=maps_of(explanation)[index], kind=kind)  # type: ignore[arg-type]
    picture = Image.open(io.BytesIO(drawn.webp)).convert("RGB")
    assert picture.size == (960, 2 * drawn.height)
    panes = [np.asarray(picture.crop((x, 0, x + 312, 312)), float) for x in (0, 324, 648)]
    assert abs(panes[0] - panes[1]).max() > 60  # The car is red in one, blue in the other.
    assert panes[2].std(axis=2).max() > 20  # The map has a colour on its grey.
    assert drawn.acts is not None
    assert drawn.acts.startswith("lower")


def test_a_card_without_its_edit_says_so_in_the_pane(explanation: Explanation) -> None:
    drawn = card(explanation, 4, without=None, acts=None)
    picture = np.asarray(Image.open(io.BytesIO(drawn.webp)).convert("L"), float)
    assert picture[:300, 340:620].std() < picture[:300, :312].std()
    assert drawn.acts is None


def test_a_card_keeps_under_its_limit(explanation: Explanation) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)
    drawn = card(explanation, 4, without=noise, acts=None, most_bytes=12_000)
    assert len(drawn.webp) <= 12_000
    assert len(base64.b64encode(drawn.webp)) < 90_000


def test_a_picture_for_a_client_is_no_larger_than_asked() -> None:
    wide = np.zeros((100, 3000, 3), np.uint8)
    assert Image.open(io.BytesIO(webp_picture(wide))).size == (1024, 34)


def test_the_fragment_is_the_article_and_its_style_without_a_page(explanation: Explanation) -> None:
    page = render_fragment(explanation)
    assert page.body.lstrip().startswith("<article")
    assert "<html" not in page.body
    assert "<script" not in page.body
    assert "background-image" in page.style


def test_a_comparison_escapes_what_the_user_wrote(explanation: Explanation) -> None:
    from smile_core.compare import compare

    page = comparison_html(compare([explanation, explanation], ["<b>one", "two"]))
    assert "<b>one" not in page.body
    assert page.body.count("<tr>") == 3 + len(explanation.words)


def test_a_comparison_of_one_prompt_is_headed_by_it(explanation: Explanation) -> None:
    from smile_core.compare import compare

    page = comparison_html(compare([explanation, explanation], ["one", "two"]))
    assert f"<caption>{explanation.prompt}</caption>" in page.body
