"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from smile_core.errors import SmileError


def write_whole(path: Path, content: bytes) -> Path:
    """Put `content` at `path` in one step, making the folders above it; a crash leaves the old file.

    Raises:
        SmileError: the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
        except BaseException:
            temporary.unlink()
            raise
    except OSError as error:
        raise SmileError(f"cannot write {path}: {error.strerror or error}; choose another place") from error
    return path
