"""Fixtures for everybody.

brand            gem, entered, in a transaction that is rolled back (ordinary tests)
other_brand      oak, not entered; use brand_context(other_brand)
platform         the public schema, entered, rolled back
committed_brand  a brand of its own, really there and dropped afterwards: for threads, races, on_commit. Not with `db`.
client_for       client_for(brand) a test client on the brand's host; client_for(None) on the platform's

Before and after each test the connection is parked where no table is. Tests that use brand, other_brand or platform are
checked at the end: a row changed in any other schema fails them (invariant I10). Where `brand` is used and points
moved, the ledger must add up at the end too; no test has to ask.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.client import ClientHandler
from django.utils import translation

from core.errors import NotFound
from core.ids import uuid7
from loyalty.ledger import ledger_invariants
from loyalty.models import PointsEntry
from members.models import User
from tenants import registry
from tenants.context import brand_context, park, platform_context
from tenants.models import Brand
from tenants.provision import brand_drop, brand_provision
from tests import database

ClientFor = Callable[..., Client]
NewBrand = Callable[..., Brand]

# Counters of this transaction, and of earlier ones that the server hasn't collected yet: only differences count.
WRITES = """
    SELECT n.nspname, c.relname,
           pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
         + pg_stat_get_xact_tuples_deleted(c.oid)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)'
"""


def writes_by_table() -> dict[tuple[str, str], int]:
    """Rows written so far, by (schema, table)."""
    with connection.cursor() as cursor:
        cursor.execute(WRITES)
        return {(schema, table): count for schema, table, count in cursor.fetchall() if count}


def point_django_at(urls: database.Urls) -> None:
    """Make this process, and those it starts, use the given database, as the guest."""
    parts = urlsplit(urls.app)
    settings.DATABASES["default"].update(
        NAME=parts.path.lstrip("/"),
        HOST=parts.hostname or "",
        PORT=str(parts.port or ""),
        USER=unquote(parts.username or ""),
        PASSWORD=unquote(parts.password or ""),
    )
    settings.DATABASE_URL, settings.DATABASE_OWNER_URL = urls.app, urls.owner
    os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = urls.app, urls.owner


@pytest.fixture(scope="session")
def django_db_setup() -> Iterator[None]:
    with database.copy_of_template(database.server()) as urls:
        point_django_at(urls)
        yield
        connections.close_all()


@pytest.fixture(scope="session", autouse=True)
def _requests_give_the_connection_back() -> Iterator[None]:
    """A request parks its connection when it ends; a test shares its connection with its requests and goes on."""
    original = ClientHandler.__call__

    def call(self: ClientHandler, environ: dict[str, Any]) -> Any:
        tenant, include_public = connection.tenant, connection.include_public_schema  # type: ignore[attr-defined]  # django-tenants'
        try:
            return original(self, environ)
        finally:
            connection.set_tenant(tenant, include_public)  # type: ignore[attr-defined]  # django-tenants'

    ClientHandler.__call__ = call  # type: ignore[method-assign]  # put back afterwards
    yield
    ClientHandler.__call__ = original  # type: ignore[method-assign]  # put back afterwards


@pytest.fixture(autouse=True)
def _start_parked() -> None:
    """No brand, and no language: a request's stays with its thread, and the next test would be refused in Dutch."""
    registry.forget_all()
    park()
    translation.deactivate()


@pytest.fixture
def touchable(db: None) -> Iterator[set[str]]:
    """Schemas that this test may change. At its end: nothing changed anywhere else."""
    schemas: set[str] = set()
    before = writes_by_table()
    yield schemas
    if not connection.needs_rollback and connection.in_atomic_block and connection.connection is not None:
        after = writes_by_table()
        changed = sorted(
            f"{schema}.{table}"
            for (schema, table), count in after.items()
            if schema not in schemas and count != before.get((schema, table), 0)
        )
        park()
        assert not changed, f"rows changed in a schema that isn't this test's: {', '.join(changed)}"
    park()


def assert_points_add_up(brand: Brand) -> None:
    """Every promise of the ledger, where points moved: a brand of the tests has no entries to begin with."""
    with brand_context(brand):
        broken = ledger_invariants() if PointsEntry.objects.exists() else []
    assert not broken, f"points don't add up at {brand.slug}: {broken}"


def _brand(slug: str) -> Brand:
    with platform_context():
        return Brand.objects.get(slug=slug)


@pytest.fixture
def brand(touchable: set[str]) -> Iterator[Brand]:
    gem = _brand("gem")
    touchable.add(gem.schema_name)
    connection.set_tenant(gem)  # type: ignore[attr-defined]  # django-tenants'
    yield gem
    if not connection.needs_rollback and connection.in_atomic_block and connection.connection is not None:
        assert_points_add_up(gem)


@pytest.fixture
def other_brand(touchable: set[str]) -> Brand:
    oak = _brand("oak")
    touchable.add(oak.schema_name)
    return oak


@pytest.fixture
def operator_brand(touchable: set[str]) -> Brand:
    operator = _brand("operator")
    touchable.add(operator.schema_name)
    return operator


@pytest.fixture
def platform(touchable: set[str]) -> None:
    touchable.add("public")
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'


@contextmanager
def brands_dropped_after(blocker: Any) -> Iterator[NewBrand]:
    """A factory of brands that are really there, for a fixture of whatever scope; all are dropped at the end."""
    made: list[str] = []

    def make(slug: str | None = None, **fields: Any) -> Brand:
        slug = slug or f"t{uuid7().hex[-10:]}"
        made.append(slug)
        return brand_provision(
            slug=slug,
            name=fields.pop("name", slug),
            owner_email=f"owner@{slug}.example",
            **fields,
        )

    with blocker.unblock():
        try:
            yield make
        finally:
            connections.close_all()
            for slug in made:
                with suppress(NotFound):
                    brand_drop(slug=slug)
            park()
            connections.close_all()


@pytest.fixture
def new_brand(django_db_setup: None, django_db_blocker: Any) -> Iterator[NewBrand]:
    """Factory of brands that are really there: new_brand(slug=None, **fields). All are dropped afterwards."""
    with brands_dropped_after(django_db_blocker) as make:
        yield make


@pytest.fixture
def committed_brand(new_brand: NewBrand) -> Brand:
    made = new_brand()
    connection.set_tenant(made)  # type: ignore[attr-defined]  # django-tenants'
    return made


@pytest.fixture
def client_for() -> ClientFor:
    def make(brand: Brand | None = None, *, user: User | None = None, **extra: Any) -> Client:
        host = f"{brand.slug}{settings.BRAND_HOST_SUFFIX}" if brand is not None else settings.PLATFORM_HOST
        client = Client(SERVER_NAME=host, **extra)
        if brand is not None and user is not None:
            with brand_context(brand):
                client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make
