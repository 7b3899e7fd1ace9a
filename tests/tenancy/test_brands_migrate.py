"""Migrating all brands: killed and run again it goes on, every brand ends at the same place, one failure stops none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.database import app_role, identifier
from tests import database
from tests.tenancy.catalogue import catalogue, grants

ROOT = Path(__file__).resolve().parents[2]
EXTRA_BRANDS = tuple(f"probe{number:02d}" for number in range(11))
HEAD = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
ADD_FIELD = """
    operations = [
        migrations.AddField("jobrun", "probe", models.CharField(max_length=10, default="a'b%c", db_index=True)),
        migrations.CreateModel("Probe", [("id", models.BigAutoField(primary_key=True)), ("word", models.TextField())]),
        migrations.RunSQL("CREATE FUNCTION probe(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN n; END $$"),
    ]
"""
RUN_PYTHON = """
    operations = [migrations.RunPython(lambda apps, editor: apps.get_model("core", "Probe").objects.create(word="x"))]
"""


class Field:
    """A database of its own with brands, and settings under which one app has migrations of the test's making."""

    def __init__(self, urls: database.Urls, folder: Path) -> None:
        self.urls = urls
        self.package = folder / "probe_core_migrations"
        shutil.copytree(ROOT / "core/migrations", self.package)
        (folder / "probe_settings.py").write_text(
            f"from {os.environ['DJANGO_SETTINGS_MODULE']} import *\n"
            "MIGRATION_MODULES = {'core': 'probe_core_migrations'}\n"
        )
        self.last = max(path.stem for path in self.package.glob("0*.py"))
        self.environment = {
            **os.environ,
            "DATABASE_OWNER_URL": urls.owner,
            "DATABASE_URL": urls.app,
            "DJANGO_SETTINGS_MODULE": "probe_settings",
            "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
        }

    def add_migration(self, name: str, operations: str) -> None:
        dependency = f"    dependencies = [('core', '{self.last}')]\n"
        (self.package / f"{name}.py").write_text(HEAD + dependency + textwrap.indent(operations.strip("\n"), "") + "\n")
        self.last = name

    def manage(self, *arguments: str, failpoint: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, "STAMGAST_FAILPOINT": failpoint}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments, "--skip-checks"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def schemas(self) -> list[str]:
        with psycopg.connect(self.urls.owner) as connection:
            return [row[0] for row in connection.execute("SELECT schema_name FROM tenants_brand ORDER BY id")]

    def migrated(self, name: str) -> set[str]:
        """Schemas whose django_migrations holds it exactly once."""
        found = set()
        with psycopg.connect(self.urls.owner) as connection:
            for schema in self.schemas():
                row = connection.execute(
                    f"SELECT count(*) FROM {identifier(schema)}.django_migrations WHERE name = %s".encode(), [name]
                ).fetchone()
                assert row is not None
                assert row[0] <= 1
                if row[0]:
                    found.add(schema)
        return found


@pytest.fixture
def field(django_db_setup: None, tmp_path: Path) -> Iterator[Field]:
    with database.copy_of_template(database.server(), "_migrate") as urls:
        made = Field(urls, tmp_path)
        done = made.manage("brand_create", *EXTRA_BRANDS)
        assert done.returncode == 0, done.stderr
        yield made


@pytest.mark.slow
def test_a_killed_run_is_finished_by_the_next_and_all_brands_end_alike(field: Field) -> None:
    everywhere = set(field.schemas())
    assert len(everywhere) == len(EXTRA_BRANDS) + 4
    field.add_migration("0098_probe", ADD_FIELD)

    killed = field.manage("brands_migrate", "--jobs", "1", failpoint="brands_migrate.after_lead")
    assert killed.returncode == -9, killed.stderr
    assert field.migrated("0098_probe") == {"template_brand"}

    killed = field.manage("brands_migrate", "--jobs", "1", failpoint="brands_migrate.after_batch")
    assert killed.returncode == -9, killed.stderr
    assert 2 < len(field.migrated("0098_probe")) < len(everywhere)

    done = field.manage("brands_migrate", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert field.migrated("0098_probe") == everywhere
    assert "0 with something to do" in field.manage("brands_migrate").stdout

    role = app_role()
    assert role is not None
    with psycopg.connect(field.urls.owner, autocommit=True) as owner:
        template = catalogue(owner, "template_brand")
        for schema in sorted(everywhere):
            assert catalogue(owner, schema) == template, schema
        for schema in sorted(everywhere - {"template_brand"}):
            rights = grants(owner, schema, role)
            assert (rights["core_probe"], rights["core_auditentry"]) == ("siud", "si"), schema


@pytest.mark.slow
def test_what_is_not_plain_ddl_falls_back_to_djangos_own_way(field: Field) -> None:
    field.add_migration("0098_probe", ADD_FIELD)
    field.add_migration("0099_rows", RUN_PYTHON)
    done = field.manage("brands_migrate")
    assert done.returncode == 0, done.stderr
    with psycopg.connect(field.urls.owner) as owner:
        for schema in field.schemas():
            row = owner.execute(f"SELECT count(*) FROM {identifier(schema)}.core_probe".encode()).fetchone()
            assert row == (1,), schema


@pytest.mark.slow
def test_one_brand_that_fails_is_named_and_the_others_are_migrated(field: Field) -> None:
    with psycopg.connect(field.urls.owner) as owner:
        owner.execute(b"CREATE TABLE b_probe03.core_probe (id int)")
    field.add_migration("0098_probe", ADD_FIELD)
    done = field.manage("brands_migrate")
    assert done.returncode == 1
    assert "1 of 15 schemas are not migrated" in done.stderr
    assert "b_probe03" in done.stderr
    assert field.migrated("0098_probe") == set(field.schemas()) - {"b_probe03"}
