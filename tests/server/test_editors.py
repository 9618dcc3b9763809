"""Neovim and Emacs, which nobody here wrote, with the configurations that docs/editors/ tells their users to take."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homes import SMILE, Home
from product import prompt_document, workspace

CONFIGURATIONS = Path(__file__).parents[2] / "docs/editors"
DRIVERS = Path(__file__).parent / "editors"
PACKAGES = {"nvim": ("neovim",), "emacs": ("emacs-nox", "elpa-eglot"), "hx": ("hx",)}
DOCUMENT = prompt_document("make the car red", "make the \U0001f600 sky stormy, please")


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """One daemon for all editors, and `smile` on their PATH."""
    folder = Path(tempfile.mkdtemp(prefix="smile-"))
    home = Home(folder)
    try:
        programs = folder / "bin"
        programs.mkdir()
        smile = programs / "smile"
        smile.write_text(f'#!/bin/sh\nexec {shlex.join(SMILE)} "$@"\n', encoding="utf-8")
        smile.chmod(0o755)
        home.environment["PATH"] = f"{programs}{os.pathsep}{home.environment['PATH']}"
        # Nothing of the user's own configuration.
        home.environment |= {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        yield home
        assert "ERROR" not in home.log
    finally:
        home.end()
        shutil.rmtree(folder)


def require(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The program, installed in CI; elsewhere the test is skipped with a line that cannot be overlooked."""
    if shutil.which(program):
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES[program]]
    if os.environ.get("CI"):
        done = subprocess.run(install, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"in CI this editor must be there: {done.stderr[-500:]}"
        return
    with capfd.disabled():
        sys.stderr.write(f"\nNOT TESTED: {program} is not installed. `{shlex.join(install)}` mends that.\n")
    pytest.skip(f"{program} is not installed")


def seen_by(home: Home, folder: Path, command: list[str], configuration: str) -> dict[str, Any]:
    """What an editor showed, by its driver's own report."""
    document = workspace(folder) / "street.edit"
    document.write_text(DOCUMENT, encoding="utf-8")
    seen = folder / "seen.json"
    told = {"DOCUMENT": document, "SEEN": seen, "CONFIGURATION": CONFIGURATIONS / configuration}
    environment = home.environment | {name: str(path) for name, path in told.items()}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=280)
    assert seen.is_file(), done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(seen.read_text(encoding="utf-8"))
    assert "failed" not in found, found
    return found


def check(found: dict[str, Any]) -> None:
    """The hover is text with the word's number and no picture; a hint stands on a whole word."""
    assert "red" in found["hover"]
    assert "data:" not in found["hover"]
    hints = [hint for hint in found["diagnostics"] if "no measurable effect" in hint["text"]]
    assert hints
    words = {word.strip(",") for word in DOCUMENT.split()}
    assert all(hint["word"] in words for hint in hints)


def test_neovim_shows_hover_and_diagnostics(home: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    require("nvim", capfd)
    command = ["nvim", "--headless", "--clean", "-c", f"luafile {DRIVERS / 'neovim.lua'}"]
    check(seen_by(home, tmp_path, command, "neovim.lua"))


def test_emacs_shows_hover_and_diagnostics(home: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    require("emacs", capfd)
    command = ["emacs", "--no-init-file", "--batch", "--load", str(DRIVERS / "emacs.el")]
    # `--quick` would hide Debian's own packages, eglot among them.
    check(seen_by(home, tmp_path, command, "emacs.el"))


def test_the_other_configurations_start_the_same_server() -> None:
    helix = tomllib.loads((CONFIGURATIONS / "helix.toml").read_text(encoding="utf-8"))
    server = helix["language-server"]["smile"]
    assert [server["command"], *server["args"]] == ["smile", "lsp"]
    assert all("smile" in language["language-servers"] for language in helix["language"])
    zed = tomllib.loads((CONFIGURATIONS / "zed/extension.toml").read_text(encoding="utf-8"))
    language = tomllib.loads((CONFIGURATIONS / "zed/languages/edit-prompt/config.toml").read_text(encoding="utf-8"))
    assert language["name"] in zed["language_servers"]["smile"]["languages"]
    assert language["path_suffixes"] == helix["language"][0]["file-types"] == ["edit"]
    assert zed["language_servers"]["smile"]["language_ids"][language["name"]] == helix["language"][0]["name"]
