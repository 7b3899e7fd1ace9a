"""Small pieces of HTML for lists and read-only pages. Everything that comes from data is escaped here."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core.backoffice.words import DASH


def points(number: int | None, *, signed: bool = False) -> str:
    """1234 as 1,234 in the reader's way; with signed, +1,234 or −1,234."""
    if number is None:
        return DASH
    text = number_format(abs(number), force_grouping=True)
    if number < 0:
        return f"−{text}"
    return f"+{text}" if signed and number > 0 else text


def scaled(number: int | None, scale: int) -> str:
    """Minor units of a currency with `scale` digits after the sign: 1250 at scale 2 is 12.50."""
    if number is None or not scale:
        return points(number)
    text = number_format(Decimal(abs(number)).scaleb(-scale), decimal_pos=scale, force_grouping=True)
    return f"−{text}" if number < 0 else text


def signed_points(number: int | None) -> SafeString:
    """Points with their sign, in green or red; the sign carries the meaning, not the colour."""
    if number is None:
        return mark_safe(DASH)  # noqa: S308  (a constant)
    tone = "sg-plus" if number > 0 else "sg-minus" if number < 0 else "sg-nil"
    return format_html('<span class="sg-number {}">{}</span>', tone, points(number, signed=True))


def object_url(target: Model, *, site: str = "admin") -> str:
    """The address of the object's page in the admin, "" when it has none."""
    meta = target._meta
    try:
        return reverse(f"{site}:{meta.app_label}_{meta.model_name}_change", args=[target.pk])
    except NoReverseMatch:
        return ""


def object_link(target: Model | None, text: str = "") -> SafeString:
    """A link to the object's page, or its name alone."""
    if target is None:
        return mark_safe(DASH)  # noqa: S308  (a constant)
    url = object_url(target)
    name = text or str(target)
    return format_html('<a class="sg-link" href="{}">{}</a>', url, name) if url else format_html("{}", name)


def pretty_json(value: Any) -> SafeString:
    """JSON to be read: indented, in a box that scrolls."""
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)
    return format_html('<pre class="sg-code" tabindex="0">{}</pre>', text)
