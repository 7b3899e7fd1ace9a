"""Who leaves a payment out is told what truly isn't charged, and what truly is after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import GOOD, SECTION, Club
from tests.conftest import ClientFor

Json = dict[str, Any]
OFFER: Json = {"percent": "50", "duration": "once"}
HALF: Json = {"percent": "50", "duration": "repeating", "months": 6}
Join = Callable[..., Visitor]


@pytest.fixture
def join(stand_in: LocalStripe, key: str, brand: Brand, client_for: ClientFor) -> Iterator[Join]:
    """Anna, on plus for 10 euros a month, or 100 a year."""
    shift = brand.clock_shift

    def joined(
        intro: Json | None = None,
        trial: Json | None = None,
        card: str | None = GOOD,
        price: str = "month-EUR",
        **section: Any,
    ) -> Visitor:
        plans = deepcopy(SECTION["plans"])
        charge = next(each for each in plans if each["code"] == "plus")["charge"]
        charge |= {name: told for name, told in (("intro", intro), ("trial", trial)) if told}
        visitor = Visitor(Club(stand_in, key, brand, client_for(brand), plans=plans, **section), client_for)
        visitor.open("/plans/plus/")
        visitor.send("/plans/plus/", price=price)
        visitor.pays(card)
        visitor.club.settle()
        return visitor

    yield joined
    brand.clock_shift = shift


def renewed(anna: Visitor) -> None:
    end = anna.club.subscription(anna.member).period_end
    assert end is not None
    anna.club.advance(to=end + timedelta(hours=2))
    anna.club.settle()


def skipped(anna: Visitor) -> str:
    """The page before it, and then it is left out."""
    shown = anna.open(f"{anna.base()}/pause/")
    anna.post(f"{anna.base()}/pause/", anna.form(f"{anna.base()}/pause/", which=0))
    anna.club.settle()
    return shown


def test_a_discount_for_one_payment_is_said_to_go_with_the_one_that_is_skipped(join: Join) -> None:
    anna = join(stay_offer=OFFER)
    anna.open(f"{anna.base()}/leave/?step=offer")
    anna.send(f"{anna.base()}/offer/")
    shown = skipped(anna)
    assert "€5 on" in shown
    assert ", with €10." in shown
    assert "Your discount is for one payment: it goes with the one you skip." in shown
    assert "€10 on" in anna.open(f"{anna.base()}/next/")
    for _cycle in range(2):
        renewed(anna)
    assert anna.club.charged() == 1000 + 1000


def test_a_discount_that_lasts_is_in_what_is_charged_after_it(join: Join) -> None:
    anna = join(intro=HALF)
    shown = skipped(anna)
    assert "€5 on" in shown
    assert ", with €5." in shown
    assert "goes with the one you skip" not in shown
    exact = anna.open(f"{anna.base()}/next/")
    assert "€5 on" in exact
    assert "instead of €10" in exact
    for _cycle in range(2):
        renewed(anna)
    assert anna.club.charged() == 500 + 500


def test_where_stripe_is_away_our_own_figures_stand_there(join: Join) -> None:
    anna = join()
    anna.club.control("faults", faults=[{"path": "/v1/", "kind": "status", "status": 503, "times": 20}])
    shown = anna.open(f"{anna.base()}/pause/")
    assert "€10 on" in shown
    assert ", with €10." in shown


def paused(anna: Visitor) -> str:
    """Into the middle of three months that are left out: the page about going on."""
    anna.open(f"{anna.base()}/pause/")
    anna.send(f"{anna.base()}/pause/", months="3")
    anna.club.advance(days=40)
    anna.club.settle()
    return anna.open(f"{anna.base()}/resume/")


def test_going_on_says_and_charges_what_it_costs_with_the_discount_that_lasts(join: Join) -> None:
    anna = join(intro=HALF)
    shown = paused(anna)
    assert "€5 is charged now, and a new period begins today." in shown
    assert "Go on and pay €5" in shown
    anna.send("")
    anna.club.settle()
    assert anna.club.charged() == 500 + 500


def test_going_on_where_stripe_is_away_says_our_own_figures(join: Join) -> None:
    anna = join()
    assert "€10 is charged now" in paused(anna)
    anna.club.control("faults", faults=[{"path": "/v1/", "kind": "status", "status": 503, "times": 20}])
    assert "€10 is charged now" in anna.open(f"{anna.base()}/resume/")


def test_going_on_after_a_trial_without_a_card_says_it_with_the_discount(join: Join) -> None:
    anna = join(intro=HALF, trial={"days": 14, "card": False, "at_end": "pause"}, card=None)
    anna.club.advance(days=15)
    anna.club.settle()
    anna.open("/membership/")
    anna.send(f"{anna.base()}/card/")
    anna.pays()
    anna.club.settle()
    assert "€5 is charged now" in anna.open(f"{anna.base()}/resume/")
    anna.send("")
    anna.club.settle()
    assert anna.club.charged() == 500


def test_the_letter_before_a_year_renews_says_what_is_charged_with_the_discount(join: Join) -> None:
    anna = join(intro={"percent": "50", "duration": "forever"}, price="year-EUR")
    end = anna.club.subscription(anna.member).period_end
    assert end is not None
    anna.club.advance(to=end - timedelta(days=13))
    anna.club.settle()
    [letter] = [each for each in mail.outbox if "renews on" in each.subject]
    assert "for €50." in letter.body
    anna.club.advance(to=end + timedelta(hours=2))
    anna.club.settle()
    assert anna.club.charged() == 5000 + 5000
