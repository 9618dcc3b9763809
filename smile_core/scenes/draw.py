"""Draw a scene: a small illustration, the same bytes for the same scene.

Everything is painted twice as large and halved once, which smooths every edge. Objects stand in
`things.py`; this file paints what surrounds them (sky, hills, ground, light, weather).
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from smile_core.scenes.scene import FRONT_ROW, Scene
from smile_core.scenes.things import RGB, base_line, draw_thing

OVERSAMPLING = 2
HORIZON = 0.56

_SKY: dict[str, tuple[RGB, RGB]] = {
    "day": ((104, 174, 232), (206, 232, 248)),
    "sunset": ((98, 74, 140), (252, 166, 92)),
    "night": ((14, 20, 54), (50, 62, 112)),
}
_WEATHER_SKY: dict[str, tuple[RGB, RGB]] = {
    "snow": ((168, 182, 198), (226, 232, 240)),
    "rain": ((120, 138, 156), (184, 196, 206)),
    "storm": ((44, 50, 66), (108, 116, 132)),
    "fog": ((190, 196, 202), (216, 220, 224)),
}
_GRASS = {"summer": (118, 182, 84), "autumn": (190, 158, 78), "winter": (232, 238, 246)}
_HILLS = {
    "summer": ((140, 190, 116), (104, 164, 92)),
    "autumn": ((206, 164, 92), (184, 128, 70)),
    "winter": ((214, 224, 236), (196, 208, 224)),
}
_LIGHT = {"day": (255, 255, 255), "sunset": (255, 206, 170), "night": (92, 102, 158)}
_WEATHER_LIGHT = {
    "clear": (255, 255, 255),
    "snow": (236, 240, 248),
    "rain": (202, 210, 222),
    "storm": (172, 178, 194),
    "fog": (242, 242, 244),
}


def draw(scene: Scene, *, size: tuple[int, int] = (128, 128)) -> np.ndarray:
    """The picture of a scene.

    Args:
        scene: what to draw.
        size: width and height in pixels.

    Returns:
        uint8 array (height, width, 3).
    """
    width, height = size[0] * OVERSAMPLING, size[1] * OVERSAMPLING
    random = np.random.default_rng(scene.backdrop)
    canvas = _sky(scene, width, height)
    pen = ImageDraw.Draw(canvas, "RGBA")
    _sun_or_moon(pen, scene, width, height, random)
    _clouds(pen, scene, width, height, random)
    _hills(pen, scene, width, height, random)
    _ground(pen, scene, width, height, random)
    lights = Image.new("RGB", canvas.size)
    glow = ImageDraw.Draw(lights)
    for thing in sorted(scene.things, key=lambda t: (t.kind in FRONT_ROW, base_line(t.kind), t.x)):
        draw_thing(pen, glow, thing, scene, width, height)
    canvas = ImageChops.multiply(canvas, Image.new("RGB", canvas.size, _LIGHT[scene.time]))
    canvas = ImageChops.multiply(canvas, Image.new("RGB", canvas.size, _WEATHER_LIGHT[scene.weather]))
    if scene.time == "night":
        canvas = ImageChops.lighter(canvas, lights)
    canvas = _weather(canvas, scene, width, height)
    return np.asarray(canvas.reduce(OVERSAMPLING))


def _sky(scene: Scene, width: int, height: int) -> Image.Image:
    top, bottom = _SKY[scene.time]
    if scene.weather != "clear":
        grey_top, grey_bottom = _WEATHER_SKY[scene.weather]
        share = 1.0 if scene.time == "day" else 0.55
        top, bottom = _mix(top, grey_top, share), _mix(bottom, grey_bottom, share)
    # The light of the scene multiplies the sky too; lift it first so that it keeps its own colour.
    light = np.maximum(np.array(_LIGHT[scene.time]) / 255, 0.4)
    ramp = np.linspace(0, 1, int(height * HORIZON) + 1)[:, None] ** 0.8
    rows = np.clip((np.array(top) * (1 - ramp) + np.array(bottom) * ramp) / light, 0, 255)
    sky = np.zeros((height, width, 3), np.uint8)
    sky[: len(rows)] = rows[:, None, :].astype(np.uint8)
    return Image.fromarray(sky)


def _mix(a: RGB, b: RGB, share: float) -> RGB:
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def _sun_or_moon(pen: ImageDraw.ImageDraw, scene: Scene, width: int, height: int, random: np.random.Generator) -> None:
    x, y, r = width * random.uniform(0.12, 0.88), height * random.uniform(0.1, 0.2), height * 0.055
    if scene.weather != "clear":
        return
    if scene.time == "night":
        stars = np.random.default_rng(7)
        for _ in range(26):
            sx, sy = stars.uniform(0, width), stars.uniform(0, height * 0.42)
            pen.ellipse((sx - 1, sy - 1, sx + 1.4, sy + 1.4), (255, 255, 255))
        pen.ellipse((x - r, y - r, x + r, y + r), (255, 255, 255))
        return
    if scene.time == "sunset":
        y, r = height * (HORIZON - 0.1), r * 1.5
    pen.ellipse((x - r * 1.5, y - r * 1.5, x + r * 1.5, y + r * 1.5), (255, 240, 170, 90))
    pen.ellipse((x - r, y - r, x + r, y + r), (255, 224, 110))


def _clouds(pen: ImageDraw.ImageDraw, scene: Scene, width: int, height: int, random: np.random.Generator) -> None:
    fair = [(random.uniform(0, 1), random.uniform(0.1, 0.32), random.uniform(0.8, 1.2)) for _ in range(2)]
    if scene.weather == "storm":
        places = [(x, 0.07 + 0.05 * (i % 2), 1.7) for i, x in enumerate(np.linspace(0.02, 0.98, 6))]
        tone: tuple[int, ...] = (62, 66, 82)
    elif scene.weather in ("rain", "snow"):
        places = [(x, 0.06 + 0.04 * (i % 2), 1.5) for i, x in enumerate(np.linspace(0.0, 1.0, 5))]
        tone = (150, 160, 174) if scene.weather == "rain" else (206, 212, 222)
    elif scene.weather == "fog":
        return
    else:
        places, tone = fair, (255, 255, 255, 230) if scene.time == "day" else (255, 255, 255, 120)
    for x, y, scale in places:
        cx, cy, r = x * width, y * height, 0.045 * height * scale
        for dx, dy, k in ((-1.3, 0.25, 0.8), (0, -0.15, 1.15), (1.3, 0.2, 0.85), (0.1, 0.4, 1.0)):
            pen.ellipse((cx + dx * r - k * r, cy + dy * r - k * r, cx + dx * r + k * r, cy + dy * r + k * r), tone)


def _hills(pen: ImageDraw.ImageDraw, scene: Scene, width: int, height: int, random: np.random.Generator) -> None:
    for layer, tone in enumerate(_HILLS[scene.season]):
        phase, waves = random.uniform(0, 2 * math.pi), random.uniform(0.6, 1.2)
        base, swing = HORIZON - 0.05 + 0.035 * layer, 0.05 - 0.02 * layer
        ridge = [
            (x, height * (base - swing * math.sin(phase + 2 * math.pi * waves * x / width)))
            for x in range(0, width + 8, 8)
        ]
        pen.polygon([*ridge, (width, height), (0, height)], tone)


def _ground(pen: ImageDraw.ImageDraw, scene: Scene, width: int, height: int, random: np.random.Generator) -> None:
    grass = _GRASS[scene.season]
    pen.rectangle((0, height * 0.62, width, height), grass)
    dark = _mix(grass, (40, 60, 40), 0.14)
    if scene.ground == "road":
        pen.rectangle((0, height * 0.745, width, height * 0.775), (196, 192, 184))
        road: RGB = (104, 108, 116) if scene.season != "winter" else (150, 156, 166)
        pen.rectangle((0, height * 0.775, width, height * 0.95), road)
        for dash in range(-int(width * 0.02), width, width // 7):
            pen.rectangle((dash, height * 0.857, dash + width * 0.07, height * 0.87), (236, 232, 214))
        return
    if scene.ground in ("sand", "water"):
        _strip(pen, scene, width, height, random)
        return
    for _ in range(14):
        x, y = random.uniform(0, width), random.uniform(height * 0.66, height * 0.97)
        pen.line((x, y, x + width * 0.02, y), dark, 3)


def _strip(pen: ImageDraw.ImageDraw, scene: Scene, width: int, height: int, random: np.random.Generator) -> None:
    """A beach or a river where the road would lie."""
    shore = {"sand": (206, 178, 122), "water": (176, 160, 120)}[scene.ground]
    tone: RGB = (238, 214, 158) if scene.ground == "sand" else (64, 140, 200)
    if scene.season == "winter":
        shore, tone = _mix(shore, (240, 244, 250), 0.5), _mix(tone, (226, 236, 246), 0.45)
    pen.rectangle((0, height * 0.745, width, height * 0.95), shore)
    pen.rectangle((0, height * 0.765, width, height * 0.935), tone)
    light, dark = _mix(tone, (255, 255, 255), 0.45), _mix(tone, (90, 70, 40), 0.25)
    for _ in range(16):
        x, y = random.uniform(0, width), random.uniform(height * 0.785, height * 0.915)
        if scene.ground == "water":
            pen.arc((x, y, x + height * 0.07, y + height * 0.025), 190, 350, light, 3)
        else:
            pen.ellipse((x, y, x + height * 0.012, y + height * 0.008), dark)


def _weather(canvas: Image.Image, scene: Scene, width: int, height: int) -> Image.Image:
    if scene.weather == "fog":
        veil = Image.new("L", (1, height))
        veil.putdata([round(175 - 70 * max(0.0, y / height - 0.45) / 0.55) for y in range(height)])
        tone = _mix((222, 226, 230), (60, 66, 92), 0.65 if scene.time == "night" else 0.0)
        return Image.composite(Image.new("RGB", canvas.size, tone), canvas, veil.resize(canvas.size))
    if scene.weather == "clear":
        return canvas
    pen = ImageDraw.Draw(canvas, "RGBA")
    drops = np.random.default_rng(3)
    for i in range(70 if scene.weather != "rain" else 46):
        x, y = drops.uniform(0, width), drops.uniform(0, height)
        if scene.weather == "snow":
            r = 1.6 + 1.6 * (i % 3)
            pen.ellipse((x - r, y - r, x + r, y + r), (255, 255, 255, 235))
        else:
            length = height * (0.05 if scene.weather == "rain" else 0.07)
            pen.line((x, y, x - length * 0.35, y + length), (210, 224, 240, 170), 2)
    if scene.weather == "storm":
        bolt = [(0.7, 0.13), (0.64, 0.27), (0.685, 0.27), (0.63, 0.42), (0.74, 0.235), (0.69, 0.235), (0.74, 0.13)]
        pen.polygon([(x * width, y * height) for x, y in bolt], (255, 240, 150))
    if scene.weather == "snow":
        white = Image.new("RGB", canvas.size, (244, 247, 252) if scene.time != "night" else (150, 160, 196))
        cover = Image.new("L", canvas.size)
        ground = ImageDraw.Draw(cover)
        ground.rectangle((0, height * 0.62, width, height * 0.745), 190)
        ground.rectangle((0, height * 0.95, width, height), 190)
        if scene.ground in ("field", "sand"):
            ground.rectangle((0, height * 0.745, width, height * 0.95), 190)
        cover = cover.filter(ImageFilter.GaussianBlur(3))
        # Things keep their colours: snow only lies on what was grass.
        grass = np.prod([_GRASS[scene.season], _LIGHT[scene.time], _WEATHER_LIGHT[scene.weather]], 0) // 255**2
        bare = np.abs(np.asarray(canvas, np.int16) - grass).sum(2) < 60
        cover = ImageChops.multiply(cover, Image.fromarray((bare * 255).astype(np.uint8)))
        return Image.composite(white, canvas, cover)
    return canvas
