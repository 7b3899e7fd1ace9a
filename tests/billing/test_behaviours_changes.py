"""Behaviours 14 to 22: cards, plans that change, pauses, leaving and coming back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.cards import card_change
from billing.changing import subscription_change, subscription_change_withdraw, subscription_preview
from billing.errors import NotPossibleNow, PaymentNeeded, PreviewStale
from billing.gateway import ask
from billing.leaving import money_back, subscription_cancel, subscription_keep, subscription_leave_refunded
from billing.models import Invoice, Subscription, SubscriptionChange
from billing.pausing import subscription_pause, subscription_resume, subscription_skip
from billing.plans import plan_named
from billing.staying import ladder_of, offer_take, step_note
from core import clock
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import DECLINES_LATER, GOOD, Club, told
from tests.loyalty import shop

MEMBER = shop.STAFF


def upgrade(club: Club, who: Member, plan: str = "max", price: str = "month-EUR") -> Subscription:
    row = club.subscription(who)
    shown = subscription_preview(subscription=row, plan=plan_named(plan), price=price)
    return subscription_change(
        subscription=row, plan=plan_named(plan), price=price, shown_at=shown.shown_at, due_minor=shown.due_minor,
        actor=MEMBER,
    )  # fmt: skip


def bad_card(club: Club, who: Member) -> None:
    """From now on the card that pays declines."""
    page = card_change(
        subscription=club.subscription(who), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=MEMBER,
    )  # fmt: skip
    assert club.press(page.url, DECLINES_LATER).status == 303
    club.settle()


# --- 16, 17, 18 ------------------------------------------------------------------------------------------------------
def test_behaviour_16_what_was_shown_is_what_is_charged(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=11)
    shown = subscription_preview(subscription=club.subscription(ann), plan=plan_named("max"), price="month-EUR")
    assert shown.at == "now"
    assert 0 < shown.due_minor < 1500
    before = club.charged()
    row = subscription_change(
        subscription=club.subscription(ann), plan=plan_named("max"), price="month-EUR", shown_at=shown.shown_at,
        due_minor=shown.due_minor, actor=MEMBER,
    )  # fmt: skip
    assert club.charged() - before == shown.due_minor
    club.settle()
    assert (row.plan.code, club.plan(ann)) == ("max", "max")
    assert [each["to_plan"] for each in told("subscription.changed")] == ["max"]
    # A second click.
    subscription_change(
        subscription=row, plan=plan_named("max"), price="month-EUR", shown_at=shown.shown_at,
        due_minor=shown.due_minor, actor=MEMBER,
    )  # fmt: skip
    assert club.charged() - before == shown.due_minor


def test_behaviour_16_an_amount_that_changed_since_is_refused(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=5)
    row = club.subscription(ann)
    shown = subscription_preview(subscription=row, plan=plan_named("max"))
    with pytest.raises(PreviewStale):
        subscription_change(
            subscription=row, plan=plan_named("max"), shown_at=shown.shown_at, due_minor=shown.due_minor - 1,
            actor=MEMBER,
        )  # fmt: skip
    club.advance(days=1)
    with pytest.raises(PreviewStale):
        subscription_change(
            subscription=row, plan=plan_named("max"), shown_at=shown.shown_at, due_minor=shown.due_minor, actor=MEMBER
        )
    assert (club.charged(), club.subscription(ann).plan.code) == (1000, "plus")


def test_behaviour_16_a_payment_that_fails_keeps_the_old_plan(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    bad_card(club, ann)
    club.advance(days=5)
    with pytest.raises(PaymentNeeded):
        upgrade(club, ann)
    club.settle()
    assert (club.subscription(ann).plan.code, club.plan(ann), club.charged()) == ("plus", "plus", 1000)
    club.advance(days=2)
    club.settle()
    assert (club.subscription(ann).plan.code, club.state(ann)) == ("plus", "active")


def test_behaviour_17_less_begins_with_the_next_period(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann, "max")
    row = upgrade(club, ann, "plus")
    assert (row.plan.code, row.next_price is not None and row.next_price.plan.code) == ("max", "plus")
    club.settle()
    assert (club.plan(ann), club.charged()) == ("max", 2500)
    club.advance(days=32)
    club.settle()
    row = club.subscription(ann)
    assert (row.plan.code, row.next_price, club.plan(ann), club.charged()) == ("plus", None, "plus", 3500)


def test_behaviour_17_it_can_be_withdrawn_and_then_left(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann, "max")
    row = upgrade(club, ann, "plus")
    row = subscription_change_withdraw(subscription=row, actor=MEMBER)
    assert (row.next_price, row.schedule_id) == (None, "")
    row = upgrade(club, ann, "plus")
    row = subscription_cancel(subscription=row, reason="unused", actor=MEMBER)
    assert row.cancel_at == row.period_end
    club.advance(days=32)
    club.settle()
    assert (club.state(ann), club.charged(), club.plan(ann)) == ("ended", 2500, None)


def test_behaviour_18_from_month_to_year_and_back(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=10)
    row = upgrade(club, ann, "plus", "year-EUR")
    club.settle()
    row = club.subscription(ann)
    assert row.price is not None
    assert row.period_end is not None
    assert (row.price.code, row.period_end > clock.now() + timedelta(days=360)) == ("year-EUR", True)
    row = upgrade(club, ann, "plus", "month-EUR")
    assert row.next_price is not None
    assert row.next_price.code == "month-EUR"
    charged = club.charged()
    club.advance(days=367)
    club.settle()
    row = club.subscription(ann)
    assert (row.price.code if row.price else "", club.charged() - charged) == ("month-EUR", 1000)


# --- 19 --------------------------------------------------------------------------------------------------------------
def test_behaviour_19_a_skip_is_one_cycle(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    subscription_skip(subscription=club.subscription(ann), actor=MEMBER)
    club.settle()
    assert (club.state(ann), club.plan(ann)) == ("active", "plus")
    club.advance(days=35)
    club.settle()
    assert (club.state(ann), club.plan(ann), club.charged()) == ("paused", None, 1000)
    club.advance(days=31)
    club.settle()
    assert (club.state(ann), club.plan(ann), club.charged()) == ("active", "plus", 2000)


def test_behaviour_19_a_skip_is_taken_back_before_it_begins(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    subscription_skip(subscription=club.subscription(ann), actor=MEMBER)
    subscription_resume(subscription=club.subscription(ann), actor=MEMBER)
    club.advance(days=35)
    club.settle()
    assert (club.state(ann), club.charged()) == ("active", 2000)


def test_behaviour_19_a_pause_of_months_and_going_on_early(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    subscription_pause(subscription=club.subscription(ann), months=3, actor=MEMBER)
    club.advance(days=70)
    club.settle()
    assert (club.state(ann), club.charged()) == ("paused", 1000)
    row = subscription_resume(subscription=club.subscription(ann), actor=MEMBER)
    club.settle()
    assert (club.state(ann), club.plan(ann), club.charged()) == ("active", "plus", 2000)
    assert row.period_end is not None
    assert row.period_end > clock.now() + timedelta(days=27)


def test_behaviour_19_who_is_late_or_leaves_can_not_pause(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    subscription_cancel(subscription=club.subscription(ann), actor=MEMBER)
    with pytest.raises(NotPossibleNow):
        subscription_skip(subscription=club.subscription(ann), actor=MEMBER)
    subscription_keep(subscription=club.subscription(ann), actor=MEMBER)
    bad_card(club, ann)
    club.advance(days=32)
    club.settle()
    assert club.state(ann) == "past_due"
    with pytest.raises(NotPossibleNow):
        subscription_pause(subscription=club.subscription(ann), months=1, actor=MEMBER)


# --- 20, 21, 22 ------------------------------------------------------------------------------------------------------
def test_behaviour_20_leaving_at_the_end_and_staying_after_all(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    row = subscription_cancel(subscription=club.subscription(ann), reason="too_expensive", actor=MEMBER)
    assert (row.cancel_at, club.plan(ann)) == (row.period_end, "plus")
    again = subscription_cancel(subscription=row, reason="too_expensive", actor=MEMBER)
    assert again.cancel_at == row.cancel_at
    row = subscription_keep(subscription=row, actor=MEMBER)
    assert row.cancel_at is None
    subscription_cancel(subscription=row, actor=MEMBER)
    club.advance(days=32)
    club.settle()
    assert (club.state(ann), club.plan(ann), club.charged()) == ("ended", None, 1000)
    assert len(told("subscription.ended")) == 1


def test_behaviour_20_leaving_now(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    row = subscription_cancel(subscription=club.subscription(ann), when="now", actor=MEMBER)
    club.settle()
    assert (row.billing, club.state(ann), club.plan(ann), club.charged()) == ("canceled", "ended", None, 1000)


def test_behaviour_20_what_the_dashboard_or_a_portal_changes_is_followed(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    assert row.period_end is not None
    ends = int(row.period_end.timestamp())
    ask(club.connection, lambda v1: v1.subscriptions.update(str(row.stripe_id), {"cancel_at": ends}))
    club.settle()
    row = club.subscription(ann)
    assert row.cancel_at == row.period_end
    row = subscription_keep(subscription=row, actor=MEMBER)
    assert row.cancel_at is None


def test_behaviour_21_the_reason_is_kept_here_and_told_to_stripe(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    row = subscription_cancel(
        subscription=club.subscription(ann), reason="switched", comment="Elsewhere is nearer", actor=MEMBER
    )
    asked = SubscriptionChange.objects.get(subscription=row, kind="cancel_asked")
    assert (asked.details["reason"], asked.details["comment"]) == ("switched", "Elsewhere is nearer")
    details = club.thing("subscription", str(row.stripe_id))["cancellation_details"]
    assert (details["feedback"], details["comment"]) == ("switched_service", "Elsewhere is nearer")


def test_behaviour_22_coming_back_keeps_the_past_and_brings_no_second_trial(club: Club) -> None:
    ann = club.somebody()
    first = club.joined(ann, "trial")
    assert club.state(ann) == "trialing"
    subscription_cancel(subscription=first, when="now", actor=MEMBER)
    club.settle()
    again = club.joined(ann, "trial")
    assert (again.pk != first.pk, club.state(ann), club.charged()) == (True, "active", 1000)
    assert Subscription.objects.filter(member=ann).count() == 2
    assert first.changes.count() > 0


# --- 14, 15 ----------------------------------------------------------------------------------------------------------
def test_behaviour_15_a_new_card_pays_what_is_open(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    bad_card(club, ann)
    club.advance(days=32)
    club.settle()
    assert (club.state(ann), club.charged()) == ("past_due", 1000)
    page = card_change(
        subscription=club.subscription(ann), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=MEMBER,
    )  # fmt: skip
    assert club.press(page.url, GOOD).status == 303
    club.settle()
    assert (club.state(ann), club.charged(), len(told("subscription.recovered"))) == ("active", 2000, 1)


def test_behaviour_14_paying_what_is_open_brings_an_unpaid_one_back(club: Club) -> None:
    club.control("keys", settings={"after_retries": "unpaid"})
    ann = club.somebody()
    club.joined(ann)
    bad_card(club, ann)
    club.advance(days=80)
    club.settle()
    assert (club.subscription(ann).billing, club.state(ann), club.plan(ann)) == ("unpaid", "suspended", None)
    assert Invoice.objects.filter(member=ann, status="draft").exists()
    page = card_change(
        subscription=club.subscription(ann), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=MEMBER,
    )  # fmt: skip
    club.press(page.url, GOOD)
    club.settle()
    assert (club.subscription(ann).billing, club.plan(ann)) == ("active", "plus")


def test_behaviour_14_what_is_paid_after_leaving_brings_no_access(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    bad_card(club, ann)
    club.advance(days=32)
    club.settle()
    subscription_cancel(subscription=row, when="now", actor=MEMBER)
    club.settle()
    # What was owed isn't any more, so nobody can pay it by mistake.
    assert Invoice.objects.filter(member=ann, status="open").count() == 0
    assert (club.state(ann), club.plan(ann)) == ("ended", None)


# --- 24: money back on leaving ---------------------------------------------------------------------------------------
def test_leaving_within_the_withdrawal_gives_everything_back(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    back = money_back(row)
    assert back is not None
    assert (back.amount_minor, back.why) == (1000, "withdrawal")
    subscription_leave_refunded(subscription=row, actor=MEMBER)
    club.settle()
    assert (club.state(ann), club.charged(), club.plan(ann)) == ("ended", 0, None)
    assert club.invoices(ann)[0].refunded_minor == 1000


def test_after_the_withdrawal_nothing_comes_back_unless_the_brand_says_so(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    club.advance(days=15)
    assert money_back(row) is None
    with pytest.raises(NotPossibleNow):
        subscription_leave_refunded(subscription=row, actor=MEMBER)
    assert club.state(ann) == "active"


# --- 21: the offer ---------------------------------------------------------------------------------------------------
def test_behaviour_21_the_offer_to_stay_is_taken_once_and_leaving_is_always_there(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Any
) -> None:
    shift = brand.clock_shift
    club = Club(stand_in, key, brand, client_for(brand), stay_offer={"percent": "50", "duration": "once"})
    ann = club.somebody()
    row = club.joined(ann)
    ladder = ladder_of(row)
    assert ladder.steps == ("reason", "pause", "offer", "confirm")
    step_note(subscription=row, step="offer", actor=MEMBER)
    step_note(subscription=row, step="offer", actor=MEMBER)
    offer_take(subscription=row, actor=MEMBER)
    with pytest.raises(NotPossibleNow):
        offer_take(subscription=row, actor=MEMBER)
    assert ladder_of(row).steps == ("reason", "pause", "confirm")
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(hours=2))
    club.settle()
    assert club.charged() == 1500
    row = subscription_cancel(subscription=club.subscription(ann), actor=MEMBER)
    assert row.cancel_scheduled
    kinds = SubscriptionChange.objects.filter(kind__in=("cancel_step", "offer_taken", "cancel_asked"))
    assert sorted(kinds.values_list("kind", flat=True)) == ["cancel_asked", "cancel_step", "offer_taken"]
    brand.clock_shift = shift
