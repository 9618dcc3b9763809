"""Settings: good values are taken, bad ones named and left, a malformed trust flag fails closed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smile_server.settings import Settings, settings_from


def test_good_values_are_taken() -> None:
    given = {"model": "scenes-turbo", "run": "save", "runByModel": {"sdxl": "request"}, "halfWidth": 0.1, "debounce": 0}
    settings, wrong = settings_from(given)
    assert wrong == ()
    assert (settings.run, settings.half_width, settings.when("sdxl"), settings.when("other")) == (
        "save",
        0.1,
        "request",
        "save",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"run": "always"},
        {"halfWidth": 0},
        {"halfWidth": "wide"},
        {"budget": -1},
        {"budget": True},
        {"model": "  "},
        {"runByModel": {"x": "never"}},
        {"hoverImages": "file"},
        {"unloadMinutes": 0},
    ],
    ids=str,
)
def test_a_bad_value_keeps_the_default_and_is_named(given: dict[str, object]) -> None:
    settings, wrong = settings_from(given)
    assert settings == Settings()
    assert len(wrong) == 1
    assert f"smileLens.{next(iter(given))}" in wrong[0]


@pytest.mark.parametrize("value", ["yes", 1, None, [], {}], ids=repr)
def test_a_malformed_trust_flag_means_no_trust(value: object) -> None:
    assert settings_from({"trusted": value})[0].trusted is False


@pytest.mark.parametrize("given", ["text", 4, ["a"]], ids=repr)
def test_settings_that_are_no_object_are_left(given: object) -> None:
    settings, wrong = settings_from(given)
    assert settings == Settings()
    assert wrong


def test_unknown_names_are_said() -> None:
    assert settings_from({"modle": "x"})[1] == ("smileLens.modle is no setting",)


def test_the_extension_declares_the_same_settings() -> None:
    package = Path(__file__).parents[2] / "extension" / "package.json"
    if not package.exists():
        pytest.skip("the extension is not in this tree")
    declared = json.loads(package.read_text(encoding="utf-8"))["contributes"]["configuration"]
    parts = declared if isinstance(declared, list) else [declared]
    names = {name.removeprefix("smileLens.") for part in parts for name in part["properties"]}
    by_client = {"hoverImages", "theme", "commandLinks", "trusted"}  # The extension finds these out by itself.
    from smile_server.protocol import camel

    fields = {camel(name) for name in Settings.__dataclass_fields__} - by_client
    assert fields <= names
