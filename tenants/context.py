"""Which brand this thread works for. The only ways in: a request (middleware), a task's header, or these contexts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django_tenants.postgresql_backend.base import FakeTenant
from django_tenants.utils import tenant_context

from core.tenancy import current_schema
from tenants import registry
from tenants.models import Brand

__all__ = ["brand_context", "current_brand", "current_schema", "each_brand", "park", "platform_context"]

PUBLIC = "public"
# A schema that exists nowhere: a query outside any context fails on it instead of finding another brand's rows.
PARKED = "parked_outside_any_brand"


@contextmanager
def brand_context(brand: Brand) -> Iterator[Brand]:
    """Work for one brand; back to where the thread was afterwards."""
    with tenant_context(brand):
        yield brand


@contextmanager
def platform_context() -> Iterator[None]:
    """Work in the public schema: brands, hosts and sign-ups are saved here and nowhere else."""
    with tenant_context(FakeTenant(PUBLIC)):
        yield


def park() -> None:
    """Leave the thread's connection where no table is, the public ones included."""
    connection.set_schema(PARKED, include_public=False)  # type: ignore[attr-defined]  # django-tenants'


def current_brand() -> Brand | None:
    """The brand this thread works for; None in public and outside any context.

    A worker restores only the schema's name after an eager task, so the row may have to be looked up again.
    """
    tenant = connection.tenant  # type: ignore[attr-defined]  # django-tenants'
    if isinstance(tenant, Brand):
        return tenant
    schema = current_schema()
    return None if schema in (PUBLIC, PARKED) else registry.brand_by_schema(schema)


def current_clock_shift() -> timedelta:
    """How far the current brand's clock stands from the wall's (see core.clock)."""
    brand = current_brand()
    return brand.clock_shift if brand is not None else timedelta(0)


def each_brand() -> Iterator[Brand]:
    """Every live brand in turn, its context entered: never the template, never a suspended one."""
    with platform_context():
        brands = list(Brand.objects.live())
    for brand in brands:
        with brand_context(brand):
            yield brand
