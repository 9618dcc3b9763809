"""One self-contained HTML page for explanations, and a fragment of it for notebooks.

No script, no network: `<details>` and anchors do all the moving, and a content security policy inside
the page holds it to that. All text of users and models is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from smile_core.explanation import EFFECT_FLOOR, Explanation
from smile_core.report import verdict, wording
from smile_core.report.album import Album
from smile_core.report.arcs import arcs
from smile_core.report.figures import scatter
from smile_core.report.headline import pieces
from smile_core.report.measures import in_sample
from smile_core.report.setting import command, setting_rows
from smile_core.report.tokens import page_tokens, word_rules, words_tokens
from smile_core.report.view import EDITS_SHOWN, view

CONTENT_SECURITY_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render_page(explanations: Sequence[Explanation]) -> str:
    """One HTML file with all explanations, in order; several get a list of their prompts on top.

    Raises:
        ValueError: there is no explanation.
    """
    if not explanations:
        raise ValueError("a report needs at least one explanation")
    album = Album()
    views = [view(explanation, album, identifier=f"p{i}") for i, explanation in enumerate(explanations, start=1)]
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            views=views,
            policy=CONTENT_SECURITY_POLICY,
            tokens=Markup(page_tokens()),
            rules=Markup(word_rules()),
            album=Markup(album.css()),
        )
    )


@dataclass(frozen=True)
class Fragment:
    """An explanation's article and the style sheet that it needs, for a page that somebody else frames."""

    body: str
    style: str


def render_fragment(explanation: Explanation) -> Fragment:
    """What `render_page` shows of one explanation, for the editor's panel, which has a policy of its own."""
    album = Album()
    shown = view(explanation, album, identifier="p1")
    body = _environment().get_template("article.html.jinja").render(view=shown, views=[shown])
    style = (
        _environment()
        .get_template("style.css.jinja")
        .render(tokens=Markup(page_tokens()), rules=Markup(word_rules()), album=Markup(album.css()))
    )
    return Fragment(body, style)


def render_words(explanation: Explanation) -> str:
    """The coloured prompt with legend and verdict, for a notebook; readable on light and on dark."""
    return (
        _environment()
        .get_template("words.html.jinja")
        .render(
            view=view(explanation, Album(), identifier="words"),
            tokens=Markup(words_tokens()),
            rules=Markup(word_rules(within=".smile-lens ")),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("smile_core.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        signed=wording.signed,
        plain=wording.plain,
        printable=wording.printable,
        sentence=wording.sentence,
        tick=lambda value: wording.signed(value, 1) if value else "0",
    )
    environment.globals.update(
        wording=wording,
        words=verdict,
        pieces=pieces,
        scatter=scatter,
        arcs=arcs,
        in_sample=in_sample,
        setting_rows=setting_rows,
        command=command,
        effect_floor=EFFECT_FLOOR,
        edits_shown=EDITS_SHOWN,
    )
    return environment
