"""`smile evidence` on a folder of our own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from smile_core.cli import app


def run_cli(folder: Path, *arguments: str, answer: str | None = None) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smile_core.evidence_place.default_folder", lambda: folder)
        return CliRunner().invoke(app, ["evidence", *arguments], input=answer)
