"""The demo and `make dev`: one machine, plain http, mail caught, clock movable. The launcher sets the database."""

from __future__ import annotations

import base64
import hashlib

from config.settings.base import *  # noqa: F403  (settings stand on settings)
from config.settings.base import ALLOWED_HOSTS, DATABASES, DB_POOL_SIZE, INSTALLED_APPS, STRIPE_API_BASE, VAR_DIR, env  # noqa: F401  (for what they register)

DEBUG = env.bool("DEBUG", False)
# Fixed on purpose: a demo that starts again keeps its sessions. production.py refuses to start without real ones.
SECRET_KEY = env.str("SECRET_KEY", "local-only-" + "x" * 50)
MASTER_KEYS = env.list("MASTER_KEYS", default=[base64.b64encode(hashlib.sha256(b"local").digest()).decode()])
PUBLIC_SCHEME = "http"
PUBLIC_PORT = env.str("PUBLIC_PORT", "8000")
PLATFORM_EXTRA_HOSTS = ["localhost", "127.0.0.1"]
CLOCK_MOVABLE = True
# The demo's web process keeps its connections, as production does; commands and tests have one each.
if env.bool("DB_POOL", False):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DB_POOL_SIZE, "timeout": 5}
INSTALLED_APPS = [*INSTALLED_APPS, "sandbox"]
EMAIL_BACKEND = "sandbox.mailbox.MailboxBackend"
MAILBOX_DIR = VAR_DIR / "mailbox"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
SANDBOX = True
# The launcher starts a supplier's stand-in on this machine and says where: http://127.0.0.1:PORT.
SUPPLIER_STAND_IN = env.str("SUPPLIER_STAND_IN", "")
# And one of Stripe, at STRIPE_API_BASE.
EGRESS_STAND_INS = frozenset({each.removeprefix("http://") for each in (SUPPLIER_STAND_IN, STRIPE_API_BASE)} - {""})
