"""The page about metered use: what was used, what it comes to now and by the end, and a limit of the member's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.errors import UsageCapReached
from billing.foreseeing import uses_foreseen
from billing.models import SubscriptionChange, SubscriptionItem
from billing.selectors import next_charge
from core import clock
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor, words_of
from tests.billing.cast import MONTHLY, YEARLY, Club, document
from tests.billing.test_metering import METER, PLUS, renew, uses
from tests.conftest import ClientFor
from tests.loyalty import shop

START = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = START + timedelta(days=30)


@pytest.fixture
def anna(stand_in: LocalStripe, key: str, brand: Brand, client_for: ClientFor) -> Iterator[Visitor]:
    before = brand.clock_shift
    visitor = Visitor(Club(stand_in, key, brand, client_for(brand), plans=[PLUS, METER]), client_for)
    visitor.joins()
    visitor.club.settle()
    yield visitor
    brand.clock_shift = before


def test_the_page_says_what_was_used_what_it_comes_to_and_what_it_will(anna: Visitor) -> None:
    anna.club.advance(days=6)
    uses(anna.member, "a", units=5)
    shown = anna.open("/membership/")
    assert "Deliveries: 5 used, €4.50 so far" in shown
    assert "€14.50 on" in shown
    shown = anna.open(f"{anna.base()}/usage/")
    assert "5 used, 2 included" in shown
    assert "Each further one €1.50" in shown
    assert "So far you pay €4.50" in shown
    # Five in six of thirty or thirty-one days.
    assert "about 25: €34.50" in shown or "about 26: €36" in shown
    assert "Your limit none" in shown
    charge = next_charge(anna.club.subscription(anna.member))
    assert charge is not None
    assert charge.amount_minor == 1450


def test_what_uses_cost_is_said_before_anybody_joins_or_changes(anna: Visitor, client_for: ClientFor) -> None:
    line = "Deliveries: 2 included a month, then €1.50 each"
    visitor = client_for(anna.club.brand)
    for page in ("/plans/", "/plans/plus/"):
        assert line in words_of(visitor.get(page))
        dutch = words_of(visitor.get(page, HTTP_ACCEPT_LANGUAGE="nl"))
        assert "Deliveries: 2 inbegrepen per maand, daarna € 1,50 per stuk" in dutch.replace("\u00a0", " ")
    both = {**PLUS, "charge": {"kind": "recurring", "prices": [MONTHLY, YEARLY]}}
    prices = [*METER["charge"]["prices"], {**YEARLY, "amount_minor": 140}]
    meter = {**METER, "charge": {**METER["charge"], "prices": prices}}
    shop.publish(anna.club.program, document(plans=[both, meter]))
    anna.club.push()
    shown = anna.open(f"{anna.base()}/change/plus/year-EUR/")
    assert "Deliveries: 2 included a year, then €1.40 each" in shown
    assert line not in shown


def test_the_next_payment_waits_with_stripes_figure_until_stripe_knows_every_use(anna: Visitor) -> None:
    anna.club.advance(days=1)
    uses(anna.member, "a", units=5)
    assert anna.client.get(f"{anna.base()}/next/").status_code == 204
    anna.club.work()
    anna.open(f"{anna.base()}/next/")
    assert "€14.50" in anna.last.content.decode()
    assert "instead of" not in anna.last.content.decode()


def test_the_page_says_which_uses_are_of_a_period_before(anna: Visitor) -> None:
    anna.club.advance(days=1)
    before = clock.now()
    renew(anna.club, anna.member)
    uses(anna.member, "a")
    assert "in an earlier period" not in anna.open(f"{anna.base()}/usage/")
    uses(anna.member, "b", units=3, at=before)
    shown = anna.open(f"{anna.base()}/usage/")
    assert "4 used, 2 included" in shown
    assert "3 of these you used in an earlier period." in shown


def test_a_limit_is_set_holds_and_is_taken_away(anna: Visitor) -> None:
    club, member = anna.club, anna.member
    club.advance(days=6)
    uses(member, "a", units=3)
    anna.open(f"{anna.base()}/usage/")
    shown = anna.send(f"{anna.base()}/usage/deliveries/", cap="3")
    assert "In a period you pay €3 for it at most." in shown
    assert "Your limit leaves room for 1 more." in shown
    # The limit lets two more through: what is foreseen goes no further.
    assert "about 4: €3" in shown
    uses(member, "b")
    with pytest.raises(UsageCapReached):
        uses(member, "c")
    shown = anna.open(f"{anna.base()}/usage/")
    assert "You’re at your limit" in shown
    shown = anna.send(f"{anna.base()}/usage/deliveries/", cap="")
    assert "There’s no limit now." in shown
    uses(member, "c")
    assert SubscriptionChange.objects.filter(kind="cap_set").count() == 2


def test_a_second_click_sets_the_limit_once(anna: Visitor) -> None:
    anna.open(f"{anna.base()}/usage/")
    fields = {**anna.form(f"{anna.base()}/usage/deliveries/"), "cap": "4,50"}
    for _click in range(2):
        assert anna.client.post(f"{anna.base()}/usage/deliveries/", fields).status_code == 302
    assert SubscriptionChange.objects.filter(kind="cap_set").count() == 1
    assert SubscriptionItem.objects.get(plan__code="deliveries").cap_minor == 450


@pytest.mark.parametrize("typed", ["-1", "a lot", "1.234", "1,000.50", "12345678", "٣"])
def test_what_is_no_amount_is_refused_where_it_was_typed(anna: Visitor, typed: str) -> None:
    anna.open(f"{anna.base()}/usage/")
    shown = anna.send(f"{anna.base()}/usage/deliveries/", cap=typed)
    assert anna.last.status_code == 422
    assert "Give an amount such as 10.00, or leave it empty for no limit." in shown
    assert f'value="{typed}"' in anna.last.content.decode()
    assert SubscriptionItem.objects.get(plan__code="deliveries").cap_minor is None


def test_another_meter_or_member_is_not_there(anna: Visitor, client_for: ClientFor) -> None:
    address = f"{anna.base()}/usage/"
    fields = {"key": "k" * 24, "cap": "1"}
    assert anna.client.post(f"{address}plus/", fields).status_code == 404
    other = Visitor(anna.club, client_for, "Bob")
    assert other.client.get(address).status_code == 404
    assert other.client.post(f"{address}deliveries/", fields).status_code == 404


def test_the_page_in_dutch_writes_amounts_in_dutch(anna: Visitor) -> None:
    anna.client.cookies["django_language"] = "nl"
    anna.open(f"{anna.base()}/usage/")
    shown = anna.send(f"{anna.base()}/usage/deliveries/", cap="4,50")
    assert "Per periode betaal je er hoogstens € 4,50 voor." in shown.replace("\u00a0", " ")
    assert 'value="4,50"' in anna.last.content.decode()


@pytest.mark.parametrize(
    ("used", "gone", "expected"),
    [
        (5, timedelta(days=6), 25),
        (1, timedelta(days=3), 10),
        (7, timedelta(days=29), 7),
        (1, timedelta(days=2), None),
        (0, timedelta(days=20), None),
        (9, timedelta(days=30), None),
    ],
)
def test_nothing_is_foreseen_of_too_little(used: int, gone: timedelta, expected: Any) -> None:
    assert uses_foreseen(used=used, since=START, until=MONTH, now=START + gone) == expected
