"""What every template knows of the brand it is rendered for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, Any]:
    """brand (None on the platform's host), is_platform, is_operator, language choices, sandbox."""
    current = getattr(request, "brand", None)
    return {
        "brand": current,
        "is_platform": current is None,
        "is_operator": bool(current and current.is_operator),
        "language_choices": settings.LANGUAGES,
        "sandbox": settings.SANDBOX,
    }
