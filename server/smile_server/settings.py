"""The settings of a session: one typed object, read from what the client sends; bad values keep their defaults.

They come as `initializationOptions`, and again by `workspace/didChangeConfiguration` or `workspace/configuration`
(section `smileLens`). The extension declares settings of the same names; a test compares them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from smile_server.protocol import camel


@dataclass(frozen=True)
class Settings:
    """What a user may set; on the wire in camelCase.

    `model` is used where a document names none. `run` says when prompts are explained: while typing, on save, or
    only on request; `run_by_model` overrides it for single models ({"my-sdxl": "request"}). `budget` is the most
    edits for one prompt, 0 for the method's own choice; `half_width` ends an explanation early. `debounce` is in
    milliseconds. `inlay_numbers` shows numbers as inlay hints. `hover_images` says whether pictures may go into
    hovers, `command_links` whether links to `smileLens.explain` and `smileLens.preview` may. `theme` is what hover
    pictures are painted for. `trusted` False keeps every model from running.
    `unload_minutes` and `leave_minutes` are the daemon's two idle stages.
    """

    model: str = "scenes-turbo"
    run: Literal["typing", "save", "request"] = "typing"
    run_by_model: dict[str, str] = dataclasses.field(default_factory=dict)
    budget: int = 0
    half_width: float = 0.04
    debounce: int = 250
    inlay_numbers: bool = False
    hover_images: Literal["data", "link", "none"] = "none"
    theme: Literal["dark", "light"] = "dark"
    command_links: bool = False
    trusted: bool = True
    unload_minutes: float = 10.0
    leave_minutes: float = 30.0

    def when(self, model: str) -> str:
        """When prompts for this model are explained: "typing", "save" or "request"."""
        return self.run_by_model.get(model, self.run)


_RANGES: dict[str, tuple[float, float]] = {
    "budget": (0, 4096),
    "half_width": (0.005, 1.0),
    "debounce": (0, 10_000),
    "unload_minutes": (0.01, 1e6),
    "leave_minutes": (0.01, 1e6),
}
_CHOICES = {
    "run": ("typing", "save", "request"),
    "hover_images": ("data", "link", "none"),
    "theme": ("dark", "light"),
}


def settings_from(given: Any, start: Settings | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Settings from a client's object, and one sentence for every unknown name or bad value in it.

    A `trusted` that is no boolean counts as False: a malformed flag must fail closed.
    """
    settings, wrong = start or Settings(), []
    if given is None:
        return settings, ()
    if not isinstance(given, dict):
        return settings, (f"settings are an object, not {type(given).__name__}; the defaults are used",)
    names = {camel(field.name): field for field in dataclasses.fields(Settings)}
    taken: dict[str, Any] = {}
    for key, value in given.items():
        field = names.get(key)
        if field is None:
            wrong.append(f"smileLens.{key} is no setting")
            continue
        found = _checked(field.name, value)
        if field.name == "trusted" and found is None:
            found = False
        if found is None:
            wrong.append(f"smileLens.{key} cannot be {value!r}; {getattr(settings, field.name)!r} is used")
        else:
            taken[field.name] = found
    return dataclasses.replace(settings, **taken), tuple(wrong)


def _checked(name: str, value: Any) -> Any:
    """The value as its field wants it, or None."""
    default = getattr(Settings(), name)
    if name in _CHOICES:
        return value if value in _CHOICES[name] else None
    if isinstance(default, bool):
        return value if isinstance(value, bool) else None
    if isinstance(default, (int, float)):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        low, high = _RANGES[name]
        return type(default)(value) if low <= value <= high else None
    if isinstance(default, dict):
        fits = isinstance(value, dict) and all(isinstance(k, str) and v in _CHOICES["run"] for k, v in value.items())
        return value if fits else None
    return value if isinstance(value, str) and value.strip() else None
