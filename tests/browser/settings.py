"""The tests' settings, for the web server that the browser talks to: mail goes to files that the tests read."""

from __future__ import annotations

import os

from config.settings.test import *  # noqa: F403  (settings stand on settings)

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = os.environ.get("BROWSER_MAIL_DIR", "/nonexistent")
# Stripe is a local one, whose address the tests say.
EGRESS_STAND_INS = frozenset({STRIPE_API_BASE.removeprefix("http://")} - {""})  # noqa: F405  (of the tests' settings)
