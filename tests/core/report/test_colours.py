"""The ramp: absolute edges, both signs, and text that can be read on every fill."""

from __future__ import annotations

import pytest

from smile_core.explanation import ExplainedWord
from smile_core.report.colours import STEPS, THEME_NAMES, ThemeName, bucket, rgb, theme, word_bucket

EDGES = [0.02, 0.05, 0.08, 0.12, 0.17, 0.23, 0.30, 0.40, 0.55, 0.75]


@pytest.mark.parametrize(("step", "edge"), list(enumerate(EDGES, start=1)))
def test_a_step_begins_at_its_edge(step: int, edge: float) -> None:
    assert bucket(edge) == step
    assert bucket(-edge) == -step
    assert bucket(edge - 1e-9) == step - 1


def test_ends_of_the_scale() -> None:
    assert [bucket(x) for x in (0.0, 0.0199, -0.0199, 3.0, -3.0)] == [0, 0, 0, 10, -10]


def test_only_effective_words_are_coloured() -> None:
    steps = {
        s: word_bucket(ExplainedWord("a", 0, 1, 0.5, 0.4, 0.6, s)) for s in ("effective", "idle", "unsure", "unread")
    }
    assert steps == {"effective": 8, "idle": 0, "unsure": 0, "unread": 0}


@pytest.mark.parametrize("name", THEME_NAMES)
def test_text_on_every_fill_has_the_contrast_the_design_promises(name: ThemeName) -> None:
    colours = theme(name)
    least = 7.1 if name.startswith("highContrast") else 4.6
    for step in range(-STEPS, STEPS + 1):
        fill = colours.solid_fill(step)
        assert contrast(rgb(colours.text), fill) >= least - 0.05
        assert contrast(rgb(colours.line(step)), fill) >= 3.25
        assert colours.fill(step).startswith("rgba(" if step else "transparent")


@pytest.mark.parametrize("name", THEME_NAMES)
def test_fills_grow_and_let_selection_show_through(name: ThemeName) -> None:
    for ramp in (theme(name).positive, theme(name).negative):
        assert list(ramp.alpha) == sorted(ramp.alpha)
        assert ramp.alpha[-1] < 0.63


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The WCAG 2 contrast ratio."""

    def luminance(colour: tuple[int, int, int]) -> float:
        parts = [c / 255 / 12.92 if c <= 0.04045 * 255 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
