"""Prints a new .env for compose.yaml with secrets of its own: `python3 docker/new_env.py > .env` (mode it 0600)."""

from __future__ import annotations

import base64
import os
import secrets

LINES = {
    "SECRET_KEY": secrets.token_urlsafe(64),
    "MASTER_KEYS": base64.b64encode(os.urandom(32)).decode(),
    "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
    "STAMGAST_OWNER_PASSWORD": secrets.token_urlsafe(24),
    "STAMGAST_APP_PASSWORD": secrets.token_urlsafe(24),
    "REDIS_PASSWORD": secrets.token_urlsafe(24),
    "PLATFORM_HOST": "stamgast.example",
    "BRAND_HOST_SUFFIX": ".stamgast.example",
    "EMAIL_URL": "smtp://mail.example:25",
    "DEFAULT_FROM_EMAIL": "Stamgast <no-reply@stamgast.example>",
    "TRUSTED_PROXY_COUNT": "1",
}

if __name__ == "__main__":
    for name, value in LINES.items():
        print(f"{name}={value}")
