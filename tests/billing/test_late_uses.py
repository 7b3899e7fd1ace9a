"""Uses that are told of when their own period has been billed: on the next invoice, within its limit, or staff see why
not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from billing.errors import UsageCapReached
from billing.leaving import subscription_cancel
from billing.metering import NO_ROOM, OVER, usage_cap_set, usage_of, uses_send
from billing.models import MeteredUse
from core import clock
from members.models import Member
from rewards.benefits.uses import benefit_use_take_back
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import Club
from tests.billing.test_metering import METER, PLUS, renew, uses
from tests.loyalty import shop

EVENTS: dict[str, Any] = {"method": "POST", "path": "/v1/billing/meter_events"}
AWAY: dict[str, Any] = {**EVENTS, "kind": "status", "status": 503, "times": 99}


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PLUS, METER])
    brand.clock_shift = shift


def month_before(club: Club) -> tuple[Member, datetime]:
    """A member in their second period, and a moment in the first."""
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    at = clock.now()
    renew(club, ann)
    club.advance(days=1)
    return ann, at


def paid(club: Club, who: Member) -> list[int]:
    return [each.paid_minor for each in club.invoices(who)]


def test_a_use_of_a_period_that_was_billed_is_on_the_next_invoice_and_counts_for_its_limit(club: Club) -> None:
    ann, before = month_before(club)
    row = club.subscription(ann)
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=300, actor=shop.PARTNER)
    uses(ann, "late", units=4, at=before)
    [shown] = usage_of(row)
    assert (shown.used, shown.late, shown.due_minor) == (4, 4, 300)
    with pytest.raises(UsageCapReached):
        uses(ann, "now")
    assert uses_send() == 1
    renew(club, ann)
    assert paid(club, ann) == [1000, 1000, 1300]
    assert [(each.used, each.late) for each in usage_of(club.subscription(ann))] == [(0, 0)]


def test_a_use_that_waited_until_its_period_was_billed_is_on_the_next_invoice(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    uses(ann, "a", units=4)
    club.control("faults", faults=[AWAY])
    row = renew(club, ann)
    assert MeteredUse.objects.get().state == "waiting"
    club.control("faults", faults=[])
    assert (uses_send(), [each.late for each in usage_of(row)]) == (1, [4])
    renew(club, ann)
    assert paid(club, ann) == [1000, 1000, 1300]


def test_one_that_stripe_had_taken_before_its_period_ended_stays_in_that(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    use = uses(ann, "a", units=4)
    club.control("faults", faults=[{**EVENTS, "kind": "lost_reply", "times": 3}])
    assert uses_send() == 0
    club.control("faults", faults=[AWAY])
    row = renew(club, ann)
    assert (paid(club, ann), MeteredUse.objects.get().state) == ([1000, 1300], "waiting")
    club.control("faults", faults=[])
    uses_send()
    kept = MeteredUse.objects.get()
    assert (kept.state, kept.counts_at, [each.used for each in usage_of(row)]) == ("sent", use.used_at, [0])
    renew(club, ann)
    assert paid(club, ann) == [1000, 1300, 1000]


def test_one_that_waited_is_never_billed_beyond_the_limit_of_the_period_that_runs(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=300, actor=shop.PARTNER)
    club.advance(days=1)
    early = uses(ann, "a", units=4)
    club.control("faults", faults=[AWAY])
    renew(club, ann)
    # It is kept room for, from when the sweep first came to it: what comes before that goes first.
    with pytest.raises(UsageCapReached):
        uses(ann, "b", units=4)
    MeteredUse.objects.update(counts_at=early.used_at, moved_from=None)
    uses(ann, "b", units=4)
    club.control("faults", faults=[])
    uses_send()
    lost = MeteredUse.objects.get(use_id=early.pk)
    assert (lost.state, lost.error) == ("failed", NO_ROOM)
    assert [(each.used, each.due_minor) for each in usage_of(row)] == [(4, 300)]
    renew(club, ann)
    assert paid(club, ann) == [1000, 1000, 1300]


@pytest.mark.parametrize("billed", [False, True])
def test_a_late_use_that_is_taken_back_costs_nothing(club: Club, billed: bool) -> None:
    ann, before = month_before(club)
    use = uses(ann, "late", units=4, at=before)
    uses_send()
    club.advance(days=2)
    if billed:
        renew(club, ann)
    benefit_use_take_back(use=use, actor=shop.PARTNER, reason="Mistake")
    uses_send()
    renew(club, ann)
    assert paid(club, ann) == ([1000, 1000, 1300, 700] if billed else [1000, 1000, 1000])


def test_who_has_left_meanwhile_is_charged_nothing_and_staff_see_why(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    club.advance(days=1)
    before = clock.now()
    subscription_cancel(subscription=row, reason="unused", actor=shop.STAFF)
    uses(ann, "waits", units=4)
    club.control("faults", faults=[AWAY])
    renew(club, ann)
    club.control("faults", faults=[])
    uses(ann, "late", units=4, at=before)
    uses_send()
    assert club.state(ann) == "ended"
    assert set(MeteredUse.objects.values_list("state", "error")) == {("failed", OVER)}
    assert club.charged() == 1000
