"""Sealing of what must be read again (codes, webhook secrets, mails with log-in links); hashing of what need not be.

A sealed value is bound to the brand's schema and to a purpose: moved elsewhere it doesn't open. The master key comes
from the environment; the key in use is derived per brand (HKDF-SHA256), so one brand's key opens nothing of another's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

VERSION = "s1"


def master_keys() -> tuple[bytes, ...]:
    """The configured master keys, current first. Raises ImproperlyConfigured when one isn't 32 bytes of base64."""
    keys = tuple(base64.b64decode(key, validate=True) for key in settings.MASTER_KEYS)
    if not keys or any(len(key) != 32 for key in keys):
        raise ImproperlyConfigured("MASTER_KEYS: a comma-separated list of base64 values of exactly 32 bytes")
    return keys


@lru_cache(maxsize=4096)
def _derived(master: bytes, schema: str, use: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"stamgast/{use}/{schema}".encode()).derive(master)


def _key_id(master: bytes) -> str:
    return hashlib.sha256(b"id" + master).hexdigest()[:8]


def seal(plaintext: str, *, purpose: str) -> str:
    """Encrypt for the current brand and purpose: `s1.<key id>.<base64 of nonce and ciphertext>`."""
    schema, master, nonce = connection.schema_name, master_keys()[0], os.urandom(12)  # type: ignore[attr-defined]  # django-tenants'
    sealed = AESGCM(_derived(master, schema, "seal")).encrypt(nonce, plaintext.encode(), f"{schema}/{purpose}".encode())
    return f"{VERSION}.{_key_id(master)}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, purpose: str) -> str:
    """Decrypt what `seal` made under any configured key. ValueError if it was made elsewhere or altered."""
    version, key_id, body = sealed.split(".", 2)
    schema, raw = connection.schema_name, base64.urlsafe_b64decode(body)  # type: ignore[attr-defined]  # django-tenants'
    for master in master_keys():
        if version == VERSION and _key_id(master) == key_id:
            try:
                key = AESGCM(_derived(master, schema, "seal"))
                return key.decrypt(raw[:12], raw[12:], f"{schema}/{purpose}".encode()).decode()
            except InvalidTag as error:
                raise ValueError("sealed for another brand or purpose, or altered") from error
    raise ValueError("sealed under a master key that is not configured")


def current_prefix() -> str:
    """How every value starts that is sealed under the current master key."""
    return f"{VERSION}.{_key_id(master_keys()[0])}."


def reseal(sealed: str, *, purpose: str) -> str:
    """The same secret under the current master key; unchanged if it is already. For key rotation."""
    if sealed.startswith(current_prefix()):
        return sealed
    return seal(unseal(sealed, purpose=purpose), purpose=purpose)


def keyed_hash(value: str, *, purpose: str) -> bytes:
    """HMAC-SHA256 under the brand's current key: for looking a secret up without storing it. Stored ones are renewed by
    core/resealing.py when the key changes; until then a look-up asks for `keyed_hashes`.
    """
    return keyed_hashes(value, purpose=purpose)[0]


def keyed_hashes(value: str, *, purpose: str) -> list[bytes]:
    """The hash under each configured key, current first."""
    schema = connection.schema_name  # type: ignore[attr-defined]  # django-tenants'
    return [
        hmac.digest(_derived(master, schema, f"hash/{purpose}"), value.encode(), "sha256") for master in master_keys()
    ]
