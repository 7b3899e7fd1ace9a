"""How the admin looks: the brand's own colours, its name, a menu in the order of the work."""

from __future__ import annotations

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Stamgast",
    "SITE_HEADER": "Stamgast",
    "SITE_SYMBOL": "loyalty",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
