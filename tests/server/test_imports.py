"""What the daemon and the forwarder may import: no models and no method, so that both start at once and stay small."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("modules", "never"),
    [
        ("smile_server.session, smile_server.daemon, smile_server.engine", ("torch", "numpy", "PIL", "scipy", "typer")),
        ("smile_server.entry, smile_server.forwarder", ("torch", "numpy", "PIL", "typer", "pygls", "lsprotocol")),
    ],
    ids=["daemon", "forwarder"],
)
def test_light_processes_stay_light(modules: str, never: tuple[str, ...]) -> None:
    code = f"import {modules}, sys; print([m for m in {never!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
