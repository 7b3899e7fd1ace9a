"""Short-lived signed tokens that say what a member is entitled to: JWT (RFC 7519), signed with Ed25519 (RFC 8037).

Whoever gets one checks it by the brand's published keys, without asking us. A key is published before it signs and for
a while after it stopped, so that whoever keeps the list for as long as it may be kept never meets an unknown one.
Signatures stay on wall time, also where a brand's clock is moved.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import Q

from core.actor import Actor
from core.audit import audit_record
from core.ids import uuid7
from core.secrets import seal, unseal
from rewards.benefits.entitlements import Entitlements, token_life
from rewards.benefits.models import TokenKey

LONGEST = timedelta(minutes=5)
# How long a verifier may keep the list of keys, and so how long before it signs a key is published.
KEPT = timedelta(minutes=10)
PURPOSE = "token_key"


class Token(msgspec.Struct, frozen=True):
    token: str
    expires_at: datetime
    kid: str


def token_issue(entitlements: Entitlements, *, audience: str, issuer: str) -> Token:
    """A token for one audience. It lives five minutes, or less where what it says ends sooner."""
    now = datetime.now(UTC).replace(microsecond=0)
    key = key_signing()
    ends = now + max(timedelta(seconds=1), token_life(entitlements, LONGEST))
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": str(entitlements.member),
        "aud": audience,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int(ends.timestamp()),
        "jti": str(uuid7()),
        "program": entitlements.program,
        "benefits": [each.benefit.code for each in entitlements.benefits],
        "early_access": [
            {"benefit": each.benefit, "until": int(each.until.timestamp()) if each.until else None}
            for each in entitlements.early_access
        ],
        "features": [each.flag for each in entitlements.features],
    }
    return Token(_signed(key, claims), datetime.fromtimestamp(claims["exp"], UTC), key.kid)


def _signed(key: TokenKey, claims: dict[str, Any]) -> str:
    """JWS compact serialization (RFC 7515)."""
    header = {"alg": "EdDSA", "typ": "JWT", "kid": key.kid}
    text = ".".join(_base64(msgspec.json.encode(each)) for each in (header, claims))
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(unseal(key.sealed, purpose=PURPOSE)))
    return f"{text}.{_base64(private.sign(text.encode()))}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def key_signing() -> TokenKey:
    """The key that signs now; a brand's first is made when the first token is."""
    now = datetime.now(UTC)
    found = _signing(now)
    if found is not None:
        return found
    with transaction.atomic():
        _alone()
        # Nobody can have kept a list of keys that were never there, so the first one signs at once.
        return _signing(now) or _made(now, signs_from=now)


def _signing(now: datetime) -> TokenKey | None:
    standing = TokenKey.objects.filter(signs_from__lte=now).filter(Q(gone_at=None) | Q(gone_at__gt=now))
    return standing.order_by("-signs_from", "-pk").first()


def token_key_rotate(*, actor: Actor) -> TokenKey:
    """A new key, which signs once every verifier can know it; the others are published until none of theirs lives."""
    now = datetime.now(UTC)
    with transaction.atomic():
        _alone()
        begins = now + KEPT if _signing(now) is not None else now
        # Of those that wait to sign, none ever will.
        TokenKey.objects.filter(signs_from__gt=now).delete()
        TokenKey.objects.filter(gone_at=None).update(gone_at=begins + LONGEST + KEPT)
        made = _made(now, signs_from=begins)
        audit_record(
            actor=actor.name,
            action="token_key.rotate",
            object_type="tokenkey",
            object_id=made.pk,
            changes={"kid": made.kid, "signs_from": str(begins)},
        )
    return made


def token_key_withdraw(*, key: TokenKey, actor: Actor) -> None:
    """A key that has leaked is off the list at once: tokens that it signed aren't taken any more once the list is read
    anew. If it was the one that signs, the next token makes another."""
    now = datetime.now(UTC)
    with transaction.atomic():
        TokenKey.objects.filter(pk=key.pk).update(gone_at=now)
        audit_record(
            actor=actor.name, action="token_key.withdraw", object_type="tokenkey", object_id=key.pk,
            changes={"kid": key.kid},
        )  # fmt: skip


def _made(now: datetime, *, signs_from: datetime) -> TokenKey:
    private = Ed25519PrivateKey.generate()
    return TokenKey.objects.create(
        kid=uuid7().hex[-16:],
        public=_base64(private.public_key().public_bytes_raw()),
        sealed=seal(base64.b64encode(private.private_bytes_raw()).decode(), purpose=PURPOSE),
        made_at=now,
        signs_from=signs_from,
    )


def _alone() -> None:
    """Two who make the first key, or rotate, at once do so one after the other."""
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("LOCK TABLE rewards_tokenkey IN SHARE ROW EXCLUSIVE MODE")


def keys_published() -> dict[str, Any]:
    """The JSON Web Key Set (RFC 7517) by which tokens are checked."""
    now = datetime.now(UTC)
    standing = TokenKey.objects.filter(Q(gone_at=None) | Q(gone_at__gt=now)).order_by("-signs_from", "-pk")
    return {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": each.kid, "x": each.public}
            for each in standing
        ]
    }
