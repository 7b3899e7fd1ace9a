"""The pages about add-ons: what there is, what more or fewer costs to the cent, and having it once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing.models import SubscriptionChange
from loyalty.moneywords import money_words
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import DECLINES_LATER, Club
from tests.billing.test_addons import LEAN, MAX, MONTH_ONLY, PLUS, TOP, held
from tests.conftest import ClientFor


@pytest.fixture
def anna(stand_in: LocalStripe, key: str, brand: Brand, client_for: ClientFor) -> Iterator[Visitor]:
    before = brand.clock_shift
    plans = [PLUS, MAX, LEAN, TOP, MONTH_ONLY]
    visitor = Visitor(Club(stand_in, key, brand, client_for(brand), plans=plans), client_for)
    visitor.joins(price="month-EUR")
    visitor.club.settle()
    yield visitor
    brand.clock_shift = before


def test_an_add_on_is_charged_as_the_page_said_and_taken_off_again(anna: Visitor) -> None:
    club = anna.club
    club.advance(days=10)
    club.settle()
    assert "See what you can add to your plan." in anna.open("/membership/")
    shown = anna.open(f"{anna.base()}/extras/")
    assert "Another box €3 a month each" in shown
    assert "2 for €6 a month" in shown
    address = f"{anna.base()}/extras/extra/2/"
    shown = anna.open(address)
    due = int(anna.form(address)["due_minor"])
    assert 0 < due < 600
    assert f"Add and pay {money_words(due, 'EUR')}" in shown
    assert "Together with the plan €16 a month" in shown
    before = club.charged()
    assert "Done. You have 2 × Another box now." in anna.send(address)
    assert (club.charged() - before, held(club.subscription(anna.member))) == (due, [("extra", 2)])
    assert "2 × Another box, €6 a month" in anna.open("/membership/")
    off = f"{anna.base()}/extras/extra/0/"
    shown = anna.open(off)
    assert "Nothing is charged now." in shown
    assert "comes off your next invoice." in shown
    assert "Done. Another box is taken off." in anna.send(off)
    assert (club.charged() - before, held(club.subscription(anna.member))) == (due, [])


def test_a_second_click_adds_once_and_the_same_number_again_is_nothing_to_confirm(anna: Visitor) -> None:
    address = f"{anna.base()}/extras/extra/1/"
    anna.open(address)
    fields = anna.form(address)
    for _click in range(2):
        assert anna.client.post(address, fields).status_code == 302
    assert SubscriptionChange.objects.filter(kind="add_on_asked").count() == 1
    assert anna.client.get(address).headers["Location"].endswith("/extras/")
    assert anna.club.charged() == 1300


def test_an_amount_that_changed_since_is_refused_and_shown_anew(anna: Visitor) -> None:
    address = f"{anna.base()}/extras/extra/1/"
    anna.open(address)
    due = anna.form(address)["due_minor"]
    shown = anna.send(address, due_minor=str(int(due) - 1))
    assert anna.last.status_code == 409
    assert "isn't what was shown any more" in shown
    assert anna.form(address)["due_minor"] == due
    assert (anna.club.charged(), held(anna.club.subscription(anna.member))) == (1000, [])


def test_a_card_that_declines_leaves_it_off_and_says_where_to_pay(anna: Visitor) -> None:
    anna.open("/membership/")
    anna.send(f"{anna.base()}/card/")
    anna.pays(DECLINES_LATER)
    anna.club.settle()
    address = f"{anna.base()}/extras/extra/1/"
    anna.open(address)
    assert "The payment didn’t go through" in anna.send(address)
    assert anna.last.status_code == 402
    assert held(anna.club.subscription(anna.member)) == []


def test_what_does_not_fit_is_not_there_and_another_members_neither(anna: Visitor, client_for: ClientFor) -> None:
    for path in ("extras/extra/4/", "extras/plus/1/", "extras/nothing/1/"):
        assert anna.client.get(f"{anna.base()}/{path}").status_code == 404
    address = f"{anna.base()}/extras/extra/1/"
    other = Visitor(anna.club, client_for, "Bob")
    assert other.client.get(address).status_code == 404
    assert other.client.post(address, {"key": "k" * 24}).status_code == 404
    anna.open(address)
    assert anna.client.post(address, {"key": "short"}).status_code == 400


def test_what_is_in_the_way_of_another_plan_is_said_beside_it_with_where_to_see_to_it(anna: Visitor) -> None:
    base = anna.base()
    assert "off first" not in anna.open(f"{base}/change/")
    for add_on in ("extra", "gift"):
        anna.open(f"{base}/extras/{add_on}/1/")
        anna.send(f"{base}/extras/{add_on}/1/")
    shown = anna.open(f"{base}/change/")
    page = anna.last.content.decode()
    # The box goes with one of the two other plans; the gift isn't to be had by the year.
    assert shown.count("Take Another box off first.") == 1
    assert shown.count("Take A gift off first.") == 1
    assert f'href="{base}/extras/"' in page
    assert f"{base}/change/max/month-EUR/" in page
    assert f"{base}/change/lean/" not in page
    assert f"{base}/change/plus/year-EUR/" not in page
    for add_on in ("extra", "gift"):
        anna.open(f"{base}/extras/{add_on}/0/")
        anna.send(f"{base}/extras/{add_on}/0/")
    assert "off first" not in anna.open(f"{base}/change/")
    assert f"{base}/change/plus/year-EUR/" in anna.last.content.decode()


def test_while_another_plan_is_to_begin_the_page_says_why_nothing_can_be_changed(anna: Visitor) -> None:
    address = f"{anna.base()}/change/lean/month-EUR/"
    anna.open(address)
    anna.send(address)
    shown = anna.open(f"{anna.base()}/extras/")
    assert "Another plan begins with the next period." in shown
    assert "for €3 a month" not in shown
