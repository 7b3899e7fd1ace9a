"""Where subscriptions stand, by SQL: the words of `standing.state_of` as a condition, so that thousands are filtered
and counted without being read. A test holds the two to each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When
from msgspec import Struct

from billing.models import Subscription
from billing.plans import terms_of
from core import clock
from loyalty.models import Program

Billing, Access = Subscription.Billing, Subscription.Access


class Counted(Struct, frozen=True, kw_only=True):
    """How many subscriptions stand where, at that time. leaving: of all that run, those that are to end."""

    at: datetime
    states: dict[str, int]
    leaving: int

    def __getitem__(self, state: str) -> int:
        return self.states.get(state, 0)


def with_state(rows: QuerySet[Any], now: datetime | None = None) -> QuerySet[Any]:
    """The same rows with the word for how each stands as `state`."""
    found: QuerySet[Any] = rows.annotate(state=_case(now or clock.now(), _suspending()))
    return found


def live_ones() -> QuerySet[Subscription]:
    """Those that count as somebody's plan; see `Subscription.live`."""
    rows = Subscription.objects.filter(ended_at__isnull=True, duplicate=False)
    return rows.exclude(billing__in=(*Subscription.OVER_STATES, Billing.INCOMPLETE))


def leaving_ones(rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Said that they leave, and aren't gone yet."""
    return rows.filter(cancel_at__isnull=False, ended_at__isnull=True, duplicate=False).exclude(
        billing__in=Subscription.OVER_STATES
    )


def subscriptions_counted() -> Counted:
    """By two counts, whatever their number. Test members are left out."""
    now = clock.now()
    rows = Subscription.objects.filter(duplicate=False, member__is_test=False)
    found = with_state(rows, now).order_by().values_list("state").annotate(Count("pk"))
    return Counted(at=now, states=dict(found), leaving=leaving_ones(rows).count())


def _suspending() -> list[int]:
    """Programs whose terms hold back what a plan gives while a payment is disputed."""
    programs = Program.objects.filter(plans__isnull=False).distinct().values_list("pk", flat=True)
    return [pk for pk in programs if terms_of(pk).suspend_on_dispute]


def _case(now: datetime, suspending: Iterable[int]) -> Case:
    over = Q(access_until__lte=now, access=Access.HELD)
    left = ~Q(plan__kind="recurring") | Q(cancel_at__lte=now)
    held = Q(access=Access.HELD) & (Q(access_until__isnull=True) | Q(access_until__gt=now))
    paused = Q(collection_paused=True) | Q(pause_began_at__isnull=False) | Q(billing=Billing.PAUSED)
    paid = Q(paid_until__gt=now)
    ended = Q(ended_at__isnull=False) | Q(billing__in=Subscription.OVER_STATES) | Q(access=Access.OVER)
    disputed = Q(disputed=True, plan__program_id__in=list(suspending))
    whens: list[tuple[Any, str]] = [
        (Q(duplicate=True), "duplicate"),
        (Q(billing=Billing.INCOMPLETE), "pending"),
        (ended | (over & left), "ended"),
        (~Q(plan__kind="recurring") & Q(access=Access.SUSPENDED), "suspended"),
        (Q(plan__kind="free"), "free"),
        (Q(plan__kind="one_fee"), "one_time"),
        (disputed, "suspended"),
        (paused & ~paid, "paused"),
        (paused, "active"),
        (Q(billing=Billing.PAST_DUE) & held, "past_due"),
        (Q(billing__in=(Billing.PAST_DUE, Billing.UNPAID)), "suspended"),
        (Q(billing=Billing.TRIALING), "trialing"),
    ]
    return Case(
        *[When(when, then=Value(word)) for when, word in whens],
        default=Value("active"),
        output_field=CharField(),
    )
