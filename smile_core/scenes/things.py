"""How each kind of thing is painted: a few flat shapes with one darker tone for depth.

Coordinates are in oversampled pixels; `u` is the picture's height, so every measure is a share of it.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import ImageDraw

from smile_core.scenes.scene import FRONT_ROW, Scene, Thing

RGB = tuple[int, int, int]

PAINT: dict[str, RGB] = {
    "red": (214, 48, 44),
    "orange": (240, 140, 40),
    "yellow": (246, 210, 74),
    "green": (74, 156, 70),
    "blue": (52, 108, 200),
    "purple": (140, 76, 176),
    "white": (244, 244, 240),
    "black": (46, 48, 56),
}
_AUTUMN_CROWN: RGB = (216, 122, 44)
_SKIN: RGB = (236, 190, 152)
_WOOD: RGB = (124, 86, 58)
_GLASS: RGB = (196, 224, 240)
_LIT: RGB = (255, 214, 112)
_DARK: RGB = (40, 42, 48)

Pen = ImageDraw.ImageDraw


def base_line(kind: str) -> float:
    """Height of the line a kind stands on, as a share of the picture's height from the top."""
    if kind in ("car", "ball", "boat"):
        return 0.92
    return 0.955 if kind in FRONT_ROW else 0.735


def draw_thing(pen: Pen, glow: Pen, thing: Thing, scene: Scene, width: int, height: int) -> None:
    """Paint one thing on `pen`, and what shines at night on `glow`."""
    u = height * thing.size
    x, y = thing.x * width, base_line(thing.kind) * height
    colour = PAINT[thing.colour]
    if thing.kind == "tree" and thing.colour == "green":
        colour = {"summer": (72, 148, 66), "autumn": _AUTUMN_CROWN, "winter": (226, 236, 246)}[scene.season]
    shadow = u * {"house": 0.19, "car": 0.19, "fence": 0.17, "boat": 0.13, "tree": 0.1, "dog": 0.09}.get(
        thing.kind, 0.055
    )
    pen.ellipse((x - shadow, y - u * 0.012, x + shadow, y + u * 0.016), (20, 30, 30, 60))
    _PAINTERS[thing.kind](pen, glow, x, y, u, colour, scene)


def _dark(colour: RGB, share: float = 0.75) -> RGB:
    return (round(colour[0] * share), round(colour[1] * share), round(colour[2] * share))


def _light(colour: RGB, share: float = 0.35) -> RGB:
    return (
        round(colour[0] + (255 - colour[0]) * share),
        round(colour[1] + (255 - colour[1]) * share),
        round(colour[2] + (255 - colour[2]) * share),
    )


def _house(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    w, h = u * 0.15, u * 0.2
    roof = (236, 242, 250) if scene.season == "winter" or scene.weather == "snow" else (150, 74, 56)
    pen.rectangle((x + w * 0.45, y - h - u * 0.13, x + w * 0.7, y - h), (134, 84, 70))
    pen.rectangle((x - w, y - h, x + w, y), colour)
    pen.rectangle((x + w * 0.72, y - h, x + w, y), _dark(colour, 0.88))
    pen.polygon([(x - w * 1.2, y - h), (x, y - h - u * 0.13), (x + w * 1.2, y - h)], roof)
    pen.rectangle((x - w * 0.2, y - h * 0.55, x + w * 0.2, y), (112, 74, 50))
    for side in (-0.62, 0.62):
        box = (x + w * side - w * 0.2, y - h * 0.78, x + w * side + w * 0.2, y - h * 0.42)
        pen.rectangle(box, _GLASS, (90, 90, 96), 2)
        glow.rectangle(box, _LIT)


def _tree(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    pen.rectangle((x - u * 0.018, y - u * 0.16, x + u * 0.018, y), _WOOD)
    for dx, dy, r, tone in (
        (-0.055, 0.2, 0.07, _dark(colour, 0.86)),
        (0.055, 0.2, 0.07, _dark(colour, 0.86)),
        (0, 0.25, 0.085, colour),
        (-0.03, 0.28, 0.045, _light(colour, 0.16)),
    ):
        cx, cy = x + dx * u, y - dy * u
        pen.ellipse((cx - r * u, cy - r * u, cx + r * u, cy + r * u), tone)


def _lamp(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    pen.rectangle((x - u * 0.012, y - u * 0.34, x + u * 0.012, y), colour)
    pen.rectangle((x - u * 0.03, y - u * 0.02, x + u * 0.03, y), _dark(colour))
    head = [(x - u * 0.045, y - u * 0.34), (x + u * 0.045, y - u * 0.34), (x + u * 0.03, y - u * 0.41)]
    pen.polygon([*head, (x - u * 0.03, y - u * 0.41)], (250, 240, 196))
    glow.ellipse((x - u * 0.05, y - u * 0.42, x + u * 0.05, y - u * 0.33), _LIT)
    pen.polygon([(x - u * 0.05, y - u * 0.4), (x + u * 0.05, y - u * 0.4), (x, y - u * 0.45)], colour)


def _sign(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    pen.rectangle((x - u * 0.01, y - u * 0.2, x + u * 0.01, y), (120, 122, 128))
    pen.rounded_rectangle((x - u * 0.065, y - u * 0.3, x + u * 0.065, y - u * 0.18), u * 0.018, (250, 250, 250))
    pen.rounded_rectangle((x - u * 0.055, y - u * 0.29, x + u * 0.055, y - u * 0.19), u * 0.014, colour)
    pen.rectangle((x - u * 0.035, y - u * 0.247, x + u * 0.035, y - u * 0.233), (250, 250, 250))


def _fence(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    for rail in (0.1, 0.045):
        pen.rectangle((x - u * 0.165, y - u * rail, x + u * 0.165, y - u * (rail - 0.022)), _dark(colour, 0.84))
    for i in range(6):
        left, right = x + u * (-0.165 + 0.061 * i), x + u * (-0.14 + 0.061 * i)
        pen.polygon(
            [(left, y), (left, y - u * 0.12), ((left + right) / 2, y - u * 0.14), (right, y - u * 0.12), (right, y)],
            colour,
        )


def _boat(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    pen.rectangle((x - u * 0.01, y - u * 0.27, x + u * 0.01, y - u * 0.05), _WOOD)
    pen.polygon(
        [(x + u * 0.018, y - u * 0.265), (x + u * 0.018, y - u * 0.09), (x + u * 0.12, y - u * 0.09)], (250, 250, 244)
    )
    pen.polygon(
        [(x - u * 0.018, y - u * 0.23), (x - u * 0.018, y - u * 0.09), (x - u * 0.09, y - u * 0.09)], (228, 230, 232)
    )
    hull = [(x - u * 0.165, y - u * 0.075), (x + u * 0.165, y - u * 0.075), (x + u * 0.115, y), (x - u * 0.115, y)]
    pen.polygon(hull, colour)
    pen.polygon([hull[0], hull[1], (x + u * 0.155, y - u * 0.055), (x - u * 0.155, y - u * 0.055)], _light(colour, 0.4))


def _car(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    top = [(x - 0.105 * u, y - 0.1 * u), (x - 0.065 * u, y - 0.165 * u)]
    pen.polygon([*top, (x + 0.05 * u, y - 0.165 * u), (x + 0.105 * u, y - 0.1 * u)], _dark(colour, 0.86))
    for a, b, c, d in ((-0.085, -0.056, -0.012, -0.012), (0.004, 0.004, 0.042, 0.08)):
        glass = [(x + a * u, y - 0.104 * u), (x + b * u, y - 0.152 * u)]
        pen.polygon([*glass, (x + c * u, y - 0.152 * u), (x + d * u, y - 0.104 * u)], _GLASS)
    pen.rounded_rectangle((x - 0.17 * u, y - 0.11 * u, x + 0.17 * u, y - 0.03 * u), 0.03 * u, colour)
    pen.rectangle((x - 0.16 * u, y - 0.052 * u, x + 0.16 * u, y - 0.034 * u), _dark(colour))
    lamp = (x + 0.142 * u, y - 0.09 * u, x + 0.168 * u, y - 0.068 * u)
    pen.ellipse(lamp, (255, 244, 190))
    glow.ellipse(lamp, _LIT)
    for dx in (-0.095, 0.095):
        for r, tone in ((0.038, _DARK), (0.017, (190, 192, 198))):
            cx, cy = x + dx * u, y - 0.032 * u
            pen.ellipse((cx - r * u, cy - r * u, cx + r * u, cy + r * u), tone)


def _person(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    for side in (-1, 1):
        pen.rectangle(
            (x + side * u * 0.017 - u * 0.014, y - u * 0.1, x + side * u * 0.017 + u * 0.014, y), (64, 70, 96)
        )
        pen.line(
            (x + side * u * 0.036, y - u * 0.18, x + side * u * 0.056, y - u * 0.11), _SKIN, max(2, round(u * 0.02))
        )
    pen.rounded_rectangle((x - u * 0.042, y - u * 0.205, x + u * 0.042, y - u * 0.09), u * 0.018, colour)
    pen.ellipse((x - u * 0.034, y - u * 0.278, x + u * 0.034, y - u * 0.205), _SKIN)
    pen.chord((x - u * 0.036, y - u * 0.284, x + u * 0.036, y - u * 0.214), 180, 360, (86, 58, 40))


def _dog(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    for dx in (-0.058, -0.03, 0.026, 0.05):
        pen.rectangle((x + dx * u, y - 0.05 * u, x + (dx + 0.016) * u, y), _dark(colour, 0.86))
    pen.line((x - 0.066 * u, y - 0.085 * u, x - 0.098 * u, y - 0.13 * u), colour, max(3, round(u * 0.018)))
    pen.rounded_rectangle((x - 0.074 * u, y - 0.1 * u, x + 0.07 * u, y - 0.04 * u), 0.026 * u, colour)
    pen.ellipse((x + 0.034 * u, y - 0.15 * u, x + 0.102 * u, y - 0.085 * u), colour)
    pen.ellipse((x + 0.08 * u, y - 0.12 * u, x + 0.118 * u, y - 0.09 * u), _light(colour, 0.3))
    pen.ellipse((x + 0.032 * u, y - 0.15 * u, x + 0.058 * u, y - 0.096 * u), _dark(colour, 0.6))
    pen.ellipse((x + 0.073 * u, y - 0.132 * u, x + 0.085 * u, y - 0.12 * u), _DARK)


def _cat(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    pen.arc((x + 0.025 * u, y - 0.13 * u, x + 0.085 * u, y - 0.006 * u), -110, 90, colour, max(3, round(u * 0.018)))
    pen.ellipse((x - 0.045 * u, y - 0.1 * u, x + 0.045 * u, y), colour)
    pen.ellipse((x - 0.022 * u, y - 0.05 * u, x + 0.022 * u, y), _light(colour, 0.3))
    for side in (-1, 1):
        ear = [
            (x + side * 0.038 * u, y - 0.178 * u),
            (x + side * 0.04 * u, y - 0.13 * u),
            (x + side * 0.006 * u, y - 0.15 * u),
        ]
        pen.polygon(ear, colour)
    pen.ellipse((x - 0.042 * u, y - 0.16 * u, x + 0.042 * u, y - 0.085 * u), colour)
    for side in (-1, 1):
        eye = (x + side * 0.018 * u, y - 0.128 * u)
        pen.ellipse((eye[0] - 0.008 * u, eye[1] - 0.009 * u, eye[0] + 0.008 * u, eye[1] + 0.009 * u), (240, 226, 120))


def _ball(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    r = 0.056 * u
    pen.ellipse((x - r, y - 2 * r, x + r, y), colour)
    pen.chord((x - r, y - 2 * r, x + r, y), 20, 160, _dark(colour, 0.82))
    pen.ellipse((x - 0.5 * r, y - 1.75 * r, x - 0.05 * r, y - 1.35 * r), _light(colour, 0.6))


def _flower(pen: Pen, glow: Pen, x: float, y: float, u: float, colour: RGB, scene: Scene) -> None:
    pen.line((x, y, x, y - 0.11 * u), (56, 122, 56), max(3, round(u * 0.014)))
    pen.ellipse((x, y - 0.06 * u, x + 0.05 * u, y - 0.03 * u), (72, 142, 66))
    for dx, dy in ((-0.03, 0), (0.03, 0), (0, -0.03), (0, 0.03)):
        cx, cy, r = x + dx * u, y - 0.14 * u + dy * u, 0.03 * u
        pen.ellipse((cx - r, cy - r, cx + r, cy + r), colour)
    pen.ellipse((x - 0.02 * u, y - 0.16 * u, x + 0.02 * u, y - 0.12 * u), (250, 206, 80))


_PAINTERS: dict[str, Callable[[Pen, Pen, float, float, float, RGB, Scene], None]] = {
    "house": _house,
    "tree": _tree,
    "lamp": _lamp,
    "sign": _sign,
    "fence": _fence,
    "car": _car,
    "boat": _boat,
    "person": _person,
    "dog": _dog,
    "cat": _cat,
    "ball": _ball,
    "flower": _flower,
}
