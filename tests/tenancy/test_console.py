"""The platform's console: the operator's staff and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import override_settings

from members.models import User
from tenants.context import brand_context, platform_context
from tenants.models import Brand, BrandStatus
from tests.conftest import ClientFor

ADMIN = {"is_staff": True, "is_superuser": True}
PAGES = ("/platform/tenants/brand/", "/platform/tenants/domain/", "/platform/tenants/brandsignup/")


@pytest.fixture
def operator(operator_brand: Brand) -> User:
    with brand_context(operator_brand):
        return User.objects.create(email="staff@operator.example", **ADMIN)


@pytest.mark.parametrize("path", PAGES)
def test_the_operators_staff_see_all_brands(
    operator_brand: Brand, operator: User, client_for: ClientFor, path: str
) -> None:
    page = client_for(operator_brand, user=operator).get(path)
    assert page.status_code == 200
    if path.endswith("/brand/"):
        assert "gem" in page.content.decode()
        assert "template_brand" not in page.content.decode()


@pytest.mark.parametrize("path", ["/platform/", *PAGES])
def test_a_brands_own_superuser_does_not_reach_the_console(brand: Brand, client_for: ClientFor, path: str) -> None:
    root = User.objects.create(email="root@gem.example", **ADMIN)
    assert client_for(brand, user=root).get(path).status_code == 404


def test_the_operators_members_do_not_reach_the_console(operator_brand: Brand, client_for: ClientFor) -> None:
    with brand_context(operator_brand):
        member = User.objects.create(email="member@operator.example")
    assert client_for(operator_brand, user=member).get(PAGES[0]).status_code in (302, 403)
    assert client_for(operator_brand).get(PAGES[0]).status_code == 302


def test_a_brands_admin_knows_nothing_of_the_platforms_tables(brand: Brand, client_for: ClientFor) -> None:
    root = User.objects.create(email="root@gem.example", **ADMIN)
    assert client_for(brand, user=root).get("/admin/tenants/brand/").status_code == 404


def test_suspending_closes_a_brand_and_activating_opens_it_again(
    brand: Brand, operator_brand: Brand, operator: User, client_for: ClientFor, touchable: set[str]
) -> None:
    touchable.add("public")
    client = client_for(operator_brand, user=operator)

    def act(name: str, *brands: Brand) -> Any:
        chosen = [each.pk for each in brands]
        return client.post(PAGES[0], {"action": name, "_selected_action": chosen}, follow=True)

    assert act("suspend", brand).status_code == 200
    assert client_for(brand).get("/accounts/login/").status_code == 503
    with brand_context(operator_brand):
        assert LogEntry.objects.filter(object_id=str(brand.pk)).exists()
    act("activate", brand)
    assert client_for(brand).get("/accounts/login/").status_code == 200
    act("suspend", operator_brand)
    with platform_context():
        assert Brand.objects.get(pk=operator_brand.pk).status == BrandStatus.ACTIVE


def test_a_brands_looks_are_changed_in_the_public_schema(
    brand: Brand, operator_brand: Brand, operator: User, client_for: ClientFor, touchable: set[str]
) -> None:
    touchable.add("public")
    client = client_for(operator_brand, user=operator)
    fields = {
        "name": "Gem",
        "language": "nl",
        "time_zone": "Europe/Amsterdam",
        "color_primary": "#123456",
        "color_accent": "#654321",
        "logo": "",
    }
    answer = client.post(f"/platform/tenants/brand/{brand.pk}/change/", fields)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    with platform_context():
        changed = Brand.objects.get(pk=brand.pk)
    assert (changed.color_primary, changed.slug) == ("#123456", "gem")


def test_the_console_asks_whose_host_it_is_even_where_a_urlconf_went_wrong(brand: Brand, client_for: ClientFor) -> None:
    root = User.objects.create(email="root@gem.example", **ADMIN)
    with override_settings(ROOT_URLCONF="config.urls_operator"):
        assert client_for(brand, user=root).get(PAGES[0]).status_code in (302, 403)
