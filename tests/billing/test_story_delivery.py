"""A year of the delivery membership: a trial, months of all lengths, a skip, a card that fails, a year, and leaving.

Every amount is worked out by hand beside it; 8.99 a month, 89.90 a year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from billing.cards import card_change
from billing.changing import subscription_change, subscription_preview
from billing.leaving import money_back, subscription_leave_refunded
from billing.models import Invoice
from billing.pausing import subscription_skip
from billing.plans import plan_named
from loyalty.models import Enrollment
from loyalty.templates import template_document
from members.models import Member
from rewards.benefits.uses import benefit_use, benefit_use_take_back
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import DECLINES_LATER, GOOD, Club
from tests.loyalty import shop

pytestmark = pytest.mark.slow


@pytest.fixture
def club(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Club]:
    monkeypatch.setattr("tests.billing.cast.document", lambda **_section: template_document("delivery_membership"))
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), begins="2027-01-01T09:00")
    brand.clock_shift = shift


def renew(club: Club, who: Member) -> str:
    """To two hours after the end of the period; the day on which the next one ends."""
    row = club.subscription(who)
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(hours=2))
    club.settle()
    return str(club.subscription(who).period_end)[:10]


def card(club: Club, who: Member, number: str) -> None:
    page = card_change(
        subscription=club.subscription(who), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=shop.STAFF,
    )  # fmt: skip
    assert club.press(page.url, number).status == 303
    club.settle()


def test_a_year_of_the_delivery_membership_to_the_cent(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann, "delivery", "month-EUR")
    assert (club.state(ann), club.charged(), str(row.period_end)[:10]) == ("trialing", 0, "2027-01-31")

    # 31 January, 28 February, 31 March, 30 April, 31 May: 5 x 8.99 = 44.95.
    ends = [renew(club, ann) for _month in range(5)]
    assert ends == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]
    assert club.charged() == 44_95

    # June's renewal is left out: nothing is charged on the 30th, and July gives nothing.
    subscription_skip(subscription=club.subscription(ann), actor=shop.STAFF)
    assert renew(club, ann) == "2027-07-31"
    assert (club.charged(), club.state(ann), club.plan(ann)) == (44_95, "paused", None)
    assert renew(club, ann) == "2027-08-31"
    assert (club.charged(), club.state(ann), club.plan(ann)) == (53_94, "active", "delivery")

    # On 31 August the card fails; two days later another one pays the 8.99 at once: 62.93.
    card(club, ann, DECLINES_LATER)
    renew(club, ann)
    assert (club.state(ann), club.plan(ann), club.charged()) == ("past_due", "delivery", 53_94)
    club.advance(days=2)
    card(club, ann, GOOD)
    assert (club.state(ann), club.charged()) == ("active", 62_93)

    # 30 September: 71.92. Ten days of 31 later a year instead: 8.99 x 21 / 31 = 6.09 back, 89.90 - 6.09 = 83.81.
    renew(club, ann)
    assert club.charged() == 71_92
    row = club.subscription(ann)
    assert row.period_start is not None
    club.advance(to=row.period_start + timedelta(days=10))
    yearly = plan_named("delivery")
    shown = subscription_preview(subscription=row, plan=yearly, price="year-EUR")
    assert (shown.due_minor, shown.credit_minor) == (83_81, 6_09)
    subscription_change(
        subscription=row, plan=yearly, price="year-EUR", shown_at=shown.shown_at, due_minor=shown.due_minor,
        actor=shop.STAFF,
    )  # fmt: skip
    club.settle()
    assert club.charged() == 155_73

    # Nothing used since: who leaves gets the 83.81 back. Had a delivery been free, nothing.
    club.advance(days=3)
    row = club.subscription(ann)
    back = money_back(row)
    assert back is not None
    assert (back.amount_minor, back.why) == (83_81, "unused")
    use = benefit_use(
        enrollment=Enrollment.objects.get(member=ann), code="free_delivery", source="shop", external_id="D-1",
        actor=shop.PARTNER,
    )  # fmt: skip
    assert money_back(row) is None
    benefit_use_take_back(use=use, actor=shop.PARTNER, reason="Not sent")
    subscription_leave_refunded(subscription=row, actor=shop.STAFF)
    club.settle()
    assert (club.state(ann), club.plan(ann), club.charged()) == ("ended", None, 71_92)
    paid = Invoice.objects.filter(member=ann, paid_minor__gt=0)
    assert sum(each.paid_minor - each.refunded_minor for each in paid) == 71_92
