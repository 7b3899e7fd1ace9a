"""What members are told before money moves: that a trial ends, that a year renews. By our own clock, once for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing.models import Subscription, SubscriptionChange
from billing.plans import section_now
from billing.selectors import next_charge
from billing.timeline import happened
from billing.upcoming import next_invoice
from core import clock
from core.errors import DomainError
from loyalty.models import Program

Billing = Subscription.Billing
AT_ONCE = 500


def notices_sweep() -> int:
    """The sweep's part. How many were told."""
    return sum(notice for program_id in _programs() for notice in _of(program_id, clock.now()))


def _programs() -> list[int]:
    return list(Program.objects.filter(plans__isnull=False, archived_at__isnull=True).distinct().values_list(flat=True))


def _of(program_id: int, now: datetime) -> Iterator[int]:
    section = section_now(program_id)
    rows = Subscription.objects.filter(
        plan__program_id=program_id, ended_at__isnull=True, duplicate=False, cancel_at__isnull=True
    ).select_related("plan__program", "member", "price", "next_price")
    trials = rows.filter(
        billing=Billing.TRIALING, trial_end__gt=now, trial_end__lte=now + timedelta(days=section.trial_notice_days)
    )
    yield _tell(trials, "trial_ending", "trial_end")
    years = rows.filter(
        billing=Billing.ACTIVE, price__every="year", collection_paused=False, period_end__gt=now,
        period_end__lte=now + timedelta(days=section.yearly_notice_days),
    )  # fmt: skip
    yield _tell(years, "renewal_near", "period_end")


def _tell(rows: QuerySet[Subscription], kind: str, field: str) -> int:
    found = 0
    lately = SubscriptionChange.objects.filter(
        subscription=OuterRef("pk"), kind=kind, at__gte=clock.now() - timedelta(days=60)
    )
    fresh = rows.filter(~Exists(lately))
    for row in fresh[:AT_ONCE]:
        when: datetime = getattr(row, field)
        amount, currency = _renews_for(row) if kind == "renewal_near" else _costs(row)
        with transaction.atomic():
            found += happened(
                row, kind, key=when.isoformat(), on=when.isoformat(), has_card=row.has_card, amount_minor=amount,
                currency=currency,
            )  # fmt: skip
    return found


def _costs(row: Subscription) -> tuple[int, str]:
    """What is charged then, with add-ons and for all of how many they have; what it would be where no card is known."""
    charge, price = next_charge(row), row.then_price or row.price
    if charge is not None:
        return charge.amount_minor, charge.currency
    return (price.amount_minor * row.quantity, price.currency) if price is not None else (0, "")


def _renews_for(row: Subscription) -> tuple[int, str]:
    """As Stripe would charge it, with discounts and credit; where it doesn't answer, as our own rows have it."""
    try:
        told = next_invoice(row)
    except DomainError:
        told = None
    return (told.due_minor, told.currency) if told is not None else _costs(row)
