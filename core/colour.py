"""A brand's two colours turned into a palette that can be read: WCAG 2.2 contrast, computed, in light and in dark.

Pure. A colour is `#rrggbb`. The brand chooses freely; what is text, or marks a state, is moved towards black or white
until it has the contrast it needs on the surfaces that the pages really use (assets/app.css has the same values).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BLACK, WHITE = "#000000", "#ffffff"
LIGHT_PAGE, LIGHT_SURFACE = "#f5f5f2", "#ffffff"
DARK_PAGE, DARK_SURFACE = "#121416", "#1c1f22"
FALLBACK = "#0f766e"
TEXT = 4.5  # WCAG 1.4.3, text of ordinary size
SHAPE = 1.9  # a filled button must stand out from a dark page; its label carries the information

_HEX = re.compile(r"\A#[0-9a-fA-F]{6}\Z")
Rgb = tuple[int, int, int]


def rgb(colour: str) -> Rgb:
    """The three channels, 0 to 255; ValueError for anything but #rrggbb."""
    if not _HEX.match(colour):
        raise ValueError(f"not a colour: {colour!r}")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    parts = []
    for channel in rgb(colour):
        share = channel / 255
        parts.append(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """`share` (0 to 1) of `colour`, the rest of `other`."""
    channels = (round(a * share + b * (1 - share)) for a, b in zip(rgb(colour), rgb(other), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*channels)


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on the colour; never under 4.58."""
    return BLACK if contrast(BLACK, colour) >= contrast(WHITE, colour) else WHITE


def moved(colour: str, grounds: tuple[str, ...], ratio: float, towards: str) -> str:
    """The colour, moved towards black or white no further than it takes to have `ratio` on each ground."""
    for step in range(20, -1, -1):
        candidate = mix(colour, towards, step / 20)
        if all(contrast(candidate, ground) >= ratio for ground in grounds):
            return candidate
    return towards


@dataclass(frozen=True)
class Scheme:
    """What one colour scheme needs: a filled shape and its ink, a soft ground, and text in the brand's hue."""

    fill: str
    ink: str
    deep: str  # further from the ink than the fill: gradients on it keep the ink readable
    soft: str
    text: str  # readable on page, surface and soft
    accent: str


@dataclass(frozen=True)
class Palette:
    light: Scheme
    dark: Scheme


def _scheme(primary: str, accent: str, *, page: str, surface: str, towards: str, soft_share: float) -> Scheme:
    fill = primary if towards == BLACK else moved(primary, (page, surface), SHAPE, towards)
    ink = ink_on(fill)
    soft = mix(primary, surface, soft_share)
    grounds = (page, surface, soft)
    return Scheme(
        fill=fill,
        ink=ink,
        deep=mix(fill, BLACK if ink == WHITE else WHITE, 0.78),
        soft=soft,
        text=moved(primary, grounds, TEXT, towards),
        accent=moved(accent, (page, surface), TEXT, towards),
    )


def palette(primary: str, accent: str) -> Palette:
    """The brand's palette; a colour that can't be read as one falls back to the product's own."""
    primary = primary if _HEX.match(primary) else FALLBACK
    accent = accent if _HEX.match(accent) else primary
    return Palette(
        light=_scheme(primary, accent, page=LIGHT_PAGE, surface=LIGHT_SURFACE, towards=BLACK, soft_share=0.10),
        dark=_scheme(primary, accent, page=DARK_PAGE, surface=DARK_SURFACE, towards=WHITE, soft_share=0.24),
    )
