"""What fixed the edits, as a list to read and as a command to run again."""

from __future__ import annotations

from dataclasses import asdict

from smile_core.explanation import Explanation, Setting
from smile_core.method import Method
from smile_core.report.wording import printable

_OPTIONS = ("seeds", "budget", "half_width", "design", "feature", "distance", "response", "kernel")
"""Method fields that the command line can set."""


def setting_rows(explanation: Explanation) -> list[tuple[str, str]]:
    """Name and value of everything that fixed the edits, in reading order."""
    setting = explanation.setting
    name = setting.editor if setting.family in ("", setting.editor) else f"{setting.editor} ({setting.family})"
    rows = [
        ("picture", f"{setting.image_name} · {_size(setting.image_size)} · sha256 {_short(setting.image_sha256)}"),
        ("model", f"{name} · edits of {_size(setting.edit_size)} · fingerprint {_short(setting.fingerprint)}"),
        *([("editor", " · ".join(f"{_label(k)} {v}" for k, v in setting.details.items()))] if setting.details else []),
        ("seed", str(setting.seed) if setting.seeds == 1 else f"{setting.seeds} seeds from {setting.seed}"),
        *((_label(key), _value(value)) for key, value in _method_shown(setting)),
    ]
    if setting.versions:
        rows.append(("versions", " · ".join(f"{package} {version}" for package, version in setting.versions.items())))
    return [(printable(label), printable(value)) for label, value in rows]


_OF_DRAFTS = ("steps", "guided", "reuse")


def command(explanation: Explanation) -> str:
    """The shell command that makes this explanation again, on lines of readable length."""
    setting = explanation.setting
    if setting.shell_name is None:
        return "# the editor was given in Python; no command makes this again"
    draft = "draft" in setting.details
    words = [
        f"smile explain {shell_quoted(explanation.prompt)}",
        f"--image {shell_quoted(setting.image_name)}",
        f"--model {shell_quoted(setting.shell_name)}",
        *([f"--area {shell_quoted(setting.details['area'])}"] if "area" in setting.details else []),
        *(f"--{name} {setting.details[name]}" for name in _OF_DRAFTS if name in setting.details and draft),
        f"--seed {setting.seed}",
    ]
    usual = _usual()
    for field in _OPTIONS:
        value = setting.method.get(field)
        if value is not None and value != usual.get(field):
            words.append(f"--{field.replace('_', '-')} {shell_quoted(_value(value))}")
    lines = [words[0]]
    for word in words[1:]:
        if lines[-1].startswith("  ") and len(lines[-1]) + len(word) < 72:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return " \\\n".join(lines)


def shell_quoted(text: str) -> str:
    """One argument for a POSIX shell; in double quotes, which Windows knows too, where that is safe."""
    if text and all(c.isalnum() or c in "._-/+:" for c in text):
        return text
    if not any(c in '"$`\\!' or ord(c) < 32 for c in text):
        return f'"{text}"'
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"


def _method_shown(setting: Setting) -> list[tuple[str, str | float | bool]]:
    return [(key, value) for key, value in setting.method.items() if value is not None and key != "seeds"]


def _usual() -> dict[str, object]:
    """What a method holds when nothing was asked for, as a setting writes it down."""
    method = Method()
    return {**asdict(method), "response": method.response_name, "distance": method.distance_name}


def _short(digest: str) -> str:
    """A hash by its ends; anything else, such as a callable's reason for having none, as it is."""
    if len(digest) < 32 or not digest.isalnum():
        return digest if len(digest) <= 64 else f"{digest[:63]}…"
    return f"{digest[:4]}…{digest[-4:]}"


def _label(key: str) -> str:
    return key.replace("_", " ")


def _value(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
