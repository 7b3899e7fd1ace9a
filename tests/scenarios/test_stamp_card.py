"""A year with the stamp card: a stamp a purchase, two a day at most, ten for a free coffee, a return takes its stamp.

Every number below is worked out by hand beside it.
"""

from __future__ import annotations

import pytest

from core.tables import OutboxMessage
from loyalty.models import ProgressCounter
from tenants.context import brand_context
from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "stamp_card", begins="2030-01-07T08:00")


def acts(year: Year, topic: str) -> int:
    with brand_context(year.brand):
        return OutboxMessage.objects.filter(topic=topic).count()


def stamps(year: Year) -> int:
    """Stamps collected in all that weren't taken back."""
    with brand_context(year.brand):
        return sum(ProgressCounter.objects.filter(key="stamps:coffee_card").values_list("value", flat=True))


def test_a_year_with_the_stamp_card(year: Year) -> None:
    year.joins()
    # Monday 7 January: three coffees, two stamps, since two a day is the most.
    for number in (1, 2, 3):
        year.order(f"A-{number}", "2030-01-07T08:30", 350)
    assert stamps(year) == 2

    # Seven more days with one coffee each: 2 + 7 = 9. No free coffee yet.
    for day in range(8, 15):
        year.at(f"2030-01-{day:02}T09:00")
        year.order(f"B-{day}", f"2030-01-{day:02}T08:30", 350)
    assert (stamps(year), acts(year, "act.issue_reward")) == (9, 0)

    # Two on the 15th: the tenth stamp fills the card, the eleventh is the first of the next one.
    year.at("2030-01-15T09:00")
    year.order("C-1", "2030-01-15T08:30", 350)
    year.order("C-2", "2030-01-15T08:40", 350)
    assert (stamps(year), acts(year, "act.issue_reward")) == (11, 1)

    # The coffee of the 8th is given back: a stamp less, 10, and the full card stays full.
    year.returns("B-8", "2030-01-15T08:50", 350)
    assert stamps(year) == 10

    # The order that filled the card is given back too: 9 stamps, and the free coffee is revoked.
    year.returns("C-1", "2030-01-15T08:55", 350)
    assert (stamps(year), acts(year, "act_revoked.issue_reward")) == (9, 1)

    # In spring the card is filled again by the next coffee: the second free coffee of the year.
    year.at("2030-04-02T09:00")
    year.order("D-1", "2030-04-02T08:30", 350)
    assert (stamps(year), acts(year, "act.issue_reward")) == (10, 2)

    # The first was taken back unused, the second has a code that the till takes once.
    rows = year.shop.get("redemptions?member=ext:C-1").json()["results"]
    assert [each["state"] for each in rows] == ["redeemed", "canceled"]
    code = year.shop.get(f"redemptions/{rows[0]['id']}").json()["code"]
    assert year.shop.post("vouchers/validate", {"code": code}).json()["worth"] == {"skus": ["COFFEE"]}
    assert year.shop.post("vouchers/redeem", {"code": code}, once="t-1").json()["state"] == "used"
    assert year.shop.post("vouchers/redeem", {"code": code}, once="t-2").status_code == 409
    year.adds_up()
