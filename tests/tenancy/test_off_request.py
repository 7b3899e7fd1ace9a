"""Trial 13, outside requests: every task, command, signal, cache key and file knows its brand, or refuses."""

from __future__ import annotations

import importlib
from io import StringIO
from pathlib import Path
from typing import Any
from weakref import ReferenceType

import pytest
from django.conf import LazySettings, settings
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db.models import signals
from django.dispatch import Signal
from django_tenants.files.storage import TenantFileSystemStorage

from config.celery import app
from core import clock
from core.ids import uuid7
from core.tables import OutboxMessage, RateWindow
from core.tasks import HEADER, BrandTask, NoBrand
from core.tenancy import current_schema
from sandbox.mailbox import mail_keep, mails
from tenants.context import brand_context, park, platform_context
from tenants.models import Brand
from tests.conftest import writes_by_table

ROOMS = (
    "analytics", "billing", "claims", "config", "core", "draws", "engagement", "loyalty", "members", "panels",
    "partners", "referrals", "rewards", "sandbox", "tenants",
)  # fmt: skip
app.loader.import_default_modules()
TASKS = {name: task for name, task in app.tasks.items() if name.partition(".")[0] in ROOMS}
BRANDS = sorted(name for name, task in TASKS.items() if isinstance(task, BrandTask))
# Of a backtest that is gone.
ARGUMENTS: dict[str, list[Any]] = {
    "billing.tasks.comparison": [0],
    "billing.tasks.stripe_event": [0],
    "loyalty.tasks.backtest_part": [0],
    "rewards.tasks.pool_import_work": [str(uuid7())],
    "rewards.tasks.supplier_order": [0],
    "rewards.tasks.supplier_sync": [0],
    # No day on.
    "sandbox.tasks.clock_move": [0],
}
PLATFORMS = {"provision_signup": [str(uuid7())], "signup_mail_send": [str(uuid7())], "signups_sweep": []}

# How each command of ours finds its brand. names: told by an argument, which it refuses when there is no such brand;
# each: goes through all of them in turn; platform: works on the public schema and on schemas as such; none: no tables.
COMMANDS = {
    "brand_create": "platform",
    "brand_drop": "names",
    "brands_migrate": "platform",
    "demo_seed": "platform",
    "events_import": "names",
    "openapi_write": "none",
    "platform_init": "platform",
    "retail_convert": "none",
    "secrets_reseal": "each",
    "stripe_platform": "none",
    "suppliers_reconcile": "names",
    "sweepstake_verify": "none",
}
# Receivers of models' signals run in whatever schema is current, so each is looked at and named here.
RECEIVERS = ("core.tenancy.", "tenants.registry.", "members.roles")


# --- tasks -----------------------------------------------------------------------------------------------------------
def work_left() -> None:
    """Something for each task to find."""
    now = clock.now()
    OutboxMessage.objects.create(topic="test.nothing", payload={}, created_at=now, available_at=now)
    RateWindow.objects.create(principal="x", window_start=1, leased=1)


def rows_left() -> tuple[int, int]:
    return OutboxMessage.objects.filter(delivered_at=None).count(), RateWindow.objects.count()


def schemas_written(before: dict[tuple[str, str], int]) -> set[str]:
    return {schema for (schema, table), count in writes_by_table().items() if count != before.get((schema, table), 0)}


@pytest.mark.parametrize("name", BRANDS)
def test_a_brands_task_touches_the_brand_of_its_header_and_no_other(
    name: str, brand: Brand, other_brand: Brand
) -> None:
    for each in (brand, other_brand):
        with brand_context(each):
            work_left()
    left, before = rows_left(), writes_by_table()
    with brand_context(brand):
        TASKS[name].apply_async(args=ARGUMENTS.get(name), headers={HEADER: other_brand.schema_name}).get()
        assert rows_left() == left
    assert schemas_written(before) <= {other_brand.schema_name}
    assert current_schema() == brand.schema_name


@pytest.mark.parametrize("schema", ["", "public", "b_gone"])
@pytest.mark.parametrize("name", BRANDS)
def test_a_brands_task_without_one_raises_and_touches_nothing(name: str, schema: str, brand: Brand) -> None:
    work_left()
    before = writes_by_table()
    with pytest.raises((NoBrand, Brand.DoesNotExist)):
        BrandTask.apply(TASKS[name], args=ARGUMENTS.get(name), headers={HEADER: schema}).get()
    park()
    with pytest.raises(NoBrand):
        TASKS[name].delay(*ARGUMENTS.get(name, []))
    assert schemas_written(before) == set()


@pytest.mark.parametrize("name", BRANDS)
def test_a_task_that_waited_while_its_brand_was_suspended_still_works_there_alone(
    name: str, brand: Brand, other_brand: Brand, touchable: set[str]
) -> None:
    """Suspending closes pages. What was promised before, a mail or a night, is still done; beat sends nothing new."""
    touchable.add("public")
    with platform_context():
        Brand.objects.filter(pk=other_brand.pk).update(status="suspended")
    before = writes_by_table()
    with brand_context(other_brand):
        work_left()
    TASKS[name].apply_async(args=ARGUMENTS.get(name), headers={HEADER: other_brand.schema_name}).get()
    assert schemas_written(before) <= {other_brand.schema_name}


def test_the_platforms_tasks_are_these() -> None:
    assert {name.rpartition(".")[2] for name in TASKS if name not in BRANDS} == set(PLATFORMS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_task_of_the_platform_works_in_public_whatever_is_current(
    name: str, brand: Brand, other_brand: Brand, touchable: set[str]
) -> None:
    touchable.add("public")
    before = writes_by_table()
    for each in (brand, other_brand):
        with brand_context(each):
            TASKS[f"tenants.tasks.{name}"].apply(args=PLATFORMS[name], headers={HEADER: "public"}).get()
            assert current_schema() == each.schema_name
    assert schemas_written(before) <= {"public"}


# --- commands --------------------------------------------------------------------------------------------------------
def test_every_command_says_how_it_finds_its_brand() -> None:
    ours = {name for name, where in get_commands().items() if str(where).partition(".")[0] in ROOMS}
    assert ours == set(COMMANDS), "name the new command in COMMANDS"


@pytest.mark.parametrize("name", sorted(name for name, way in COMMANDS.items() if way == "names"))
def test_a_command_for_one_brand_must_be_told_which(name: str, brand: Brand, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("")
    before = writes_by_table()
    told: dict[str, list[str]] = {"events_import": [str(file)], "brand_drop": ["--yes"], "suppliers_reconcile": []}
    missing = {
        "events_import": [str(file), "--brand", "nobody"],
        "brand_drop": ["nobody", "--yes"],
        "suppliers_reconcile": ["--brand", "nobody"],
    }
    for arguments in (told[name], missing[name]):
        with pytest.raises(CommandError):
            call_command(name, *arguments, stdout=StringIO(), skip_checks=True)
    assert schemas_written(before) == set()


def test_sealing_anew_is_told_of_a_brand_that_is_none(brand: Brand) -> None:
    with pytest.raises(CommandError, match="nobody"):
        call_command("secrets_reseal", "--brand", "gem", "--brand", "nobody", stdout=StringIO())
    told = StringIO()
    call_command("secrets_reseal", "--brand", "gem", stdout=told)
    assert [line.partition(":")[0] for line in told.getvalue().splitlines()] == ["gem"]


def test_every_command_loads_and_has_a_help_text() -> None:
    for name in COMMANDS:
        assert load_command_class(get_commands()[name], name).help, name


# --- signals ---------------------------------------------------------------------------------------------------------
def test_every_receiver_of_a_models_signal_is_a_known_one() -> None:
    kinds = [signal for signal in vars(signals).values() if isinstance(signal, Signal)]
    ours: set[str] = set()
    for signal in kinds:
        for (identity, _sender), reference, *_rest in signal.receivers:
            receiver = reference() if isinstance(reference, ReferenceType) else reference
            if str(getattr(receiver, "__module__", "")).partition(".")[0] in ROOMS:
                ours.add(f"{identity} ({receiver})")
    assert {known for known in RECEIVERS if any(each.startswith(known) for each in ours)} == set(RECEIVERS)
    assert [each for each in sorted(ours) if not each.startswith(RECEIVERS)] == []


# --- caches ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("alias", settings.CACHES)
def test_what_one_brand_caches_no_other_finds(alias: str, brand: Brand, other_brand: Brand) -> None:
    cache = caches[alias]
    try:
        cache.set("key", "gem's", 60)
        assert cache.make_key("key").startswith(f"{brand.schema_name}:")
        with brand_context(other_brand):
            assert cache.get("key") is None
            assert cache.add("key", "oak's", 60)
            assert cache.make_key("key").startswith(f"{other_brand.schema_name}:")
        assert cache.get("key") == "gem's"
    finally:
        cache.delete("key")
        with brand_context(other_brand):
            cache.delete("key")


# --- files -----------------------------------------------------------------------------------------------------------
def test_files_of_two_brands_with_one_name_lie_apart(
    brand: Brand, other_brand: Brand, settings: LazySettings, tmp_path: Path
) -> None:
    """No model has a file field yet; tenants.E017 asks one that comes for a storage like this one."""
    settings.MEDIA_ROOT = tmp_path
    storage = TenantFileSystemStorage()
    for each in (brand, other_brand, brand):
        with brand_context(each):
            storage.delete("logo.txt")
            assert storage.save("logo.txt", ContentFile(each.slug)) == "logo.txt"
    for each in (brand, other_brand):
        with brand_context(each):
            assert storage.open("logo.txt").read().decode() == each.slug
            assert each.schema_name in Path(storage.path("logo.txt")).parts


def test_the_mail_catcher_has_a_folder_per_schema(
    brand: Brand, other_brand: Brand, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MAILBOX_DIR = tmp_path
    kept = mail_keep(b"Message-ID: <1@x>\nSubject: gem\n\nhello")
    assert kept.parent.name == brand.schema_name
    with brand_context(other_brand):
        assert mails() == []


def test_rooms_named_here_are_all_there_are() -> None:
    found = {path.parent.name for path in settings.BASE_DIR.glob("*/apps.py")} | {"config"}
    assert found == set(ROOMS)
    assert importlib.import_module("config.celery").app is app
