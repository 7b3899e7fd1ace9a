"""allauth counts guesses in the default cache, which each process has for itself. Here it is made to count together."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import caches
from django.utils.connection import ConnectionProxy

ALIAS = "guesses"


def count_in_database() -> None:
    """Point allauth's limits, and its list of one-time codes already used, at the brand's own table (core.guesses)."""
    shared = ConnectionProxy(caches, ALIAS)
    ratelimit.cache = shared
    totp.cache = shared
