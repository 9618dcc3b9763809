"""From a prompt in a document to a task for the engine, or to the trouble that stands in the way.

Pictures resolve inside the workspace folders (a document outside of any: inside its own folder), after every
symlink; only plain files are taken. No model is opened here and no picture read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from smile_core.area_names import SEGMENT, is_box
from smile_core.documents.edit_document import DocumentPrompt, EditDocument, Entry
from smile_core.editors.names import shipped_names
from smile_core.hosts.tasks import Task
from smile_server.documents import OpenDocument
from smile_server.protocol import Trouble
from smile_server.settings import Settings

MOST_IMAGE_BYTES = 200 * 1024**2
CHOOSE_IMAGE = ("Choose an image", "smileLens.chooseImage")
CHOOSE_MODEL = ("Choose a model", "smileLens.chooseModel")
MANAGE_TRUST = ("Manage trust", "workbench.trust.manage")


@dataclass(frozen=True)
class Grounds:
    """What a session allows: its folders, and pictures that the user picked elsewhere (real paths)."""

    folders: tuple[Path, ...] = ()
    picked: frozenset[Path] = frozenset()


class Refused(Exception):
    """A picture that may not, or cannot, be read; `text` says why and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def path_of(uri: str) -> Path | None:
    """The local path of a `file:` URI; None for any other, and for one on another machine."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    text = unquote(parts.path)
    if os.name == "nt" and len(text) > 2 and text[0] == "/" and text[2] == ":":
        text = text[1:]
    return Path(text)


def uri_of(path: Path) -> str:
    """The `file:` URI of an absolute path."""
    return path.as_uri()


def resolve(
    document: OpenDocument, block: EditDocument, prompt: DocumentPrompt, settings: Settings, grounds: Grounds
) -> Task | Trouble:
    """The task of a prompt, or what keeps it from one."""
    if block.problems:
        problem = block.problems[0]
        where = document.index.range(problem.start, problem.end)
        return Trouble("front-matter", problem.text, None, None, where)
    if not settings.trusted:
        return Trouble("consent", "this workspace is not trusted, so no model runs here", *MANAGE_TRUST, None)
    entry = block.entry("image")
    if entry is None or not entry.value:
        return Trouble("image", "no image: name one in the settings at the top", *CHOOSE_IMAGE, None)
    try:
        image, stamp = find_image(entry.value, document.uri, grounds)
    except Refused as refused:
        return Trouble("image", refused.text, *CHOOSE_IMAGE, document.index.range(entry.start, entry.end))
    area_entry = block.entry("area")
    try:
        area, area_stamp = _area(area_entry, document.uri, grounds)
    except Refused as refused:
        assert area_entry is not None
        where = document.index.range(area_entry.start, area_entry.end)
        return Trouble("front-matter", refused.text, None, None, where)
    return Task(
        prompt.text,
        str(image),
        stamp,
        _model(block.entry("model"), document.uri, settings),
        block.seed or 0,
        settings.budget,
        settings.half_width,
        area,
        area_stamp,
    )


def _area(entry: Entry | None, uri: str, grounds: Grounds) -> tuple[str | None, tuple[int, int] | None]:
    """An area as `Task` holds it: a box as it is, a file or a segmentation model's folder as a real path.

    Raises:
        Refused: as `find_image`.
    """
    if entry is None or not entry.value:
        return None, None
    if is_box(entry.value):
        return entry.value, None
    if entry.value.startswith(SEGMENT):
        folder, mark, label = entry.value.removeprefix(SEGMENT).partition("#")
        home = path_of(uri)
        place = (home.parent / folder if home is not None else Path(folder)).resolve()
        base = home.parent if home is not None else None
        if not _allowed(place, base, grounds):
            raise Refused(f"{folder} lies outside the workspace folders; copy the model here")
        return f"{SEGMENT}{place}{mark}{label}", None
    real, stamp = find_image(entry.value, uri, grounds)
    return str(real), stamp


def _model(entry: Entry | None, uri: str, settings: Settings) -> str:
    """The model's name; a folder is meant relative to the document."""
    name = entry.value if entry is not None and entry.value else settings.model
    if name in shipped_names() or name == "oracle":
        return name
    home = path_of(uri)
    if home is not None and (home.parent / name / "model_index.json").is_file():
        return str((home.parent / name).resolve())
    return name


def find_image(name: str, uri: str, grounds: Grounds) -> tuple[Path, tuple[int, int]]:
    """The real path of a picture and its stamp (modification time in ns, bytes).

    Raises:
        Refused: it is not there, is no plain file, is too large, or lies where the session may not read.
    """
    if "\0" in name or name.startswith(("\\\\", "//")):
        raise Refused(f"{name!r} is on another machine or no path; copy the picture next to the document")
    home = path_of(uri)
    base = home.parent if home is not None else next(iter(grounds.folders), None)
    path = Path(name)
    if not path.is_absolute():
        if base is None:
            raise Refused("save the document first, or open a folder, so that the image can be found")
        path = base / path
    try:
        real = path.resolve(strict=True)
        found = real.stat()
    except FileNotFoundError:
        raise Refused(f"{name} is not there") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise Refused(f"{name} cannot be read: {getattr(error, 'strerror', None) or 'its path is broken'}") from None
    if not _allowed(real, base, grounds):
        raise Refused(f"{name} lies outside the workspace folders; choose it yourself, or copy it here")
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "no plain file"
        raise Refused(f"{name} is {what}; name a picture")
    if found.st_size > MOST_IMAGE_BYTES:
        raise Refused(f"{name} has {found.st_size // 1024**2} MB; {MOST_IMAGE_BYTES // 1024**2} are the most")
    return real, (found.st_mtime_ns, found.st_size)


def _allowed(real: Path, base: Path | None, grounds: Grounds) -> bool:
    if real in grounds.picked:
        return True
    roots: Iterable[Path] = grounds.folders or ((base,) if base is not None else ())
    return any(real.is_relative_to(root.resolve()) for root in roots)
