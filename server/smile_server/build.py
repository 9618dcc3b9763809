"""Which build of SMILE Lens this process runs, so that a client only ever meets a daemon of the same code.

A build is the version, the files of both packages (name, size, time of change) and the interpreter's prefix.
No file but one is read: `smile lsp` asks at every start, and must not import `smile_core`, which brings numpy.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Build:
    """`name` is 16 hex digits, equal exactly where version, files and prefix are; the others are for people."""

    name: str
    version: str
    prefix: str


def current_build(folders: tuple[Path, ...] | None = None) -> Build:
    """The build as its files are now; a process that runs on may have been started from an older one.

    Args:
        folders: the packages' folders, the first one with the version; None for the installed ones.
    """
    folders = folders or (_folder_of("smile_core"), Path(__file__).parent)
    version = _version(folders[0])
    seen = hashlib.sha256(repr((version, sys.prefix, sys.version)).encode())
    for folder in folders:
        for name, size, changed in sorted(_files(str(folder), "")):
            seen.update(f"{name}\0{size}\0{changed}\n".encode())
    return Build(name=seen.hexdigest()[:16], version=version, prefix=sys.prefix)


def _folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _version(folder: Path) -> str:
    found = _VERSION.search((folder / "__init__.py").read_text(encoding="utf-8"))
    return found[1] if found else "unknown"


def _files(folder: str, inside: str) -> list[tuple[str, int, int]]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == "__pycache__":
                continue
            if entry.is_dir():
                found += _files(entry.path, f"{inside}{entry.name}/")
            else:
                about = entry.stat()
                found.append((inside + entry.name, about.st_size, about.st_mtime_ns))
    return found
