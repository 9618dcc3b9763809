"""Where the daemon of this user and this build listens, and the files that say so.

All of them lie in one private folder and carry the build's name: `.lock` (held for life by the daemon), `.sock`,
`.json` (the record: where it listens, and which process it is), `.token` (TCP only) and `.start` (what a daemon
that is starting writes to its standard error).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from smile_server.build import Build
from smile_server.private_folder import private_folder
from smile_server.trouble import DaemonError

MOST_PATH_BYTES = 100
"""A socket's path must fit into 104 bytes on macOS, 108 on Linux."""


@dataclass(frozen=True)
class Endpoint:
    """The files of one build's daemon; the folder has been checked."""

    folder: Path
    build: Build

    @property
    def lock(self) -> Path:
        """The file that the daemon keeps locked."""
        return self._file("lock")

    @property
    def socket(self) -> Path:
        """The unix socket."""
        return self._file("sock")

    @property
    def record(self) -> Path:
        """The file that `Record` is written to."""
        return self._file("json")

    @property
    def token(self) -> Path:
        """The file that holds the token of a daemon on TCP."""
        return self._file("token")

    @property
    def start_log(self) -> Path:
        """What a daemon wrote before it was ready."""
        return self._file("start")

    def _file(self, suffix: str) -> Path:
        return self.folder / f"{self.build.name}.{suffix}"


@dataclass(frozen=True)
class Record:
    """What a running daemon says of itself. `host` is empty on a unix socket; `mark` tells its process from later
    ones of the same id."""

    pid: int
    mark: str
    version: str
    build: str
    prefix: str
    socket: str
    host: str
    port: int


def endpoint_of(build: Build) -> Endpoint:
    """The endpoint of a build, in a folder that is made or checked.

    Raises:
        DaemonError: the folder is not this user's alone.
    """
    folder = _runtime_folder()
    if len(os.fsencode(folder / f"{build.name}.token")) > MOST_PATH_BYTES:
        folder = _short_folder()
    return Endpoint(private_folder(folder), build)


def write_private(path: Path, text: str) -> None:
    """Write a file with mode 0600 that appears whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mkstemp makes it 0600.
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def read_private(path: Path) -> str | None:
    """The text of a file in the private folder; None where there is none. No symbolic link is followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DaemonError(f"cannot read {path}: {error.strerror}; remove it") from error
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        return file.read(65536)


def write_record(endpoint: Endpoint, record: Record) -> None:
    """Tell clients where the daemon listens."""
    write_private(endpoint.record, json.dumps(asdict(record)))


def read_record(path: Path) -> Record | None:
    """What the daemon of an endpoint said of itself; None where nothing readable is there."""
    text = read_private(path)
    if text is None:
        return None
    try:
        return _checked(Record(**json.loads(text)))
    except (ValueError, TypeError, RecursionError):
        return None


def neighbours(endpoint: Endpoint) -> list[Endpoint]:
    """Endpoints in the same folder of other builds of the same installation."""
    found = []
    for path in sorted(endpoint.folder.glob("*.json")):
        record = read_record(path)
        if record is not None and record.build == path.stem != endpoint.build.name:
            build = Build(path.stem, record.version, record.prefix)
            if build.prefix == endpoint.build.prefix:
                found.append(Endpoint(endpoint.folder, build))
    return found


def _checked(record: Record) -> Record | None:
    numbers, texts = (
        (record.pid, record.port),
        (record.mark, record.version, record.build, record.prefix, record.socket, record.host),
    )
    fits = all(type(one) is int for one in numbers) and all(type(one) is str for one in texts)
    return record if fits and record.pid > 0 else None


def _runtime_folder() -> Path:
    import platformdirs

    try:
        with warnings.catch_warnings():  # It warns where XDG_RUNTIME_DIR is not set; its fallback is checked by us.
            warnings.simplefilter("ignore")
            return platformdirs.user_runtime_path("smile-lens", appauthor=False)
    except OSError as error:
        raise DaemonError(f"{error}") from error


def _short_folder() -> Path:
    user = "" if sys.platform == "win32" else f"-{os.geteuid()}"
    folder = Path(tempfile.gettempdir(), f"smile-lens{user}")
    if len(os.fsencode(folder)) > MOST_PATH_BYTES - 24 and sys.platform != "win32":
        folder = Path(f"/tmp/smile-lens{user}")
    return folder
