"""Keys: made, shown once, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.api.auth import key_digest
from core.audit import audit_record
from core.errors import InvalidInput
from partners.models import ApiKey
from partners.scopes import scopes_check

LOWER = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: prefixes are read aloud
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
PREFIX_LENGTH = 10
SECRET_LENGTH = 40  # 40 of 62 characters: 238 random bits
MAX_RATE = 1_000_000


def api_key_create(
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None,
    rate_per_minute: int | None,
    actor: Actor,
) -> tuple[ApiKey, str]:
    """Make a key. Returns the row and the key in the clear, which nobody can read again.

    rate_per_minute None: the default of the settings. InvalidInput for an empty name, no or unknown scopes, a date that
    has passed, a rate out of range.
    """
    name = name.strip()
    if not name or len(name) > 120:
        raise InvalidInput(_("Give the key a name of up to 120 characters."), field="name")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidInput(_("This date has passed."), field="expires_at")
    if rate_per_minute is not None and not 1 <= rate_per_minute <= MAX_RATE:
        raise InvalidInput(_("From 1 to %(n)d requests per minute.") % {"n": MAX_RATE}, field="rate_per_minute")
    granted = scopes_check(scopes)
    prefix, secret = _random(LOWER, PREFIX_LENGTH), _random(ALPHABET, SECRET_LENGTH)
    key = f"sg_{prefix}_{secret}"
    with transaction.atomic():
        row = ApiKey.objects.create(
            name=name,
            prefix=prefix,
            digest=key_digest(key),
            scopes=granted,
            rate_per_minute=rate_per_minute,
            expires_at=expires_at,
            created_at=clock.now(),
            created_by=actor.name[:120],
        )
        _audit("api_key.create", row, actor, {"name": name, "scopes": granted})
    return row, key


def api_key_revoke(*, api_key: ApiKey, actor: Actor) -> ApiKey:
    """Let a key in no more, from its next request on. Revoking twice changes nothing."""
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().get(pk=api_key.pk)
        if row.revoked_at is None:
            row.revoked_at = clock.now()
            row.save(update_fields=["revoked_at"])
            _audit("api_key.revoke", row, actor, {"name": row.name})
    return row


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _each in range(length))


def _audit(action: str, row: ApiKey, actor: Actor, changes: dict[str, object]) -> None:
    audit_record(actor=actor.name, action=action, object_type="api_key", object_id=row.prefix, changes=dict(changes))
