"""Host → brand and schema → brand, kept in this process for as long as nothing has changed.

Looking the host up on every request costs more than answering it. Every CHECK_SECONDS one request asks for the
registry's stamp, which says of all brands, hosts and schemas at once whether they are what they were; if not, every
entry is dropped. A change made in this process drops all entries at its commit, one made elsewhere, a dropped schema
too, is seen at the next asking.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django_tenants.postgresql_backend.base import FakeTenant
from django_tenants.utils import tenant_context

from tenants.models import Brand

CHECK_SECONDS = 3.0
# A stranger can invent host names; their answers must not fill the memory.
MAX_ENTRIES = 5000


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a host or schema. brand None: there is no such brand."""

    brand: Brand | None
    schema_exists: bool


# The same sums for the same rows, in whatever order.
_STAMP = """
    SELECT (SELECT coalesce(sum(hashtextextended(b::text, 0)), 0) FROM tenants_brand b),
           (SELECT coalesce(sum(hashtextextended(d::text, 0)), 0) FROM tenants_domain d),
           (SELECT coalesce(sum(hashtextextended(n.oid::text, 0)), 0) FROM pg_namespace n
             WHERE n.nspname !~ '^pg_')
"""
_entries: dict[str, Entry] = {}
_lock = threading.Lock()
_asking = threading.Lock()
_generation = 0
_stamp: tuple[Any, ...] | None = None
_sure_until = 0.0


def forget_all() -> None:
    """Drop every entry, and whatever a lookup that is under way right now may bring back."""
    global _generation, _stamp, _sure_until
    with _lock:
        _generation += 1
        _entries.clear()
        _stamp, _sure_until = None, 0.0


def entry_for_host(host: str) -> Entry:
    """Look a host name (lower case, no port) up."""
    return _entry(f"host:{host}", {"domains__domain": host})


def brand_by_schema(schema: str) -> Brand | None:
    return _entry(f"schema:{schema}", {"schema_name": schema}).brand


def _entry(key: str, condition: dict[str, str]) -> Entry:
    if time.monotonic() >= _sure_until:
        _check()
    known = _entries.get(key)
    if known is not None:
        return known
    generation = _generation
    brand = _find(condition)
    found = Entry(brand=brand, schema_exists=bool(brand and brand.schema_exists))
    with _lock:
        if generation == _generation:
            if len(_entries) >= MAX_ENTRIES:
                _entries.clear()
            _entries[key] = found
    return found


def _check() -> None:
    """Ask for the stamp. While one thread does, the others go on by what is known."""
    global _stamp, _sure_until
    if not _asking.acquire(blocking=False):
        return
    try:
        asked, generation = time.monotonic(), _generation
        stamp = _stamp_read()
        if stamp != _stamp:
            # Also the first time: what others look up at this moment may be older than what was just read.
            forget_all()
            generation = _generation
        with _lock:
            if generation == _generation:
                _stamp, _sure_until = stamp, asked + CHECK_SECONDS
    finally:
        _asking.release()


def _stamp_read() -> tuple[Any, ...]:
    with tenant_context(FakeTenant("public")), connection.cursor() as cursor:
        cursor.execute(_STAMP)
        return tuple(cursor.fetchone())


def _find(condition: dict[str, str]) -> Brand | None:
    exists = RawSQL("to_regnamespace(quote_ident(schema_name)) IS NOT NULL", [], output_field=BooleanField())
    with tenant_context(FakeTenant("public")):
        found: Brand | None = Brand.objects.filter(**condition).annotate(schema_exists=exists).first()
        return found


def is_platform_host(host: str) -> bool:
    return host == settings.PLATFORM_HOST or host in settings.PLATFORM_EXTRA_HOSTS
