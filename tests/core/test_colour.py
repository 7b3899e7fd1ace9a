"""Whatever two colours a brand picks, its pages can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import colour
from core.colour import contrast, ink_on, mix, palette, rgb

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_the_published_formula() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def test_half_of_black_and_white_is_grey() -> None:
    assert mix("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#1234567", "#123456\n"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        rgb(text)


def test_a_brand_with_a_broken_colour_gets_the_products_own() -> None:
    assert palette("url(evil)", "}").light.fill == colour.FALLBACK


@given(COLOURS)
def test_ink_reads_on_any_colour(fill: str) -> None:
    assert contrast(ink_on(fill), fill) >= 4.5


@given(COLOURS, COLOURS)
def test_any_brand_reads_in_light_and_in_dark(primary: str, accent: str) -> None:
    both = palette(primary, accent)
    for scheme, page, surface in (
        (both.light, colour.LIGHT_PAGE, colour.LIGHT_SURFACE),
        (both.dark, colour.DARK_PAGE, colour.DARK_SURFACE),
    ):
        assert contrast(scheme.ink, scheme.fill) >= 4.5
        assert contrast(scheme.ink, scheme.deep) >= contrast(scheme.ink, scheme.fill)
        for ground in (page, surface, scheme.soft):
            assert contrast(scheme.text, ground) >= 4.5
        assert contrast(scheme.accent, surface) >= 4.5
    assert both.light.fill == primary, "in light, the brand's colour is used as it is"


def test_the_style_sheet_has_the_surfaces_that_contrast_is_computed_against() -> None:
    sheet = (Path(__file__).parents[2] / "assets" / "app.css").read_text()
    pages = re.findall(r"^\s+--page: (#[0-9a-f]{6});", sheet, re.M)
    surfaces = re.findall(r"^\s+--surface: (#[0-9a-f]{6});", sheet, re.M)
    assert pages[:2] == [colour.LIGHT_PAGE, colour.DARK_PAGE]
    assert surfaces[:2] == [colour.LIGHT_SURFACE, colour.DARK_SURFACE]


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_style_sheets_own_texts_read_on_their_grounds(scheme: int) -> None:
    sheet = (Path(__file__).parents[2] / "assets" / "app.css").read_text()
    value = {name: found[scheme] for name in NAMES if (found := re.findall(rf"--{name}: (#[0-9a-f]{{6}});", sheet))}
    for text, grounds in GROUNDS.items():
        for ground in grounds:
            assert contrast(value[text], value[ground]) >= 4.5, f"{text} on {ground}"
    assert contrast(value["edge"], value["surface"]) >= 3, "the edge of a field must be seen"


GROUNDS = {
    "ink": ("page", "surface", "sunken", "good-soft", "bad-soft", "warn-soft"),
    "muted": ("page", "surface", "sunken"),
    "good": ("page", "surface", "good-soft"),
    "bad": ("page", "surface", "bad-soft"),
    "warn": ("surface", "warn-soft"),
}
NAMES = {"edge", *GROUNDS, *(ground for grounds in GROUNDS.values() for ground in grounds)}
