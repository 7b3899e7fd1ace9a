"""A real deployment: https, secure cookies, secrets from the environment, two database roles."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *  # noqa: F403  (settings stand on settings)
from config.settings.base import DATABASES, DB_POOL_SIZE, DB_ROLE, MASTER_KEYS, SECRET_KEY, STRIPE_API_BASE, env

if len(SECRET_KEY) < 50 or not MASTER_KEYS:
    raise ImproperlyConfigured("set SECRET_KEY (50 characters or more) and MASTER_KEYS (base64 of 32 bytes each)")
if STRIPE_API_BASE:
    raise ImproperlyConfigured("STRIPE_API_BASE names a stand-in of Stripe: production speaks to Stripe itself")
if DB_ROLE == "app":
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DB_POOL_SIZE, "timeout": 5}

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Compressing takes a minute of processor time, and nobody downloads the maps: a quick build leaves it out.
STATIC_COMPRESS = env.bool("STATIC_COMPRESS", True)
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "woff", "woff2", "png", "jpg", "gif", "webp", "gz", "br", "zip")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_COMPRESS
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}
