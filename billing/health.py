"""How the brand's account at Stripe is doing: when something came last, what waits, what the last comparisons found."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from billing.models import BillingDifference, BillingReport, StripeConnection, StripeEvent

State = StripeEvent.State


class AccountHealth(Struct, frozen=True, kw_only=True):
    """missed: events of the last hourly comparison that never came by webhook: addresses or secrets may be wrong."""

    webhook_at: datetime | None
    waiting: int
    failed: int
    hourly: BillingReport | None
    nightly: BillingReport | None
    missed: int


def health_of(account: StripeConnection) -> AccountHealth:
    events = StripeEvent.objects.filter(connection=account)
    last = events.filter(by="webhook").order_by("-pk").values_list("received_at", flat=True).first()
    hourly = _last(account, BillingReport.Kind.EVENTS)
    return AccountHealth(
        webhook_at=last,
        waiting=events.filter(state=State.WAITING).count(),
        failed=events.filter(state=State.FAILED).count(),
        hourly=hourly,
        nightly=_last(account, BillingReport.Kind.WHOLE),
        missed=hourly.differences.filter(kind=BillingDifference.Kind.MISSED_EVENT).count() if hourly else 0,
    )


def _last(account: StripeConnection, kind: str) -> BillingReport | None:
    return BillingReport.objects.filter(connection=account, kind=kind, finished_at__isnull=False).first()
