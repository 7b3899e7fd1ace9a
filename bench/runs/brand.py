"""Making a brand by the script read from the template, against replayed migrations; migrating many brands."""

from __future__ import annotations

import re
import shutil
import time
from statistics import median

from django.conf import settings

from bench.ground import Ground
from bench.report import Finding, Report
from bench.stand import ROOT, Stand, command, var_folder
from core.database import app_role, identifier, owner_connection, run_script
from tenants.context import platform_context
from tenants.ddl import schema_create_script
from tenants.grants import grant_statements
from tenants.models import Brand, BrandStatus
from tenants.provision import brand_provision

MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "{last}")]
    operations = [migrations.AddField("jobrun", "bench_probe", models.CharField(max_length=10, default="x"))]
"""
LOOKED = re.compile(r"(\d+) schemas looked at in (\d+) ms")
EACH = re.compile(r"([\d.]+) ms each")


def run(ground: Ground) -> Report:
    report = Report(
        "brand", "a brand by script ÷ by replayed migrations; brands_migrate with nothing to do and one added field"
    )
    report.begin()
    by_script, by_migrations, whole = [], [], []
    for number in range(ground.sizes.provisioned):
        by_script.append(_scripted(f"b_scripted{number}"))
        whole.append(_provision(f"made{number}"))
        if number < ground.sizes.replayed:
            by_migrations.append(_replayed(ground.stand, f"b_replayed{number}"))
    report.note(f"a schema by script {median(by_script):.2f} s (highest {max(by_script):.2f})")
    report.note(f"by replayed migrations {median(by_migrations):.1f} s")
    report.found(Finding("schema by script, times as fast", median(by_migrations) / median(by_script), 10))
    report.found(Finding("seconds to make a whole brand, its program included", median(whole), 2, at_least=False))
    _migrate(ground, report)
    return report


def _scripted(schema: str) -> float:
    """Seconds for a schema with its grants, as provisioning makes it."""
    role = app_role()
    begun = time.monotonic()
    with owner_connection() as owner:
        with owner.transaction():
            script = schema_create_script(owner, template=settings.TEMPLATE_SCHEMA, schema=schema)
            run_script(owner, ";\n".join([script, *(grant_statements(schema, role) if role else [])]))
        seconds = time.monotonic() - begun
        owner.execute(f"DROP SCHEMA {identifier(schema)} CASCADE".encode())
    return seconds


def _provision(slug: str) -> float:
    """Seconds for a brand that can take its first event: schema, rows, host, program."""
    begun = time.monotonic()
    brand_provision(slug=slug, name=slug, owner_email=f"owner@{slug}.example", template="points_and_tiers")
    return time.monotonic() - begun


def _replayed(stand: Stand, schema: str) -> float:
    """Seconds that Django needs for all migrations of one fresh schema, its own start included in neither side."""
    with platform_context():
        brand = Brand.objects.create(
            slug=schema.replace("_", "-"), schema_name=schema, name=schema, status=BrandStatus.FAILED
        )
    with owner_connection() as owner:
        owner.execute(f"CREATE SCHEMA {identifier(schema)}".encode())
    try:
        return float(command(stand, "-m", "bench.replaying", schema).split()[-1])
    finally:
        with owner_connection() as owner:
            owner.execute(f"DROP SCHEMA {identifier(schema)} CASCADE".encode())
        with platform_context():
            Brand.objects.filter(pk=brand.pk).delete()


def _migrate(ground: Ground, report: Report) -> None:
    """brands_migrate over all brands there are, at least as many as the largest number of hosts."""
    ground.hosts(max(ground.sizes.hosts))
    probe = _probe_settings()
    nothing = command(ground.stand, "manage.py", "brands_migrate", "--skip-checks", settings=probe)
    count, looked = (int(each) for each in _found(LOOKED, nothing).groups())
    report.found(
        Finding(f"ms a brand with nothing to do, {count} schemas", looked / count, 10, at_least=False, unit=" ms")
    )
    folder = var_folder() / "bench" / "bench_core_migrations"
    last = max(path.stem for path in folder.glob("0*.py"))
    (folder / "0999_bench_probe.py").write_text(MIGRATION.format(last=last))
    begun = time.monotonic()
    added = command(ground.stand, "manage.py", "brands_migrate", "--skip-checks", settings=probe)
    whole = time.monotonic() - begun
    each = float(_found(EACH, added)[1])
    report.found(Finding(f"ms a brand with one added field, {count} schemas", each, 50, at_least=False, unit=" ms"))
    report.note(f"the whole command, Django's start and the template by Django included: {whole:.1f} s")
    (folder / "0999_bench_probe.py").unlink()
    # The field goes again, so that later benches find the schemas as the models have them.
    with owner_connection() as owner:
        with platform_context():
            schemas = list(Brand.objects.with_schema().values_list("schema_name", flat=True))
        for schema in schemas:
            owner.execute(f"ALTER TABLE {identifier(schema)}.core_jobrun DROP COLUMN IF EXISTS bench_probe".encode())


def _probe_settings() -> str:
    """Settings under which one room has a copy of its migrations, to which one can be added."""
    folder = var_folder() / "bench"
    package = folder / "bench_core_migrations"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(ROOT / "core" / "migrations", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    return "bench.settings_probe"


def _found(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.search(text)
    if found is None:
        raise RuntimeError(f"brands_migrate said something else:\n{text}")
    return found
