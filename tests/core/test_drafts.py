"""Drafts from the shell: shown first, called drafts, and measured against the exact explanation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_models
from typer.testing import CliRunner

from smile_core.cli import app
from smile_core.cli.drafts import draft_settings
from smile_core.errors import SmileError
from smile_core.scenes.scene import random_scene
from smile_core.scenes.scene_png import scene_png


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`smile explain` with a tiny model of four steps."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder, picture = tiny_models.build_instruct_pix2pix(tmp_path / "model"), tmp_path / "scene.png"
    picture.write_bytes(scene_png(random_scene(0)))
    (folder / "editing.json").write_text('{"steps": 4}')
    return ["explain", "make the car red", "-i", str(picture), "-m", str(folder), "--private"]


@pytest.mark.parametrize(
    ("asked", "label", "name"),
    [
        ("2", "2 steps instead of 4", "draft of 2 steps"),
        ("guided=0.5", "guidance in the first 50% of the steps only", "draft of guided 0.5"),
        (
            "2,reuse=2",
            "2 steps instead of 4, deep features computed once in 2 steps",
            "draft of 2 steps, reuse 2",
        ),
    ],
)
def test_a_draft_comes_first_and_is_measured_against_the_exact_one(
    asked: str, label: str, name: str, command: list[str]
) -> None:
    result = CliRunner().invoke(app, [*command, "--draft", asked])
    assert result.exit_code == 0, result.stderr
    draft, exact = (" ".join(part.split()) for part in result.stdout.split("make the car red")[1:])
    assert f"This is a draft: {label}: another model is explained" in draft
    assert "draft" not in exact
    assert f"smile: {name} and exact: rank correlation " in result.stderr


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("4", "--draft 4 changes nothing about model; leave it out"),
        ("guided=1", "--draft guided=1 changes nothing about model"),
        ("fast", "--draft fast is not understood; write steps as 8"),
        ("reuse=0", "--draft reuse=0 is not understood"),
        ("side=64", "--draft side=64 is not understood"),
        ("reuse=1.5", "reuse is a number of steps, 1 or more, not 1.5"),
        ("guided=2", "guided is the share of the steps with guidance, over 0 to 1, not 2"),
    ],
)
def test_what_is_no_draft(asked: str, message: str, command: list[str]) -> None:
    refused = CliRunner().invoke(app, [*command, "--draft", asked])
    assert refused.exit_code == 1
    assert message in refused.stderr


def test_a_draft_alone_says_how_to_make_it_again(command: list[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, [*command, "--guided", "0.5", "--reuse", "2", "--json", "--html", str(page)])
    assert result.exit_code == 0, result.stderr
    details: Any = json.loads(result.stdout)["setting"]["details"]
    assert (details["guided"], details["reuse"]) == ("0.5", "2")
    assert "--guided 0.5" in page.read_text()
    assert "--reuse 2" in page.read_text()


def test_settings_of_a_draft() -> None:
    assert draft_settings("8, guided=0.5,reuse=3") == {"steps": 8, "guided": 0.5, "reuse": 3}
    assert draft_settings("steps=8") == {"steps": 8}
    for text in ("", ",", "8=", "2.5", "-1", "nan", "8,fast"):
        with pytest.raises(SmileError, match="is not understood"):
            draft_settings(text)
