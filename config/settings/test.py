"""Tests: everything real but the hasher and the mail. tests/conftest.py sets the databases before Django reads this."""

from __future__ import annotations

from config.settings.local import *  # noqa: F403  (settings stand on settings)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
TEST_HOSTS = True
# A test that asks Stripe names the stand-in that it asks; this address is one that nothing is ever sent to.
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "https://stripe.localhost")
LOGGING = {"version": 1, "disable_existing_loggers": False}
# Nothing is collected for tests: files are looked up when they are asked for.
WHITENOISE_AUTOREFRESH = True
