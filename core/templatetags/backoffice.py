"""Filters for the admin's own templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from core.backoffice import display
from core.backoffice.words import in_language

register = template.Library()


@register.filter
def points(number: int | None) -> str:
    return display.points(number)


@register.filter
def scaled(number: int | None, scale: int) -> str:
    """Minor units with so many digits after the sign."""
    return display.scaled(number, scale)


@register.filter
def signed(number: int | None) -> SafeString:
    return display.signed_points(number)


@register.filter
def told(texts: Any) -> str:
    """The reader's text of {"en": …, "nl": …}."""
    return in_language(texts)


@register.filter
def pretty(value: Any) -> SafeString:
    return display.pretty_json(value)


@register.filter
def words(text: str) -> list[str]:
    """A list written as words with spaces, for loops in templates."""
    return text.split()
