"""Each tenancy trap trips its check; the settings as they are trip none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.checks import CheckMessage
from django.test import override_settings
from django.urls import path

from tenants import checks
from tenants.models import Brand

ALL = (
    checks.table_in_one_place,
    checks.no_foreign_key_across,
    checks.django_tenants_is_new_enough,
    checks.settings_keep_brands_apart,
    checks.cache_keys_carry_the_schema,
    checks.files_lie_in_the_schemas_folder,
    checks.content_types_are_cached_by_schema,
    checks.middleware_in_order,
    checks.owner_and_guest_are_two_roles,
)
wrong_site = admin.AdminSite(name="wrong")
wrong_site.register(Brand)
urlpatterns = [path("admin/", wrong_site.urls)]


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id) for message in messages]


def test_the_house_as_it_is_passes() -> None:
    assert [message for check in ALL for message in check(None)] == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SHOW_PUBLIC_IF_NO_TENANT_FOUND": True}, "tenants.E005"),
        ({"USE_X_FORWARDED_HOST": True}, "tenants.E006"),
        ({"SESSION_COOKIE_DOMAIN": ".localhost"}, "tenants.E007"),
        ({"CSRF_COOKIE_DOMAIN": ".localhost"}, "tenants.E007"),
        ({"LANGUAGE_COOKIE_DOMAIN": ".localhost"}, "tenants.E007"),
        ({"ASGI_APPLICATION": "config.asgi.application"}, "tenants.E010"),
        ({"SESSION_ENGINE": "django.contrib.sessions.backends.db"}, "tenants.E013"),
        ({"DATABASE_ROUTERS": ["django_tenants.routers.TenantSyncRouter"]}, "tenants.E015"),
    ],
)
def test_a_setting_that_mixes_brands_up_is_refused(changes: dict[str, Any], expected: str) -> None:
    with override_settings(**changes):
        assert ids(checks.settings_keep_brands_apart(None)) == [expected]


def test_a_table_in_both_places_is_refused() -> None:
    with override_settings(SHARED_APPS=[*settings.SHARED_APPS, "django.contrib.auth"]):
        assert ids(checks.table_in_one_place(None)) == ["tenants.E001"]


def test_models_in_neither_list_are_refused() -> None:
    with override_settings(TENANT_APPS=[app for app in settings.TENANT_APPS if app != "rewards"]):
        assert ids(checks.table_in_one_place(None)) == ["tenants.E002"]


def test_a_foreign_key_across_is_refused() -> None:
    with override_settings(SHARED_APPS=[*settings.SHARED_APPS, "django.contrib.auth"]):
        assert "tenants.E003" in ids(checks.no_foreign_key_across(None))


@pytest.mark.parametrize(("found", "refused"), [("3.14.0", True), ("4.0.0", True), ("4.0.1", False), ("4.1", False)])
def test_a_django_tenants_that_leaks_after_a_rollback_is_refused(
    monkeypatch: pytest.MonkeyPatch, found: str, refused: bool
) -> None:
    monkeypatch.setattr(checks, "version", lambda name: found)
    assert ids(checks.django_tenants_is_new_enough(None)) == (["tenants.E004"] if refused else [])


def test_cache_keys_without_the_schema_are_refused() -> None:
    caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with override_settings(CACHES=caches):
        assert ids(checks.cache_keys_carry_the_schema(None)) == ["tenants.E008"]


def test_a_file_field_without_a_folder_per_schema_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.apps import apps
    from django.core.files.storage import InMemoryStorage
    from django.db.models import FileField, Model
    from django.test.utils import isolate_apps
    from django_tenants.files.storage import TenantFileSystemStorage

    def refused(storage: Any) -> list[str]:
        with isolate_apps("members"):
            fields = {"__module__": "members.models", "file": FileField(storage=storage)}
            upload = type("Upload", (Model,), fields)
        monkeypatch.setattr(apps, "get_models", lambda **options: [upload])
        return ids(checks.files_lie_in_the_schemas_folder(None))

    apart = InMemoryStorage()
    apart.by_schema = True  # type: ignore[attr-defined]  # kept on it by us
    assert refused(None) == refused(InMemoryStorage()) == ["tenants.E017"]
    assert refused(TenantFileSystemStorage()) == refused(apart) == []


def test_one_content_type_cache_for_all_schemas_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContentType.objects, "_cache", {})
    assert ids(checks.content_types_are_cached_by_schema(None)) == ["tenants.E014"]


def test_the_platforms_tables_on_a_brands_admin_site_are_refused() -> None:
    with override_settings(ROOT_URLCONF=__name__):
        assert ids(checks.platform_tables_only_on_the_operators_site(None)) == ["tenants.E009"]
    with override_settings(PUBLIC_SCHEMA_URLCONF=__name__):
        assert "tenants.E009" in ids(checks.platform_tables_only_on_the_operators_site(None))


def test_a_brand_that_is_known_too_late_is_refused() -> None:
    reversed_order = list(reversed(settings.MIDDLEWARE))
    without = [name for name in settings.MIDDLEWARE if not name.startswith("tenants.")]
    for order in (reversed_order, without):
        with override_settings(MIDDLEWARE=order):
            assert ids(checks.middleware_in_order(None)) == ["tenants.E012"]


def test_one_role_for_everything_is_a_warning_here_and_an_error_in_production() -> None:
    url = "postgres://same:secret@127.0.0.1/stamgast"
    with override_settings(DATABASE_URL=url, DATABASE_OWNER_URL=url, SANDBOX=True):
        assert ids(checks.owner_and_guest_are_two_roles(None)) == ["tenants.W011"]
    with override_settings(DATABASE_URL=url, DATABASE_OWNER_URL=url, SANDBOX=False):
        assert ids(checks.owner_and_guest_are_two_roles(None)) == ["tenants.E011"]


def test_the_database_itself_is_asked_whether_the_ledger_is_closed(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checks.guests_may_not_edit_the_ledger(None, databases=["default"]) == []
    monkeypatch.setattr(checks, "append_only_tables", lambda: ["core_jobrun"])
    with override_settings(SANDBOX=False):
        assert ids(checks.guests_may_not_edit_the_ledger(None, databases=["default"])) == ["tenants.E016"]
    with override_settings(SANDBOX=True):
        assert ids(checks.guests_may_not_edit_the_ledger(None, databases=["default"])) == ["tenants.W016"]
    monkeypatch.setattr(checks, "append_only_tables", list)
    monkeypatch.setattr(checks, "kept_tables", lambda: ["core_jobrun"])
    with override_settings(SANDBOX=False):
        assert ids(checks.guests_may_not_edit_the_ledger(None, databases=["default"])) == ["tenants.E016"]


def test_a_relation_to_nothing_is_not_a_crossing() -> None:
    assert not checks._crosses(Brand, SimpleNamespace())
