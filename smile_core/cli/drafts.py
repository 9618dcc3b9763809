"""`--draft`: what a user wants left out of the first answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from smile_core.errors import SmileError

if TYPE_CHECKING:
    from smile_core.explanation import Explanation

_KNOWN = ("steps", "guided", "reuse")


def draft_settings(text: str) -> dict[str, float]:
    """The editor's settings of a draft.

    Args:
        text: such as `8` or `steps=8`, `guided=0.5`, `reuse=3`, or several with commas between.

    Raises:
        SmileError: it is something else.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = 0
        if (name or "steps") not in _KNOWN or not value > 0 or (name in ("", "steps") and value != int(value)):
            raise SmileError(f"--draft {text} is not understood; write steps as 8, or guided=0.5, or reuse=3")
        found[name or "steps"] = int(value) if value == int(value) else value
    return found


def check_draft(described: Mapping[str, str], text: str, *, same: bool) -> None:
    """Refuse a draft that is none.

    Args:
        described: what the draft's editor says of itself.
        text: as the user wrote it.
        same: whether the exact explanation is asked for with the same settings.

    Raises:
        SmileError: both would be the same model.
    """
    if same or "draft" not in described:
        raise SmileError(f"--draft {text} changes nothing about {described['name']}; leave it out")


def tell_agreement(draft: Explanation, exact: Explanation, settings: Mapping[str, Any]) -> None:
    """How far a draft and the exact explanation of the same prompt agree, on standard error."""
    from smile_core.compare import compare
    from smile_core.report.comparison import agreement_text

    ways = [
        f"{value:g} steps" if name == "steps" else f"{name} {value:g}"
        for name, value in settings.items()
        if value is not None
    ]
    found = compare([draft, exact], [f"draft of {', '.join(ways)}", "exact"])
    typer.echo(f"smile: {agreement_text(found, found.agreements[0])}", err=True)
