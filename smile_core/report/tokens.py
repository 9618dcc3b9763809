"""The colours as CSS: custom properties per theme, and one rule per step of the ramp.

In the VS Code panel the same properties are fed from the theme under `body.vscode-...`; the colours of
words can be set by the user there, so they are asked for by name first.
"""

from __future__ import annotations

from smile_core.report.colours import STEPS, Theme, ThemeName, theme

_NEUTRALS: dict[ThemeName, dict[str, str]] = {
    "light": {"strong": "#1f1f1f", "mute": "#616161", "line": "#e3e3e3", "soft": "#f7f7f7"},
    "dark": {"strong": "#f0f0f0", "mute": "#9d9d9d", "line": "#373737", "soft": "#262626"},
    "highContrast": {"strong": "#ffffff", "mute": "#d4d4d4", "line": "#6fc3df", "soft": "#000000"},
    "highContrastLight": {"strong": "#000000", "mute": "#404040", "line": "#0f4a85", "soft": "#ffffff"},
}
_LINKS: dict[ThemeName, tuple[str, str]] = {
    "light": ("#005fb8", "#005fb8"),
    "dark": ("#4daafc", "#0078d4"),
    "highContrast": ("#21a6ff", "#f38518"),
    "highContrastLight": ("#0f4a85", "#006bbd"),
}
_PANELS: tuple[tuple[str, ThemeName], ...] = (
    ("body.vscode-light", "light"),
    ("body.vscode-dark", "dark"),
    ("body.vscode-high-contrast", "highContrast"),
    ("body.vscode-high-contrast-light", "highContrastLight"),
)


def page_tokens() -> str:
    """Light by default, dark where the system asks for it, and the editor's own theme in its panel."""
    rules = [
        f":root{{color-scheme:light dark;{_tokens('light')}}}",
        f"@media(prefers-color-scheme:dark){{:root{{{_tokens('dark')}}}}}",
    ]
    for selector, name in _PANELS:
        scheme = "dark" if name in ("dark", "highContrast") else "light"
        rules.append(f"{selector}{{color-scheme:{scheme};{_tokens(name, panel=True)}}}")
    return "\n".join(rules)


def words_tokens() -> str:
    """For a notebook: colours that read on white and on black, made exact where the notebook says which it is."""
    dark, base = theme("dark"), ".smile-lens"
    both = f"--strong:inherit;--mute:#7a7a7a;--more:0px;--pl:#1288b0;--nl:#c9601c;--zl:#808080;{_fills(dark)}"
    light = ('body[data-jp-theme-light="true"]', "body.vscode-light")
    night = ('body[data-jp-theme-light="false"]', "body.vscode-dark")
    return "\n".join(
        (
            f"{base}{{{both}}}",
            f"{','.join(f'{where} {base}' for where in light)}{{{_tokens('light')}}}",
            f"{','.join(f'{where} {base}' for where in night)}{{{_tokens('dark')}}}",
        )
    )


def word_rules(*, within: str = "") -> str:
    """The class of each step: its fill and the width of its line."""
    widths = theme("light").line_width
    rules = []
    for step in range(1, STEPS + 1):
        rules.append(f"{within}.s{step}{{--px:{widths[step - 1]}px}}")
        rules += [f"{within}.{sign}.s{step}{{--fill:var(--{sign[0]}{step})}}" for sign in ("pos", "neg")]
    return "\n".join(rules)


def _tokens(name: ThemeName, *, panel: bool = False) -> str:
    colours = theme(name)
    link, focus = _LINKS[name]
    contrast = name.startswith("highContrast")
    values = {
        "bg": colours.background,
        "fg": colours.text,
        **_NEUTRALS[name],
        "link": link,
        "focus": focus,
        "pl": colours.positive_line,
        "nl": colours.negative_line,
        "zl": colours.neutral_line,
    }
    if panel:
        values = {key: f"var({_VSCODE[key]},{value})" if key in _VSCODE else value for key, value in values.items()}
    plain = ";".join(f"--{key}:{value}" for key, value in values.items())
    return f"{plain};--more:{'1px' if contrast else '0px'};{_fills(colours, panel=panel)}"


_VSCODE = {
    "bg": "--vscode-editor-background",
    "fg": "--vscode-foreground",
    "strong": "--vscode-editor-foreground",
    "mute": "--vscode-descriptionForeground",
    "line": "--vscode-panel-border",
    "soft": "--vscode-textCodeBlock-background",
    "link": "--vscode-textLink-foreground",
    "focus": "--vscode-focusBorder",
    "pl": "--vscode-smileLens-positiveLine",
    "nl": "--vscode-smileLens-negativeLine",
    "zl": "--vscode-smileLens-neutralLine",
}


def _fills(colours: Theme, *, panel: bool = False) -> str:
    tokens = []
    for step in range(1, STEPS + 1):
        for letter, sign, bucket in (("n", "negative", -step), ("p", "positive", step)):
            fill = colours.fill(bucket)
            value = f"var(--vscode-smileLens-{sign}{step},{fill})" if panel else fill
            tokens.append(f"--{letter}{step}:{value}")
    return ";".join(tokens)
