"""The product's production settings, with what only a bench needs: a constant view to compare with."""

from __future__ import annotations

from config.settings.production import *  # noqa: F403  (settings stand on settings)
from config.settings.production import BASE_DIR, STORAGES

ROOT_URLCONF = "bench.urls"
# No page is rendered, so nothing needs to be collected first.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = False
STATIC_ROOT = BASE_DIR / "static"
