"""How pages look: the brand's palette as a style sheet, icons, and the form's one-time key."""

from __future__ import annotations

import secrets
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.colour import Palette, palette
from core.icons import ICONS

register = template.Library()
PRODUCT_COLOURS = ("#0f766e", "#b45309")


@register.simple_tag
def brand_palette(brand: Any = None) -> Palette:
    """The palette of a brand (anything with color_primary and color_accent), or the product's own."""
    if not brand:
        return palette(*PRODUCT_COLOURS)
    return palette(brand.color_primary, brand.color_accent)


@register.simple_tag
def icon(name: str, classes: str = "size-5") -> SafeString:
    """An inline icon. It is decoration: what it means must stand beside it in words."""
    strokes = format_html_join("", '<path d="{}"/>', ((stroke,) for stroke in ICONS[name]))
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        classes,
        strokes,
    )


@register.simple_tag
def one_time_key() -> str:
    """A key for a form that must take effect once, however often it is sent."""
    return secrets.token_urlsafe(24)


@register.filter
def code_size(code: object) -> str:
    """A class for a code's length, so that most stand on one line of a phone."""
    length = len(str(code))
    return "code" if length <= 16 else "code code-long" if length <= 20 else "code code-longer"


@register.filter
def initial(name: object) -> str:
    """The first letter, for a brand without a logo."""
    return str(name).strip()[:1].upper()
