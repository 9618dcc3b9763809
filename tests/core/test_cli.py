"""The shell: what it prints, what it refuses, and with which exit code. The oracle edits; no model is loaded."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from smile_core import Explanation
from smile_core.cli import app
from smile_core.explanation_json import schema
from smile_core.picture import load_picture
from smile_core.scenes.draw import draw
from smile_core.scenes.oracle import edited_scene
from smile_core.scenes.scene import Scene
from smile_core.scenes.scene_png import scene_png


@pytest.fixture
def street_png(tmp_path: Path, street: Scene) -> Path:
    path = tmp_path / "street.png"
    path.write_bytes(scene_png(street))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_explain_prints_words_and_numbers_without_escape_codes(street_png: Path) -> None:
    result = run("explain", "make the car red", "--image", street_png, "--model", "oracle")
    assert result.exit_code == 0
    for text in ("make", "car", "red", "+0.50", "for this picture and seed 0"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout


def test_json_follows_the_schema_and_reads_back(street_png: Path) -> None:
    result = run("explain", "make the car red", "-i", street_png, "-m", "oracle", "--seed", "3", "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    jsonschema.Draft202012Validator(schema()).validate(data)
    assert data["setting"]["seed"] == 3
    assert [word["text"] for word in data["words"]] == ["make", "the", "car", "red"]
    assert Explanation.from_json(result.stdout).to_json() == json.dumps(data, ensure_ascii=False, indent=1)


def test_edits_are_known_the_next_time_unless_they_are_private(
    street_png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ask = ("explain", "make the car red", "-i", street_png, "-m", "oracle", "--json")
    counts = [json.loads(run(*ask, *more).stdout)["counts"] for more in (["--private"], [], [], ["--private"])]
    assert [(count["made"], count["reused"]) for count in counts] == [(16, 0), (16, 0), (0, 16), (16, 0)]
    assert json.loads(run("evidence", "--json").stdout)["edits"] == 16 + counts[1]["placebo"]


def test_a_document_explains_each_prompt_and_writes_one_page(tmp_path: Path, street_png: Path) -> None:
    document = tmp_path / "street.edit"
    document.write_text("---\nimage: street.png\nmodel: oracle\n---\nmake the car red\n\n# later\nremove the\ntree\n")
    page = tmp_path / "deep" / "report.html"
    result = run("explain", document, "--html", page)
    assert result.exit_code == 0
    assert f"report: {page}" in result.stdout
    assert "https://" not in page.read_text(encoding="utf-8")
    for word in ("car", "tree"):
        assert word in page.read_text(encoding="utf-8")
    both = run("explain", document, "--json")
    assert [data["prompt"] for data in json.loads(both.stdout)] == ["make the car red", "remove the\ntree"]


def test_pictures_come_out(tmp_path: Path, street: Scene, street_png: Path) -> None:
    out, png = tmp_path / "red.png", tmp_path / "words.png"
    assert run("preview", "make the car red", "-i", street_png, "-m", "oracle", "-o", out).exit_code == 0
    assert (load_picture(out).pixels == draw(edited_scene("make the car red", street))).all()
    assert run("explain", "make the car red", "-i", street_png, "-m", "oracle", "--png", png).exit_code == 0
    assert load_picture(png).size[0] > 600


def test_scene_and_models(tmp_path: Path) -> None:
    out = tmp_path / "scene.png"
    result = run("scene", "--seed", "7", "-o", out)
    assert result.exit_code == 0
    assert run("explain", "make it night", "-i", out, "-m", "oracle").exit_code == 0
    assert "scenes-turbo" in run("models").stdout


REFUSED: dict[str, tuple[list[str], str]] = {
    "no picture": (["explain", "make the car red"], "add --image FILE"),
    "missing picture": (["explain", "red", "-i", "no.png"], "no.png is not there"),
    "missing document": (["explain", "no.edit"], "no.edit is not there"),
    "empty prompt": (["explain", "", "-i", "street.png", "-m", "oracle"], "the prompt is empty"),
    "punctuation": (["explain", "?!", "-i", "street.png", "-m", "oracle"], "holds no word"),
    "unknown model": (["explain", "red", "-i", "street.png", "-m", "gpt"], "no model 'gpt'"),
    "unknown preset": (["explain", "red", "-i", "street.png", "--preset", "best"], "use one of: default, paper"),
    "paper without DINOv2": (["explain", "red", "-i", "street.png", "--preset", "paper"], "no DINOv2"),
    "bad suffix": (["explain", "red", "-i", "street.png", "-m", "oracle", "--html", "a.pdf"], "should end in .html"),
    "oracle on a photograph": (["explain", "red", "-i", "bare.png", "-m", "oracle"], "holds no scene"),
    "open front matter": (["explain", "open.edit"], "open.edit, line 1: the settings are not closed"),
    "unknown setting": (["explain", "unknown.edit"], "unknown.edit, line 2"),
    "no prompt": (["explain", "bare.edit"], "holds no prompt"),
    "one prompt is bad": (["explain", "second.edit", "--html", "out.html"], "second.edit, line 7: the prompt"),
}
DOCUMENTS = {
    "open.edit": "---\nimage: street.png\n",
    "unknown.edit": "---\ncolour: red\n---\nmake the car red\n",
    "bare.edit": "---\nimage: street.png\n---\n# nothing\n",
    "second.edit": "---\nimage: street.png\nmodel: oracle\n---\nmake the car red\n\n...\n",
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_one_line_and_nothing_written(
    arguments: list[str], message: str, street_png: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = street_png.parent
    Image.open(street_png).save(folder / "bare.png")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    before = sorted(folder.iterdir())
    monkeypatch.chdir(folder)
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.startswith("smile: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert sorted(folder.iterdir()) == before


def test_debug_shows_the_traceback(street_png: Path) -> None:
    result = run("explain", "?!", "-i", street_png, "-m", "oracle", "--debug")
    assert result.exit_code == 1
    assert type(result.exception).__name__ == "PromptError"


def test_wrong_usage_exits_with_2() -> None:
    assert run("explain").exit_code == 2
    assert run("explain", "red", "--no-such-option").exit_code == 2


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, pix2pix_folder: Path) -> None:
    Image.fromarray(np.full((64, 64, 3), 80, np.uint8)).save(tmp_path / "grey.png")
    page = tmp_path / "out" / "report.html"
    prompt = "please make the car and the house very red now"
    command = [sys.executable, "-m", "smile_core.cli", "explain", prompt, "-i", str(tmp_path / "grey.png")]
    command += ["-m", str(pix2pix_folder), "--seeds", "20", "--html", str(page)]
    terminal, errors = pty.openpty()
    process = subprocess.Popen(command, stderr=errors, stdout=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"})
    os.close(errors)
    shown = b""
    while b"please make" not in shown:  # The bar names the prompt once the first edits are under way.
        shown += os.read(terminal, 4096)
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # Linux says that a terminal has no other end by an error.
        while chunk := os.read(terminal, 4096):
            shown += chunk
    assert process.wait(timeout=60) == 130, shown
    assert b"smile: stopped; nothing was written" in shown
    assert b"Traceback" not in shown
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grey.png"]
    os.close(terminal)
