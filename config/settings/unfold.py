"""How the admin looks: the brand's own colours, its name, a menu in the order of the work. See config/backoffice.py."""

from __future__ import annotations

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "config.backoffice.site_name",
    "SITE_HEADER": "config.backoffice.site_name",
    "SITE_SUBHEADER": "config.backoffice.site_subheader",
    "SITE_URL": "/",
    "SITE_SYMBOL": "loyalty",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.backoffice.favicon"}],
    "SHOW_HISTORY": "config.backoffice.show_history",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "/language/"},
    "COLORS": "config.backoffice.colours",
    "BORDER_RADIUS": "8px",
    "STYLES": ["config.backoffice.style_sheet"],
    "SCRIPTS": ["config.backoffice.script"],
    "ACCOUNT": {"navigation": "config.backoffice.account_links"},
    "DASHBOARD_CALLBACK": "analytics.dashboard.dashboard_context",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "config.navigation.sidebar",
    },
}

# The platform's console: the same look in the product's own colours, without the brands' menu.
UNFOLD_OPERATOR: dict[str, Any] = {
    "SITE_TITLE": "Stamgast platform",
    "SITE_HEADER": "Stamgast platform",
    "SITE_URL": "/",
    "SITE_SYMBOL": "domain",
    "SITE_FAVICONS": UNFOLD["SITE_FAVICONS"],
    "SHOW_HISTORY": "config.backoffice.show_history",
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "/language/"},
    "BORDER_RADIUS": "8px",
    "ACCOUNT": {"navigation": "config.backoffice.account_links"},
    "SIDEBAR": {"show_search": False, "show_all_applications": False},
}
