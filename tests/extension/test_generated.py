"""What the extension repeats from Python is what Python says: protocol types, settings, colours, the pip name."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path

import pytest

import smile_core
from smile_server import settings
from smile_server.protocol import camel
from smile_server.typescript import typescript

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = json.loads((ROOT / "extension/package.json").read_text(encoding="utf-8"))
DECLARED = MANIFEST["contributes"]["configuration"]["properties"]
SENT_UNASKED = {"hoverImages", "commandLinks", "theme", "trusted"}
"""What the extension knows by itself, so that nobody has to set it."""

SHARED = [field for field in dataclasses.fields(settings.Settings) if camel(field.name) not in SENT_UNASKED]


def test_the_protocol_types_are_those_of_the_server() -> None:
    text = (ROOT / "extension/src/protocol.ts").read_text(encoding="utf-8")
    assert text == typescript(), "run: python -m smile_server.typescript > extension/src/protocol.ts"


@pytest.mark.parametrize("field", SHARED, ids=lambda field: field.name)
def test_each_setting_is_declared_with_the_servers_default_and_limits(field: dataclasses.Field[object]) -> None:
    declared = DECLARED[f"smileLens.{camel(field.name)}"]
    start = settings.Settings()
    assert declared["default"] == getattr(start, field.name)
    if field.name in settings._RANGES:
        assert (declared["minimum"], declared["maximum"]) == settings._RANGES[field.name]
    if field.name in settings._CHOICES:
        assert tuple(declared["enum"]) == settings._CHOICES[field.name]


def test_the_extension_sends_no_setting_that_the_server_does_not_know() -> None:
    source = (ROOT / "extension/src/settings.ts").read_text(encoding="utf-8")
    listed = source.split("SHARED = [")[1].split("]")[0]
    assert {name.strip(' \n"') for name in listed.split(",") if name.strip()} == {camel(field.name) for field in SHARED}


def test_every_colour_of_every_theme_is_the_ramps() -> None:
    ramp = json.loads((ROOT / "smile_core/report/colours.json").read_text(encoding="utf-8"))["themes"]
    colours = {entry["id"]: entry["defaults"] for entry in MANIFEST["contributes"]["colors"]}
    assert len([name for name in colours if name[-1].isdigit()]) == 20
    for kind, theme in ramp.items():
        for sign in ("positive", "negative"):
            assert colours[f"smileLens.{sign}Line"][kind] == theme[f"{sign}_line"]
            for step, alpha in enumerate(theme[sign]["alpha"], start=1):
                text = colours[f"smileLens.{sign}{step}"][kind]
                *rgb, a = (int(text[i : i + 2], 16) for i in (1, 3, 5, 7))
                assert rgb == theme[sign]["rgb"]
                assert a == pytest.approx(alpha * 255, abs=0.51)
        assert colours["smileLens.neutralLine"][kind] == theme["neutral_line"]


def test_every_text_of_the_manifest_is_in_the_texts_and_none_is_left_over() -> None:
    texts = json.loads((ROOT / "extension/package.nls.json").read_text(encoding="utf-8"))
    raw = json.dumps(MANIFEST)
    used = {part for part in raw.split("%") if part in texts}
    assert used == set(texts)
    assert not [part for part in raw.split('"%')[1:] if part.split('%"')[0] not in texts]


def test_versions_and_names_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert MANIFEST["version"] == smile_core.__version__
    assert DECLARED["smileLens.installFrom"]["default"] == project["name"]


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, entry in lock["packages"].items() if "://" in str(entry.get("resolved", ""))] == []


def test_what_a_workspace_may_not_set_before_it_is_trusted() -> None:
    restricted = MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    assert {"smileLens.path", "smileLens.python", "smileLens.installFrom"} <= set(restricted)


def test_every_picture_that_is_shown_is_there() -> None:
    home = ROOT / "extension"
    shown = set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (home / "README.md").read_text(encoding="utf-8")))
    steps = MANIFEST["contributes"]["walkthroughs"][0]["steps"]
    shown |= {place for step in steps for place in step["media"].values() if "/" in place and " " not in place}
    assert len(shown) >= 5
    assert [place for place in sorted(shown) if not (home / place).is_file()] == []
