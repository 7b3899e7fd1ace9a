"""The admin's face per request: the brand's name and colours. Named in config/settings/unfold.py."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext as _

from core.colour import BLACK, WHITE, mix, moved, palette

# Neutral greys with a trace of warmth, the ones of the members' pages.
_BASE = {
    "50": "#fafaf9", "100": "#f4f4f2", "200": "#e6e5e2", "300": "#d2d1cd", "400": "#a09f9a", "500": "#6f6e6a",
    "600": "#55544f", "700": "#403f3b", "800": "#292927", "900": "#1b1b1a", "950": "#111110",
}  # fmt: skip
_DARK_PAGE = "#1b1b1a"


def site_name(request: HttpRequest) -> str:
    brand = getattr(request, "brand", None)
    return brand.name if brand is not None else "Stamgast"


def site_subheader(request: HttpRequest) -> str:
    return _("Loyalty program")


def favicon(request: HttpRequest) -> str:
    return static("icon.svg")


def show_history(request: HttpRequest) -> bool:
    """The button that leads to an object's audit trail."""
    return bool(request.user.has_perm("core.view_auditentry"))


def style_sheet(request: HttpRequest) -> str:
    return static("css/admin.css")


def script(request: HttpRequest) -> str:
    return static("js/admin.js")


def colours(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Unfold's scale made from the brand's main colour: 600 carries white text, 500 is read on a dark page."""
    brand = getattr(request, "brand", None)
    chosen = palette(brand.color_primary, brand.color_accent) if brand is not None else palette("", "")
    primary = chosen.light.fill
    strong = moved(primary, (WHITE, _BASE["50"], _BASE["100"]), 4.5, BLACK)
    bright = moved(primary, (_DARK_PAGE, "#292927"), 4.5, WHITE)
    scale = {"50": 0.06, "100": 0.12, "200": 0.24, "300": 0.45, "400": 0.7}
    return {
        "base": dict(_BASE),
        "primary": {
            **{weight: mix(bright, WHITE, share) for weight, share in scale.items()},
            "500": bright,
            "600": strong,
            "700": mix(strong, BLACK, 0.85),
            "800": mix(strong, BLACK, 0.7),
            "900": mix(strong, BLACK, 0.55),
            "950": mix(strong, BLACK, 0.4),
        },
        "font": {
            "subtle-light": _BASE["500"],
            "subtle-dark": _BASE["400"],
            "default-light": _BASE["600"],
            "default-dark": _BASE["300"],
            "important-light": _BASE["900"],
            "important-dark": _BASE["100"],
        },
    }


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"title": _("My e-mail"), "link": "/accounts/email/"},
        {"title": _("Change password"), "link": "/accounts/password/change/"},
        {"title": _("Second factor"), "link": "/accounts/2fa/"},
    ]
