"""A folder for evidence, and a store in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smile_core.evidence_store import EvidenceStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def store(folder: Path) -> Iterator[EvidenceStore]:
    with EvidenceStore(folder, patience=2.0) as opened:
        yield opened
