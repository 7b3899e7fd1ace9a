"""Host → brand and schema → brand, kept in this process for a few seconds.

Looking the host up on every request costs more than answering it. An entry lives CACHE_SECONDS; a change made in this
process drops all entries at its commit, one made elsewhere is seen when the entry has aged. The same query asks whether
the schema exists, so a dropped schema is noticed as soon.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django_tenants.postgresql_backend.base import FakeTenant
from django_tenants.utils import tenant_context

from tenants.models import Brand

CACHE_SECONDS = 3.0
# A stranger can invent host names; their answers must not fill the memory.
MAX_ENTRIES = 5000


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a host or schema. brand None: there is no such brand."""

    brand: Brand | None
    schema_exists: bool
    until: float


_entries: dict[str, Entry] = {}
_lock = threading.Lock()
_generation = 0


def forget_all() -> None:
    """Drop every entry, and whatever a lookup that is under way right now may bring back."""
    global _generation
    with _lock:
        _generation += 1
        _entries.clear()


def entry_for_host(host: str) -> Entry:
    """Look a host name (lower case, no port) up."""
    return _entry(f"host:{host}", {"domains__domain": host})


def brand_by_schema(schema: str) -> Brand | None:
    return _entry(f"schema:{schema}", {"schema_name": schema}).brand


def _entry(key: str, condition: dict[str, str]) -> Entry:
    known = _entries.get(key)
    if known is not None and known.until > time.monotonic():
        return known
    generation = _generation
    brand = _find(condition)
    found = Entry(
        brand=brand,
        schema_exists=bool(brand and brand.schema_exists),
        until=time.monotonic() + CACHE_SECONDS,
    )
    with _lock:
        if generation == _generation:
            if len(_entries) >= MAX_ENTRIES:
                _entries.clear()
            _entries[key] = found
    return found


def _find(condition: dict[str, str]) -> Brand | None:
    exists = RawSQL("to_regnamespace(quote_ident(schema_name)) IS NOT NULL", [], output_field=BooleanField())
    with tenant_context(FakeTenant("public")):
        found: Brand | None = Brand.objects.filter(**condition).annotate(schema_exists=exists).first()
        return found


def is_platform_host(host: str) -> bool:
    return host == settings.PLATFORM_HOST or host in settings.PLATFORM_EXTRA_HOSTS
