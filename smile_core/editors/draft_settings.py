"""The settings that make a draft of a model: which are possible, and what it is then called."""

from __future__ import annotations

from collections.abc import Mapping

from smile_core.errors import EditorError


def checked(settings: Mapping[str, float], name: str) -> dict[str, float]:
    """The settings without those shortcuts that leave nothing out.

    Args:
        settings: of an editor; `guided`, the share of the steps with guidance, and `reuse`, the number of steps
            that share their deep features, where they are given.
        name: the editor's, for messages.

    Raises:
        EditorError: a shortcut is impossible.
    """
    guided, reuse = settings.get("guided", 1.0), settings.get("reuse", 1.0)
    if not 0 < guided <= 1:
        raise EditorError(f"guided is the share of the steps with guidance, over 0 to 1, not {guided:g}")
    if guided < 1 and settings.get("guidance", 0) <= 1:
        raise EditorError(f"{name} has no guidance to cut off; leave out guided")
    if reuse < 1 or reuse != int(reuse):
        raise EditorError(f"reuse is a number of steps, 1 or more, not {reuse:g}")
    return {key: value for key, value in settings.items() if key not in ("guided", "reuse") or value != 1}


def draft_label(settings: Mapping[str, float], usual_steps: float | None) -> str:
    """What makes another model of it; nothing where it runs as it is meant to.

    Args:
        settings: checked.
        usual_steps: that it takes when nobody says otherwise; None for a family without steps.
    """
    ways = []
    if settings.get("steps") != usual_steps:
        ways.append(f"{settings['steps']:g} steps instead of {usual_steps:g}")
    if "guided" in settings:
        ways.append(f"guidance in the first {settings['guided']:.0%} of the steps only")
    if "reuse" in settings:
        ways.append(f"deep features computed once in {settings['reuse']:g} steps")
    return f"{', '.join(ways)}: another model is explained" if ways else ""
