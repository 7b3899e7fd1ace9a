"""The registry of hosts knows what it knows until something changes, wherever it does."""

from __future__ import annotations

import pytest

from tenants import registry
from tenants.context import platform_context
from tenants.models import Brand, BrandStatus, Domain


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The conditions that were looked up."""
    found: list[str] = []
    real = registry._find

    def find(condition: dict[str, str]) -> Brand | None:
        found.extend(condition.values())
        return real(condition)

    monkeypatch.setattr(registry, "_find", find)
    return found


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_sure_until", 0.0)


def host_of(brand: Brand) -> str:
    with platform_context():
        return str(Domain.objects.get(tenant=brand, is_primary=True).domain)


def test_a_host_is_looked_up_once_for_as_long_as_nothing_changes(platform: None, asked, monkeypatch) -> None:
    gem = Brand.objects.get(slug="gem")
    host = host_of(gem)
    for _moment in range(3):
        later(monkeypatch)
        assert registry.entry_for_host(host).brand == gem
    assert asked == [host]


@pytest.mark.parametrize("change", ["status", "another brand", "a host"])
def test_a_change_made_elsewhere_is_seen_when_the_stamp_is_asked_for(
    platform: None, asked, monkeypatch, change
) -> None:
    gem = Brand.objects.get(slug="gem")
    host = host_of(gem)
    registry.entry_for_host(host)
    # An update of a queryset sends no signal: to this process it's as if another had made it.
    if change == "a host":
        Domain.objects.filter(tenant=gem).update(domain="elsewhere.localhost")
    else:
        name = "gem" if change == "status" else "oak"
        Brand.objects.filter(slug=name).update(status=BrandStatus.SUSPENDED)
    known = registry.entry_for_host(host)
    assert known.brand is not None
    assert known.brand.status == BrandStatus.ACTIVE
    later(monkeypatch)
    found = registry.entry_for_host(host)
    assert (found.brand is None) == (change == "a host")
    assert found.brand is None or (found.brand.status == BrandStatus.SUSPENDED) == (change == "status")
    assert asked == [host, host]


def test_a_host_that_is_nobodys_is_known_as_such_until_it_is_somebodys(platform: None, asked, monkeypatch) -> None:
    assert registry.entry_for_host("new.localhost").brand is None
    Domain.objects.filter(tenant__slug="gem").update(domain="new.localhost")
    later(monkeypatch)
    found = registry.entry_for_host("new.localhost")
    assert found.brand is not None
    assert (found.brand.slug, found.schema_exists) == ("gem", True)
