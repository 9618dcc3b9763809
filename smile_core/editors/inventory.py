"""What models there are on this machine: shipped ones and fetched ones, for `smile models`."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass

from smile_core.editors.fetched import all_fetched
from smile_core.editors.registry import family_of, is_loaded, shipped_models
from smile_core.errors import EditorError


@dataclass(frozen=True)
class Entry:
    """One model. `steps` 0 means that nothing says; `loaded` that some process of ours holds its weights."""

    name: str
    family: str
    where: str
    megabytes: float
    steps: int
    licence: str
    loaded: bool
    about: str


def known_models(elsewhere: Collection[str] = ()) -> tuple[Entry, ...]:
    """Every model that can be opened by name, shipped ones first. No network, no torch.

    `elsewhere` are the names of those that another process has loaded.
    """
    entries = [
        Entry(
            name=model.name,
            family=model.family,
            where=str(model.folder),
            megabytes=model.megabytes,
            steps=family_of(model.folder)[1],
            licence="MIT, part of this package",
            loaded=model.name in elsewhere or is_loaded(model.name),
            about=model.about,
        )
        for model in shipped_models()
    ]
    for model in all_fetched():
        try:
            family, steps = family_of(model.folder)
            about = f"revision {model.revision[:12]}, sha256 {model.sha256[:12]}"
        except (EditorError, OSError):
            family, steps, about = "?", 0, f"no longer there; fetch it again with: smile models pull {model.name}"
        entries.append(
            Entry(
                name=model.name,
                family=family,
                where=str(model.folder),
                megabytes=model.megabytes,
                steps=steps,
                licence=model.licence,
                loaded=model.name in elsewhere or is_loaded(model.name),
                about=about,
            )
        )
    return tuple(entries)


def as_json(entries: tuple[Entry, ...]) -> str:
    """The entries as a JSON list."""
    return json.dumps([asdict(entry) for entry in entries], indent=1)


def as_text(entries: tuple[Entry, ...]) -> str:
    """Three lines a model, and what else works."""
    lines = []
    for entry in entries:
        steps = f"{entry.steps} step{'s' if entry.steps != 1 else ''}" if entry.steps else "steps of its own"
        state = "loaded" if entry.loaded else "not loaded"
        lines.append(f"{entry.name:14} {entry.family:14} {entry.megabytes:7.1f} MB  {steps}, {state}")
        lines.append(f"{'':14} {entry.about}; licence: {entry.licence}")
        lines.append(f"{'':14} {entry.where}")
    lines.append("")
    lines.append("--model also takes any diffusers folder that edits a picture by a prompt, and a server's address")
    lines.append("(https://server/v1#model). smile models pull owner/name fetches a model; nothing else does.")
    return "\n".join(lines)
