"""`smile evidence`: shown, cleared after asking, refused where it must not touch."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from smile_core.evidence_place import FILE
from smile_core.evidence_store import EvidenceStore
from tests.core.evidence.shell import run_cli
from tests.core.evidence.stored import held, key, picture, put_all
from tests.core.evidence.troubles import (
    folder_for_file,
    garbage,
    linked_file,
    linked_folder,
    newer,
    truncated,
)


def test_evidence_is_shown_and_cleared_after_asking(folder: Path) -> None:
    empty = run_cli(folder)
    assert empty.exit_code == 0
    assert "0 edits in 0 settings" in empty.stdout
    assert not folder.exists()
    with EvidenceStore(folder) as store:
        put_all(store, [f"t {k}" for k in range(30)], 64)
        store.put(key("t", editor="another"), picture("t"))
        store.flush()
        shown = run_cli(folder)
        assert str(folder / FILE) in shown.stdout
        assert "31 edits in 2 settings" in shown.stdout
        data = json.loads(run_cli(folder, "--json").stdout)
        assert (data["edits"], data["settings"], data["path"]) == (31, 2, str(folder / FILE))
        assert data["bytes"] == sum(path.stat().st_size for path in folder.glob(FILE + "*"))
        assert time.time() - 60 < data["oldest"] <= data["newest"] < time.time() + 1
        refused = run_cli(folder, "clear", answer="n\n")
        assert refused.exit_code == 1
        assert "nothing was removed" in refused.stderr
        assert held(store, ["t 1"], 64)
        cleared = run_cli(folder, "clear", answer="y\n")
        assert cleared.exit_code == 0
        freed = re.search(r"(\d\.\d) MB freed", cleared.stdout)
        assert freed is not None
        assert 0.3 < float(freed.group(1)) < 0.9
        assert held(store, ["t 1"], 64) == []
        assert store.place.bytes() < 120_000


@pytest.mark.parametrize("damage", [garbage, truncated])
def test_a_damaged_file_and_what_was_set_aside_can_be_cleared(folder: Path, damage: object) -> None:
    with EvidenceStore(folder) as store:
        put_all(store, [f"t {k}" for k in range(30)], 64)
    assert callable(damage)
    damage(folder / FILE)
    shown = run_cli(folder)
    assert shown.exit_code == 1
    assert "`smile evidence clear` removes it" in shown.stderr
    assert run_cli(folder, "clear", "-y").exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["evidence.lock"]
    assert run_cli(folder).exit_code == 0


@pytest.mark.parametrize("trouble", [newer, linked_folder, linked_file, folder_for_file])
@pytest.mark.parametrize("arguments", [(), ("clear", "--yes")])
def test_the_shell_refuses_in_one_line_what_it_must_not_touch(
    folder: Path, trouble: object, arguments: tuple[str, ...]
) -> None:
    assert callable(trouble)
    trouble(folder)
    result = run_cli(folder, *arguments)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.stderr
