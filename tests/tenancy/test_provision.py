"""How a brand comes into being: quickly, exactly like its template, wholly or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from core.database import app_role, identifier, owner_connection, schema_present
from core.errors import DomainError
from tenants import hooks, provision
from tenants.context import brand_context, platform_context
from tenants.ddl import UncopyableSchema, schema_script
from tenants.grants import append_only_tables, kept_tables
from tenants.models import Brand, BrandSignup, BrandStatus, Domain
from tenants.provision import ProvisionFailed, brand_drop, brand_provision
from tenants.slugs import SlugTaken
from tests.tenancy.catalogue import catalogue, grants, row_counts

ROOT = Path(__file__).resolve().parents[2]
NewBrand = Callable[..., Brand]


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Real commits in the public schema; the test cleans up after itself."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'
        yield
        connection.close()


@pytest.mark.slow
def test_a_made_schema_equals_one_whose_migrations_were_replayed(committed: None) -> None:
    with platform_context():
        replayed = Brand.objects.create(slug="replayed", schema_name="b_replayed", name="Replayed")
    try:
        with owner_connection() as owner:
            owner.execute(b"CREATE SCHEMA b_replayed")
            command = [sys.executable, "manage.py", "migrate_schemas", "--schema", "b_replayed", "--skip-checks"]
            environment = {**os.environ, "STAMGAST_DB_ROLE": "owner"}
            started = time.monotonic()
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            by_migrations = time.monotonic() - started
            assert done.returncode == 0, done.stderr
            started = time.monotonic()
            provision._schema_create(owner, "b_made")
            by_script = time.monotonic() - started
            made, replayed_parts = catalogue(owner, "b_made"), catalogue(owner, "b_replayed")
            for part, rows in made.items():
                assert set(rows) ^ set(replayed_parts[part]) == set(), part
            assert made == replayed_parts
            assert row_counts(owner, "b_made") == row_counts(owner, "b_replayed")
        print(f"\nschema by script {by_script:.3f} s, by migrations {by_migrations:.2f} s")
    finally:
        with owner_connection() as owner:
            owner.execute(b"DROP SCHEMA IF EXISTS b_replayed, b_made CASCADE")
        with platform_context():
            Brand.objects.filter(pk=replayed.pk).delete()


def test_the_guests_rights_stop_at_append_only_tables(new_brand: NewBrand) -> None:
    brand, role = new_brand(), app_role()
    assert role is not None, "the tests need two roles"
    with owner_connection() as owner:
        rights = grants(owner, brand.schema_name, role)
        template = grants(owner, settings.TEMPLATE_SCHEMA, role)
    closed = set(append_only_tables())
    assert {table for table, letters in rights.items() if letters == "si"} == closed
    assert rights["django_migrations"] == "s"
    kept = set(kept_tables())
    assert {table for table, letters in rights.items() if letters == "siu"} == kept
    assert {letters for table, letters in rights.items() if table not in closed | kept | {"django_migrations"}} == {
        "siud"
    }
    assert set(template.values()) == {""}


def test_a_new_brand_is_open_at_its_host_within_two_seconds(new_brand: NewBrand) -> None:
    started = time.monotonic()
    brand = new_brand()
    seconds = time.monotonic() - started
    print(f"\nbrand made in {seconds:.3f} s")
    with platform_context():
        assert Brand.objects.get(pk=brand.pk).status == BrandStatus.ACTIVE
        assert Domain.objects.get(tenant=brand).domain == f"{brand.slug}{settings.BRAND_HOST_SUFFIX}"
    with brand_context(brand), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 20


def test_a_hook_that_fails_leaves_no_schema_no_row_and_a_reason(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(brand: Brand, signup: BrandSignup) -> None:
        raise DomainError("the program has no currency")

    monkeypatch.setattr(hooks, "_hooks", [*hooks._hooks, (999, "refuse", refuse)])
    with pytest.raises(ProvisionFailed, match="the program has no currency"):
        brand_provision(slug="luckless", name="Luckless", owner_email="owner@luckless.example")
    with owner_connection() as owner:
        assert not schema_present(owner, "b_luckless")
    assert not Brand.objects.filter(slug="luckless").exists()
    assert not Domain.objects.filter(domain__startswith="luckless").exists()
    monkeypatch.undo()
    brand_provision(slug="luckless", name="Luckless", owner_email="owner@luckless.example")
    brand_drop(slug="luckless")


def test_what_a_killed_set_up_left_is_cleared_by_the_next_one(committed: None) -> None:
    with platform_context():
        Brand.objects.create(slug="halfway", schema_name="b_halfway", name="Halfway", status=BrandStatus.PROVISIONING)
    with owner_connection() as owner:
        owner.execute(b"CREATE SCHEMA b_halfway")
        owner.execute(b"CREATE TABLE b_halfway.left_over (id int)")
    try:
        brand = brand_provision(slug="halfway", name="Halfway", owner_email="owner@halfway.example")
        with owner_connection() as owner:
            assert "left_over" not in row_counts(owner, brand.schema_name)
    finally:
        brand_drop(slug="halfway")


def test_an_address_that_is_set_up_right_now_is_taken(committed: None) -> None:
    with owner_connection() as owner:
        owner.execute("SELECT pg_advisory_lock(hashtext('stamgast.provision'), hashtext('b_busy'))")
        with pytest.raises(SlugTaken):
            brand_provision(slug="busy", name="Busy", owner_email="owner@busy.example")


def test_a_template_with_something_that_cannot_be_copied_is_refused(committed: None) -> None:
    with owner_connection() as owner:
        owner.execute(b"CREATE SCHEMA odd_template")
        try:
            owner.execute(b"CREATE TABLE odd_template.django_migrations (id int, applied timestamptz)")
            owner.execute(b"CREATE TABLE odd_template.event (id int) PARTITION BY RANGE (id)")
            with pytest.raises(UncopyableSchema, match="event"), owner.transaction():
                schema_script(owner, "odd_template")
        finally:
            owner.execute(b"DROP SCHEMA odd_template CASCADE")


def test_unusual_columns_survive_the_copy(committed: None) -> None:
    """What Django writes rarely: generated columns, serials, renamed identities, exclusion, views, functions."""
    script = """
        CREATE TABLE django_migrations (id bigint GENERATED BY DEFAULT AS IDENTITY, applied timestamptz);
        CREATE TABLE old_name (
            id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT 5) PRIMARY KEY,
            word varchar(20) COLLATE "C" NOT NULL DEFAULT 'a;b', loud text GENERATED ALWAYS AS (upper(word)) STORED,
            span int4range, number serial, body text, CONSTRAINT words CHECK (word <> ''),
            EXCLUDE USING gist (span WITH &&)) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
        ALTER TABLE old_name ALTER body SET STORAGE EXTERNAL;
        ALTER TABLE old_name RENAME TO new_name;
        ALTER TABLE new_name ADD parent bigint REFERENCES new_name (id) DEFERRABLE INITIALLY DEFERRED;
        CREATE UNIQUE INDEX partial ON new_name (lower(word) DESC, parent) INCLUDE (number) WHERE parent IS NOT NULL;
        CREATE FUNCTION twice(n bigint DEFAULT 1) RETURNS SETOF new_name LANGUAGE plpgsql STABLE AS
            $body$ BEGIN RETURN QUERY SELECT * FROM new_name WHERE id = n * 2; END $body$;
        CREATE VIEW shown AS SELECT id, word FROM new_name;
    """
    with owner_connection() as owner:
        try:
            with owner.transaction():
                owner.execute(b"CREATE SCHEMA from_here")
                owner.execute(b"SET LOCAL search_path = from_here")
                owner.execute(script.encode())
            with owner.transaction():
                copied = schema_script(owner, "from_here")
                owner.execute(b"CREATE SCHEMA to_there")
                owner.execute(b"SET LOCAL search_path = to_there")
                owner.execute(copied.encode())
            assert catalogue(owner, "to_there") == catalogue(owner, "from_here")
        finally:
            owner.execute(b"DROP SCHEMA IF EXISTS from_here, to_there CASCADE")


def test_dropping_a_brand_takes_schema_hosts_and_row(new_brand: NewBrand) -> None:
    brand = new_brand()
    brand_drop(slug=brand.slug)
    with owner_connection() as owner, platform_context():
        assert not schema_present(owner, brand.schema_name)
        assert not Brand.objects.filter(pk=brand.pk).exists()
        assert not Domain.objects.filter(domain__startswith=brand.slug).exists()


def test_no_identifier_escapes_its_quotes() -> None:
    assert identifier('a"; DROP TABLE x; --') == '"a""; DROP TABLE x; --"'
