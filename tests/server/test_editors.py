"""Neovim and Emacs, which nobody here wrote, with the configurations that docs/editors/ tells their users to take."""

from __future__ import annotations

import json
import os
import re
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
from homes import SMILE, Home, eventually
from product import prompt_document, workspace

from smile_server.handlers.semantic_tokens import MODIFIERS, TYPES

CONFIGURATIONS = Path(__file__).parents[2] / "docs/editors"
DRIVERS = Path(__file__).parent / "editors"
PACKAGES = {"nvim": ("neovim",), "emacs": ("emacs-nox", "elpa-eglot")}
PROMPTS = ("make the car red", "make the \U0001f600 sky stormy, please")


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
    """The program: in CI installed, or an error; elsewhere a skipped test, with a line that cannot be overlooked."""
    if shutil.which(program):
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES[program]]
    if os.environ.get("CI"):
        may = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        subprocess.run([*may, "apt-get", "update"], capture_output=True, timeout=60)
        done = subprocess.run([*may, *install], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"in CI this editor must be there: {done.stderr[-500:]}"
        return
    with capfd.disabled():
        sys.stderr.write(f"\nNOT TESTED: {program} is not installed. `{shlex.join(install)}` mends that.\n")
    pytest.skip(f"{program} is not installed")


def shown(home: Home, folder: Path, command: list[str], configuration: str, seed: int) -> dict[str, Any]:
    """What an editor showed, by its driver's own report, and that the edits behind it were made meanwhile."""
    document = workspace(folder) / "street.edit"
    document.write_text(prompt_document(*PROMPTS, seed=seed), encoding="utf-8")
    report = folder / "seen.json"
    told = {"DOCUMENT": document, "SEEN": report, "CONFIGURATION": CONFIGURATIONS / configuration}
    environment = home.environment | {name: str(path) for name, path in told.items()}
    home.smile("daemon", "start")
    before = home.smile("daemon", "status", "--json")
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=280)
    assert report.is_file(), done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert "failed" not in found, found
    eventually(lambda: home.smile("daemon", "status", "--json")["sessions"] == 0, "the editor's session has ended")
    after = home.smile("daemon", "status", "--json")
    assert after["pid"] == before["pid"]  # The editor's end is nothing to the daemon.
    assert after["edits"] > before["edits"]
    assert {model["name"] for model in after["models"] if model["state"] == "warm"} == {"scenes-turbo"}
    return found


def check(found: dict[str, Any]) -> None:
    """Hovers are text with the word's number and no picture; a hint stands on a whole word."""
    assert "red" in found["hover"]
    assert "95 %" in found["hover"]
    assert "snowy" in found["changed"]
    assert "data:" not in found["hover"] + found["changed"]
    hints = [hint for hint in found["diagnostics"] if "no measurable effect" in hint["text"]]
    assert hints
    words = {word.strip(",") for prompt in PROMPTS for word in prompt.split()}
    assert all(hint["word"] in words for hint in hints)


def test_neovim_shows_hover_and_hints(home: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    require("nvim", capfd)
    command = ["nvim", "--headless", "--clean", "-c", f"luafile {DRIVERS / 'neovim.lua'}"]
    check(shown(home, tmp_path, command, "neovim.lua", seed=1))


def test_emacs_shows_hover_and_hints(home: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    require("emacs", capfd)
    # `--quick` would hide Debian's own packages, eglot among them.
    command = ["emacs", "--no-init-file", "--batch", "--load", str(DRIVERS / "emacs.el")]
    check(shown(home, tmp_path, command, "emacs.el", seed=2))


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
    rules = json.loads(
        (CONFIGURATIONS / "zed/languages/edit-prompt/semantic_token_rules.json").read_text(encoding="utf-8")
    )
    assert {rule["token_type"] for rule in rules} <= set(TYPES)
    assert {modifier for rule in rules for modifier in rule.get("token_modifiers", ())} <= set(MODIFIERS)


def test_the_page_names_every_configuration_and_its_links_lead_somewhere() -> None:
    page = (CONFIGURATIONS / "README.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)#:]+)\)", page))
    assert all((CONFIGURATIONS / link).exists() for link in links)
    assert {path.name for path in CONFIGURATIONS.iterdir() if path.name != "README.md"} <= links
