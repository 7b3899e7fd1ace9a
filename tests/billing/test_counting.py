"""Counts and filters by SQL say the same as the pure function that pages go by."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.access import facts_of, state_now
from billing.counting import subscriptions_counted, with_state
from billing.models import MembershipPlan, Subscription
from billing.plans import terms_of
from billing.standing import standing_at
from core import clock
from tests.billing.cast import document
from tests.loyalty import shop

pytestmark = pytest.mark.django_db

ROWS = 400


def some(random: Random, number: int, plans: list[MembershipPlan], now: datetime) -> Subscription:
    """One in any state that the columns can hold, and followed by access as the room does it."""

    def moment(share: float = 0.5) -> datetime | None:
        return now + timedelta(days=random.randint(-30, 30), seconds=1) if random.random() < share else None

    row = Subscription(
        member=shop.member(f"Somebody {number}"), plan=random.choice(plans), group=f"group{number}",
        billing=random.choice(Subscription.Billing.values), started_at=now, created_at=now, period_end=moment(0.9),
        paid_until=moment(), trial_end=moment(), cancel_at=moment(0.3), ended_at=moment(0.2),
        collection_paused=random.random() < 0.3, pause_began_at=moment(0.2), first_failed_at=moment(0.3),
        disputed=random.random() < 0.2, duplicate=random.random() < 0.1,
    )  # fmt: skip
    # What was held some time ago may be over by now: the sweep, which looks at those alone, comes a little later.
    facts, terms = facts_of(row), terms_of(row.plan.program_id)
    standing = standing_at(facts, terms, now - timedelta(days=random.choice((0, 0, 10))))
    standing = standing if standing.access == "held" else standing_at(facts, terms, now)
    row.access, row.access_until = standing.access, standing.until
    return row


@pytest.mark.parametrize("suspends", [True, False])
def test_every_state_is_the_same_by_sql(brand: Any, suspends: bool) -> None:
    shop.program(document(suspend_on_dispute=suspends))
    random, plans, now = Random(5), list(MembershipPlan.objects.all()), clock.now()
    Subscription.objects.bulk_create(some(random, number, plans, now) for number in range(ROWS))
    rows = with_state(Subscription.objects.select_related("plan"), now)
    wrong = [
        (row.pk, vars(row)["state"], state_now(row, now)) for row in rows if vars(row)["state"] != state_now(row, now)
    ]
    assert wrong == []
    assert len({vars(row)["state"] for row in rows}) == 10


def test_counting_thousands_asks_as_often_as_counting_none(brand: Any) -> None:
    shop.program(document())
    subscriptions_counted()  # the terms are read, and kept for a while
    with CaptureQueriesContext(connection) as none:
        assert subscriptions_counted().states == {}
    random, plans, now = Random(6), list(MembershipPlan.objects.all()), clock.now()
    Subscription.objects.bulk_create(some(random, number, plans, now) for number in range(50))
    with CaptureQueriesContext(connection) as many:
        found = subscriptions_counted()
    assert len(many) == len(none)
    assert sum(found.states.values()) == Subscription.objects.filter(duplicate=False).count()
