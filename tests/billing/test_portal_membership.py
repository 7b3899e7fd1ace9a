"""The pages of one's own membership: what is charged, changing, pausing, leaving, staying, coming back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from billing.customers import invoice_for
from billing.models import BillingProfile, Checkout, Invoice, Subscription, SubscriptionChange
from loyalty.moneywords import money_words
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import DECLINES_LATER, Club
from tests.conftest import ClientFor


@pytest.fixture
def anna(club: Club, client_for: ClientFor) -> Visitor:
    visitor = Visitor(club, client_for)
    visitor.joins(price="month-EUR")
    club.settle()
    return visitor


@pytest.fixture
def generous(stand_in: LocalStripe, key: str, brand: Brand, client_for: Any) -> Iterator[Visitor]:
    """At a club that offers something to stay, and pays back what wasn't used."""
    before = brand.clock_shift
    terms: dict[str, Any] = {
        "stay_offer": {"percent": "50", "duration": "once"}, "refund_unused": True, "withdrawal_days": 0
    }  # fmt: skip
    visitor = Visitor(Club(stand_in, key, brand, client_for(brand), **terms), client_for)
    visitor.joins(price="month-EUR")
    visitor.club.settle()
    yield visitor
    brand.clock_shift = before


def late(visitor: Visitor) -> None:
    """A month on, with a card that declines."""
    visitor.open("/membership/")
    visitor.send(f"{visitor.base()}/card/")
    visitor.pays(DECLINES_LATER)
    visitor.club.settle()
    visitor.club.advance(days=32)
    visitor.club.settle()


# --- changing --------------------------------------------------------------------------------------------------------
def test_the_amount_that_is_shown_is_what_is_charged(club: Club, anna: Visitor) -> None:
    club.advance(days=10)
    club.settle()
    shown = anna.open(f"{anna.base()}/change/")
    assert "Max: €25 a month (at once)" in shown
    address = f"{anna.base()}/change/max/month-EUR/"
    shown = anna.open(address)
    due = int(anna.form(address)["due_minor"])
    assert 0 < due < 1500
    assert f"Change and pay {money_words(due, 'EUR')}" in shown
    before = club.charged()
    shown = anna.send(address)
    assert "You have Max now." in shown
    assert club.charged() - before == due
    fields = {"key": "k" * 24}
    assert anna.client.post(address, fields).status_code == 302, "it is theirs already"
    assert club.charged() - before == due


def test_an_amount_that_changed_since_is_refused_and_shown_anew(club: Club, anna: Visitor) -> None:
    club.advance(days=10)
    club.settle()
    address = f"{anna.base()}/change/max/month-EUR/"
    anna.open(address)
    due = anna.form(address)["due_minor"]
    shown = anna.send(address, due_minor=str(int(due) - 1))
    assert anna.last.status_code == 409
    assert "isn't what was shown any more" in shown
    assert anna.form(address)["due_minor"] == due
    assert (club.charged(), club.subscription(anna.member).plan.code) == (1000, "plus")


def test_less_begins_with_the_next_period_and_can_be_taken_back(club: Club, client_for: ClientFor) -> None:
    anna = Visitor(club, client_for)
    anna.joins("max")
    club.settle()
    address = f"{anna.base()}/change/plus/month-EUR/"
    shown = anna.open(address)
    assert "Nothing is charged now." in shown
    shown = anna.send(address)
    assert "until then all stays as it is" in shown
    assert "Plus, €10 a month" in shown
    shown = anna.send(f"{anna.base()}/change/withdraw/")
    assert "It stays as it is." in shown
    assert club.subscription(anna.member).next_price is None


def test_a_payment_that_fails_keeps_the_plan_and_says_where_to_pay(club: Club, anna: Visitor) -> None:
    anna.open("/membership/")
    anna.send(f"{anna.base()}/card/")
    anna.pays(DECLINES_LATER)
    club.settle()
    club.advance(days=5)
    club.settle()
    address = f"{anna.base()}/change/max/month-EUR/"
    anna.open(address)
    shown = anna.send(address)
    assert anna.last.status_code == 402
    assert "The payment didn’t go through" in shown
    assert "/i/" in anna.last.content.decode()
    assert club.subscription(anna.member).plan.code == "plus"


# --- leaving payments out --------------------------------------------------------------------------------------------
def test_a_payment_is_skipped_and_that_is_taken_back(club: Club, anna: Visitor) -> None:
    anna.open(f"{anna.base()}/pause/")
    shown = anna.post(f"{anna.base()}/pause/", anna.form(f"{anna.base()}/pause/", which=0))
    assert SubscriptionChange.objects.filter(kind="skip_asked").count() == 1
    assert "Done. You’re charged again on" in shown
    assert "then it pauses and goes on on" in shown
    anna.open(f"{anna.base()}/resume/")
    shown = anna.send("")
    assert "It goes on." in shown
    assert "All of it is yours." in shown
    club.advance(days=35)
    club.settle()
    assert club.charged() == 2000


def test_a_pause_of_months_and_going_on_within_it_says_what_it_costs(club: Club, anna: Visitor) -> None:
    shown = anna.open(f"{anna.base()}/pause/")
    assert "3 months charged again on" in shown
    assert "You’re charged again on" in anna.send(f"{anna.base()}/pause/", months="3")
    club.advance(days=40)
    club.settle()
    shown = anna.open("/membership/")
    assert "Paused until" in shown
    shown = anna.open(f"{anna.base()}/resume/")
    assert "€10 is charged now, and a new period begins today." in shown
    anna.send("")
    assert (club.charged(), club.state(anna.member)) == (2000, "active")


def test_a_second_click_skips_once(club: Club, anna: Visitor) -> None:
    anna.open(f"{anna.base()}/pause/")
    fields = anna.form(f"{anna.base()}/pause/", which=0)
    for _click in range(2):
        anna.last = anna.client.post(f"{anna.base()}/pause/", fields, follow=True)
    assert b"paused already" not in anna.last.content
    assert SubscriptionChange.objects.filter(kind="skip_asked").count() == 1


# --- leaving ---------------------------------------------------------------------------------------------------------
def test_leaving_is_two_clicks_away_and_can_be_undone(club: Club, anna: Visitor) -> None:
    club.advance(days=15)
    club.settle()
    anna.open(f"{anna.base()}/leave/")
    shown = anna.send(f"{anna.base()}/leave/?step=reason", press="leave")
    assert "You’ve left. It’s yours until" in shown
    assert "It ends on" in shown
    shown = anna.send(f"{anna.base()}/keep/")
    assert "Good to have you." in shown
    assert not club.subscription(anna.member).cancel_scheduled


def test_the_ladder_has_its_steps_and_leaving_is_on_each(generous: Visitor) -> None:
    base, club = generous.base(), generous.club
    generous.open(f"{base}/leave/")
    shown = generous.send(f"{base}/leave/?step=reason", press="on", reason="too_expensive", comment="Dear")
    assert "step 2 of 4" in shown
    assert "Skip or pause instead" in shown
    for step, words in (("pause", "Or a break?"), ("offer", "50 % off your next payment"), ("confirm", "Leave?")):
        shown = generous.open(f"{base}/leave/?step={step}")
        assert words in shown
        assert "Leave on" in shown
        assert "Leave now and get €10 back" in shown
        assert generous.form(f"{base}/leave/?step={step}")
    generous.send(f"{base}/leave/?step=confirm", press="leave")
    asked = SubscriptionChange.objects.get(kind="cancel_asked")
    assert (asked.details["reason"], asked.details["comment"]) == ("too_expensive", "Dear")
    steps = SubscriptionChange.objects.filter(kind="cancel_step").values_list("details__step", flat=True)
    assert sorted(steps) == ["confirm", "offer", "pause", "reason"]
    assert club.subscription(generous.member).cancel_scheduled


def test_the_offer_is_taken_and_they_stay(generous: Visitor) -> None:
    base, club = generous.base(), generous.club
    assert "€10 on" in generous.open(f"{base}/next/")
    generous.open(f"{base}/leave/?step=offer")
    shown = generous.send(f"{base}/offer/")
    assert "The discount is on your next payment." in shown
    exact = generous.open(f"{base}/next/")
    assert "€5 on" in exact
    assert "instead of €10" in exact
    assert "Something for you" not in generous.open(f"{base}/leave/?step=offer"), "once is once"
    club.advance(days=32)
    club.settle()
    assert club.charged() == 1500


def test_the_next_payment_is_told_with_the_plan_that_follows_by_then(generous: Visitor) -> None:
    base, club = generous.base(), generous.club
    generous.open(f"{base}/change/max/month-EUR/")
    generous.send(f"{base}/change/max/month-EUR/")
    club.settle()
    generous.open(f"{base}/leave/?step=offer")
    generous.send(f"{base}/offer/")
    assert "€12.50 on" in generous.open(f"{base}/next/")
    generous.open(f"{base}/change/plus/month-EUR/")
    generous.send(f"{base}/change/plus/month-EUR/")
    exact = generous.open(f"{base}/next/")
    assert "€5 on" in exact
    assert "instead of €10" in exact
    paid = club.charged()
    club.advance(days=32)
    club.settle()
    assert club.charged() - paid == 500


def test_leaving_unused_pays_all_of_it_back(generous: Visitor) -> None:
    base, club = generous.base(), generous.club
    generous.open(f"{base}/leave/")
    shown = generous.send(f"{base}/leave/?step=reason", press="refund")
    assert "your money is on its way back" in shown
    club.settle()
    assert (club.charged(), club.state(generous.member)) == (0, "ended")
    shown = generous.open("/membership/")
    assert "ended on" in shown
    assert "€10 paid back" in shown


def test_who_left_comes_back_to_their_past(club: Club, anna: Visitor) -> None:
    anna.open(f"{anna.base()}/leave/")
    assert "You joined only lately" in anna.send(f"{anna.base()}/leave/?step=reason", press="on")
    anna.send(f"{anna.base()}/leave/?step=pause", press="refund")
    club.settle()
    anna.open("/membership/")
    assert 'href="/plans/plus/"' in anna.last.content.decode()
    assert "Active" in anna.joins(price="month-EUR")
    assert Subscription.objects.filter(member=anna.member).count() == 2


def test_a_reason_that_isn_t_one_is_refused(club: Club, anna: Visitor) -> None:
    anna.open(f"{anna.base()}/leave/")
    anna.send(f"{anna.base()}/leave/?step=reason", press="leave", reason="weather")
    assert anna.last.status_code == 422
    assert not club.subscription(anna.member).cancel_scheduled


# --- money -----------------------------------------------------------------------------------------------------------
def test_a_late_payment_is_told_on_every_page_and_a_new_card_pays_it_at_once(club: Club, anna: Visitor) -> None:
    late(anna)
    assert "A payment for Plus didn’t go through." in anna.open("/rewards/")
    shown = anna.open("/membership/")
    for each in ("Payment is late", "€10 is open", "What the plan gives stays yours until", "Pay the invoice itself"):
        assert each in shown
    [invoice] = Invoice.objects.filter(status="open")
    assert f'href="{invoice.hosted_url}"' in anna.last.content.decode()
    [letter] = [each for each in mail.outbox if "Your payment for Plus" in each.subject]
    assert "We couldn’t charge €10 for Plus. Give another card" in letter.body
    assert "If your bank wants you to confirm the payment, pay the invoice itself." in letter.body
    shown = anna.send(f"{anna.base()}/pay-open/")
    assert "The card was declined." in shown
    anna.send(f"{anna.base()}/card/")
    shown = anna.pays()
    assert "From now on this card pays." in shown
    assert "Active" in shown
    assert club.charged() == 2000
    assert "didn’t go through" not in anna.open("/rewards/")


def test_who_leaves_with_a_payment_open_owes_it_no_more(club: Club, anna: Visitor) -> None:
    late(anna)
    shown = anna.open(f"{anna.base()}/leave/?step=confirm")
    assert "the €10 that is open isn’t asked for any more" in shown
    anna.send(f"{anna.base()}/leave/?step=confirm", press="leave")
    club.settle()
    assert (club.state(anna.member), club.charged()) == ("ended", 1000)
    assert not Invoice.objects.filter(status="open").exists()


def test_invoices_are_listed_with_a_link_and_a_file(club: Club, anna: Visitor) -> None:
    shown = anna.open("/membership/invoices/")
    assert "€10 · Plus" in shown
    assert "Paid" in shown
    page = anna.last.content.decode()
    assert f"{club.server.url}/i/" in page
    assert "/pdf" in page


def test_who_the_invoices_are_for(club: Club, anna: Visitor) -> None:
    anna.open("/membership/details/")
    given = {"name": "Anna BV", "line1": "Kade 1", "postal_code": "1011 AB", "city": "Amsterdam", "country": "NL"}
    refused = anna.send("", **given, vat_id="123")
    assert anna.last.status_code == 422
    assert "Begin with the letters of a country" in refused
    anna.open("/membership/details/")
    assert "It stands on your invoices" in anna.send("", **given, vat_id="NL123456789B13")
    profile = BillingProfile.objects.get(member=anna.member)
    known = invoice_for(profile)
    assert (profile.name, known.address["city"], known.vat_id) == ("Anna BV", "Amsterdam", "NL123456789B13")
    assert "Amsterdam" not in str(profile.sealed)


# --- whose it is -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["change", "change/max/month-EUR", "pause", "resume", "leave"])
def test_another_member_s_membership_isn_t_there(club: Club, anna: Visitor, client_for: ClientFor, page: str) -> None:
    bob = Visitor(club, client_for, "Bob")
    assert bob.client.get(f"{anna.base()}/{page}/").status_code == 404


@pytest.mark.parametrize("page", ["keep", "card", "pay-open", "offer", "change/withdraw", "pause", "resume", "leave"])
def test_nobody_else_can_do_anything_with_it(club: Club, anna: Visitor, client_for: ClientFor, page: str) -> None:
    bob = Visitor(club, client_for, "Bob")
    sent = bob.client.post(f"{anna.base()}/{page}/", {"key": "k" * 24, "press": "leave"})
    assert sent.status_code == 404
    row = club.subscription(anna.member)
    assert (row.cancel_scheduled, row.collection_paused) == (False, False)
    assert Checkout.objects.filter(purpose="card").count() == 0


def test_a_form_without_its_key_changes_nothing(club: Club, anna: Visitor) -> None:
    for page, press in (("pause", ""), ("leave", "leave"), ("leave", "refund")):
        answer = anna.client.post(f"{anna.base()}/{page}/", {"press": press}, follow=True)
        assert "out of date" in answer.content.decode()
    row = club.subscription(anna.member)
    assert (row.cancel_scheduled, row.collection_paused, row.ended_at) == (False, False, None)


def test_a_stripe_that_is_away_is_told_and_loses_nothing(club: Club, anna: Visitor, settings: Any) -> None:
    anna.open(f"{anna.base()}/leave/")
    club.control("faults", faults=[{"kind": "status", "status": 503, "times": 100}])
    shown = anna.send(f"{anna.base()}/leave/?step=reason", press="leave")
    assert "can't be reached just now" in shown
    assert "All of it is yours." in shown


def test_in_dutch(club: Club, client_for: ClientFor) -> None:
    anna = Visitor(club, client_for, language="nl")
    anna.joins(price="month-EUR")
    client: Client = anna.client
    shown = client.get("/membership/", headers={"accept-language": "nl"}).content.decode()
    for each in ("Je lidmaatschap", "Volgende betaling", "per maand", "Opzeggen"):
        assert each in shown
