"""Memberships on the admin's first page."""

from __future__ import annotations

from billing.models import StripeConnection, StripeEvent
from tenants.models import Brand
from tests.billing.cast import Club
from tests.billing.desk import Entered, act, entered
from tests.billing.test_behaviours_changes import bad_card
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]
HOME = "/admin/"


def test_the_first_page_counts_who_is_active_in_trial_late_and_leaving(club: Club, entered: Entered) -> None:
    ann, bob, cas, dan, eve = (club.somebody(name) for name in ("Ann", "Bob", "Cas", "Dan", "Eve"))
    for who in (ann, cas, dan):
        club.joined(who)
    club.joined(club.somebody("Test", is_test=True))
    bad_card(club, dan)
    act(entered("support"), club.subscription(cas), "cancel")
    club.advance(days=25)
    club.joined(bob, "trial")
    club.joined(eve, "max")
    club.advance(days=7)
    club.settle()
    text = text_of(entered("owner").get(HOME))
    # Cas' month is over by now; Ann's was renewed.
    for words in ("Active 2", "In trial 1", "Payment late 1", "Leaving 0", "1 payment failed and is owed."):
        assert words in text
    act(entered("support"), club.subscription(eve), "cancel")
    assert "Leaving 1" in text_of(entered("owner").get(HOME))


def test_a_refused_key_and_events_given_up_on_are_told_to_who_can_do_something(club: Club, entered: Entered) -> None:
    club.joined(club.somebody())
    StripeConnection.objects.update(health="key_refused")
    StripeEvent.objects.filter(type="invoice.paid").update(state="failed")
    text = text_of(entered("owner").get(HOME))
    assert "Stripe refuses the key of" in text
    assert "1 event of Stripe was given up on." in text
    assert "Stripe refuses the key of" not in text_of(entered("analyst").get(HOME))


def test_a_brand_without_plans_sees_nothing_of_them(brand: Brand, entered: Entered) -> None:
    shop.program()
    assert "In trial" not in text_of(entered("owner").get(HOME))
