"""Half a year with the delivery membership: credit for members with a plan who let a parcel wait, gone after 90 days.

Every number below is worked out by hand beside it. That somebody has a plan is told by the members' room: selling plans
comes later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from members.facts import member_fact_set
from members.models import Member
from rewards.benefits.uses import benefit_unused_since
from tenants.context import brand_context
from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year, given, taken

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "delivery_membership", begins="2030-01-02T09:00")


def test_half_a_year_of_the_delivery_membership(year: Year) -> None:
    year.joins()
    # Without a plan a slow delivery earns nothing.
    year.at("2030-01-03T12:00")
    assert _held(year) == []
    assert given(year.order("A-1", "2030-01-03T10:00", 30_00, channel="no_rush")) == {}

    # With one, until 1 April: a euro of credit, once a day; the fast delivery earns nothing.
    with brand_context(year.brand):
        until = datetime(2030, 4, 1, tzinfo=UTC)
        member_fact_set(member_id=Member.objects.get().pk, key="plan", value="monthly", until=until)
    assert given(year.order("A-2", "2030-01-03T10:10", 30_00, channel="no_rush")) == {"no_rush": 100}
    assert given(year.order("A-3", "2030-01-03T10:20", 30_00, channel="no_rush")) == {}
    _checks_out(year)
    assert given(year.order("A-4", "2030-01-03T10:30", 30_00, channel="express")) == {}
    year.night("2030-03-20T12:00")
    assert given(year.order("A-5", "2030-03-20T10:00", 15_00, channel="no_rush")) == {"no_rush": 100}
    assert year.balances() == {"credit": 200}

    # A-5 comes back whole: its euro goes. 100.
    assert taken(year.returns("A-5", "2030-03-20T11:00", 15_00)) == 100

    # On 1 April the plan is over, and with it what it gave.
    assert _held(year) == ["free_delivery", "members_deals", "early_deals"]
    year.at("2030-04-01T12:00")
    assert _held(year) == []

    # January's holds 90 days: through 3 April. The plan is over by then, which costs no credit.
    year.night("2030-04-03T23:30")
    assert year.balances() == {"credit": 100}
    assert given(year.order("A-6", "2030-04-03T20:00", 15_00, channel="no_rush")) == {}
    year.night("2030-04-04T00:30")
    assert year.balances() == {"credit": 0}
    year.adds_up()


def _held(year: Year) -> list[str]:
    return [each["code"] for each in year.shop.get("members/ext:C-1/benefits").json()["results"]]


def _checks_out(year: Year) -> None:
    """The plan brings delivery for nothing and 5% off deals; the credit pays a part; and whether any of it was used."""
    deal = {"sku": "LAMP", "net_minor": 20_00, "tags": ["deal"]}
    cart = {"currency": "EUR", "lines": [deal, {"sku": "PEN", "net_minor": 5_00}], "shipping_minor": 4_95}
    asked = {"member": "ext:C-1", "cart": cart, "pay_with": {"currency": "credit", "points": 100}}
    quote = year.shop.post("carts/quote", asked).json()
    # 29.95; 5% of 20.00 is 1.00 off, delivery 4.95 off: 24.00, of which the credit pays 1.00.
    assert [(each["benefit"], each["amount_minor"]) for each in quote["discounts"]] == [
        ("members_deals", 1_00), ("free_delivery", 4_95),
    ]  # fmt: skip
    assert (quote["total_minor"], quote["after_minor"], quote["to_pay_minor"]) == (29_95, 24_00, 23_00)
    with brand_context(year.brand):
        member, charged = Member.objects.get(), clock.now() - timedelta(minutes=1)
        assert benefit_unused_since(member=member, plan="monthly", since=charged)
    used = year.shop.post("members/ext:C-1/benefits/free_delivery/uses", {"id": "A-3", "order": "A-3"})
    assert used.status_code == 201, used.content
    with brand_context(year.brand):
        assert not benefit_unused_since(member=member, plan="monthly", since=charged)
