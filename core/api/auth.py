"""Who asks. A key in the Authorization header is looked up by whoever keeps keys; this room knows only the form.

`Authorization: Bearer sg_<prefix>_<secret>`. Unknown, expired, revoked and malformed keys get one and the same answer,
after the same work, so that nothing can be learnt from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from msgspec import Struct
from rest_framework.authentication import BaseAuthentication

from core.actor import Actor
from core.problems import Unauthenticated

KEY = re.compile(r"sg_([a-z0-9]{6,12})_([A-Za-z0-9]{20,100})\Z")
CHALLENGE = 'Bearer realm="Stamgast API"'


class Principal(Struct, frozen=True):
    """A machine that was let in. name: the key's prefix; rate_per_minute None: the default of the settings."""

    name: str
    scopes: frozenset[str]
    rate_per_minute: int | None
    actor: Actor

    @property
    def is_authenticated(self) -> bool:
        return True


class Known(Struct, frozen=True):
    """A principal that this process let in before. Whether the key still holds stands in the one row of `question`:
    it does as long as `holds` says so of that row (None: it is gone)."""

    principal: Principal
    question: str
    holds: Callable[[tuple[Any, ...] | None], bool]


# (prefix, SHA-256 of the whole key) → the principal, or None; must do the same work for any prefix.
Finder = Callable[[str, bytes], Principal | None]
Recall = Callable[[str, bytes], Known | None]
_finder: Finder | None = None
_recall: Recall | None = None


def provide_finder(finder: Finder, recall: Recall | None = None) -> None:
    """Called once in ready() by the room that keeps the keys. recall: whom it knows already, without a statement."""
    global _finder, _recall
    _finder, _recall = finder, recall


def key_digest(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


def principal_of(authorization: str) -> Principal:
    """The principal of an Authorization header's value. Unauthenticated."""
    key, form = _key_of(authorization)
    # A malformed key takes the way of an unknown one.
    prefix = form[1] if form else "-"
    principal = _finder(prefix, key_digest(key)) if _finder is not None else None
    if principal is None or form is None:
        raise Unauthenticated(invalid_token=True)
    return principal


def principal_known(authorization: str) -> Known | None:
    """Who that was when this process last asked. What it takes them for must be proven before anything is answered."""
    key, form = _key_of(authorization)
    return _recall(form[1], key_digest(key)) if form is not None and _recall is not None else None


def _key_of(authorization: str) -> tuple[str, re.Match[str] | None]:
    scheme, _space, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated()
    return key.strip(), KEY.match(key.strip())


class ApiKeyAuthentication(BaseAuthentication):
    """DRF's door to principal_of(): request.user and request.auth are the Principal."""

    def authenticate(self, request: Any) -> tuple[Principal, Principal] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        principal = principal_of(header)
        return principal, principal

    def authenticate_header(self, request: Any) -> str:
        return CHALLENGE


def header_of(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_AUTHORIZATION", ""))
