"""Text for Pillow: a face that is installed, and another one for the signs that it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from PIL import ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_REGULAR = ("LiberationSans-Regular.ttf", "Arial.ttf", "Helvetica.ttc", "NotoSans-Regular.ttf", "DejaVuSans.ttf")
_BOLD = ("LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf", "NotoSans-Bold.ttf", "DejaVuSans-Bold.ttf")
_OTHER_SCRIPTS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "PingFang.ttc",
    "msyh.ttc",
    "wqy-microhei.ttc",
    "NotoSans-Regular.ttf",
    "Arial Unicode.ttf",
)
_NO_SUCH_SIGN = "\U0010ffff"


@dataclass(frozen=True)
class Typeface:
    """One weight at one size in pixels; each sign is drawn in the first font that holds it."""

    fonts: tuple[Font, ...]
    size: int

    def width(self, text: str) -> float:
        """How wide the text is drawn, in pixels."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def draw(self, pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, *, fill: str) -> None:
        """Draw one line whose baseline starts at `place`."""
        x, y = place
        for font, run in self._runs(text):
            if isinstance(font, ImageFont.FreeTypeFont):
                pen.text((x, y), run, font=font, fill=fill, anchor="ls")
            else:
                pen.text((x, y - self.size), run, font=font, fill=fill)
            x += font.getlength(run)

    def _runs(self, text: str) -> list[tuple[Font, str]]:
        runs: list[tuple[Font, str]] = []
        for sign in text:
            font = next((font for font in self.fonts if _holds(font, sign)), self.fonts[0])
            if runs and runs[-1][0] is font:
                runs[-1] = (font, runs[-1][1] + sign)
            else:
                runs.append((font, sign))
        return runs


@cache
def typeface(size: int, *, bold: bool = False) -> Typeface:
    """The installed sans-serif at a size; Pillow's own face where none is installed."""
    main = _first(_BOLD if bold else _REGULAR, size)
    others = [font for font in (_installed(name, size) for name in _OTHER_SCRIPTS) if font is not None]
    return Typeface((main or ImageFont.load_default(size), *others), size)


def _first(names: tuple[str, ...], size: int) -> Font | None:
    return next((font for font in (_installed(name, size) for name in names) if font is not None), None)


def _installed(name: str, size: int) -> Font | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


@cache
def _holds(font: Font, sign: str) -> bool:
    """Whether the font draws this sign as anything but its mark for a missing one."""
    if sign.isspace():
        return True
    try:
        return bytes(font.getmask(sign)) != bytes(font.getmask(_NO_SUCH_SIGN))
    except (OSError, UnicodeError):
        return False
