"""Passes: a fee that holds for a time. Who has one can buy it again: it holds that much longer, and what it gives in
all is given once more for each payment that wasn't given back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from billing.models import Invoice, MembershipPlan, Subscription
from billing.plans import definition_of
from billing.reading import ReadCharge
from billing.section import OneFee
from billing.timeline import happened
from billing.times import months_later
from core import clock
from loyalty.planuse import Bought
from members.models import Member

Billing = Subscription.Billing
# Beside a payment for a pass that the member had already when they paid for it: which one.
AGAIN = "again"


def fee_ends(fee: OneFee, paid_at: datetime) -> datetime | None:
    """Until when what was paid for holds: to the second, so many days or months later; None: for life."""
    if fee.valid_days is not None:
        return paid_at + timedelta(days=fee.valid_days)
    return months_later(paid_at, fee.valid_months) if fee.valid_months is not None else None


def fee_of(plan: MembershipPlan) -> OneFee:
    found = definition_of(plan).charge
    assert isinstance(found, OneFee)
    return found


def pass_held(there: Subscription, plan: MembershipPlan) -> bool:
    """Whether this is a pass that the member has, and may have more of."""
    return there.plan_id == plan.pk and plan.kind == "one_fee" and there.period_end is not None


def pass_more(member: Member, charge: ReadCharge, plan: MembershipPlan) -> Subscription | None:
    """The pass that this payment adds to; None where it is one by itself."""
    named = str(charge.metadata.get(AGAIN) or "")
    if not named:
        return None
    rows = Subscription.objects.filter(member=member, plan=plan, ended_at__isnull=True, duplicate=False)
    return (
        rows.filter(public_id=named, period_end__gt=charge.created_at).select_related("plan__program", "member").first()
    )


def pass_over(other: Subscription, at: datetime) -> bool:
    """Its time was over when something else was paid for; the sweep hasn't been by."""
    if other.plan.kind != "one_fee" or other.period_end is None or other.period_end > at:
        return False
    other.billing, other.ended_at = Billing.CANCELED, other.period_end
    other.save(update_fields=["billing", "ended_at"])
    happened(other, "ended", at=other.period_end)
    return True


def pass_follow(row: Subscription, charges: Iterable[ReadCharge]) -> None:
    """Until when it holds, by its payments that weren't given back, one after another: each as long as it was sold for.
    In the caller's transaction. charges: what was read of them; one that was paid at another account of the brand's
    counts as it was read last."""
    fee, ends, last = fee_of(row.plan), None, row.charged_at
    stands = False
    void = {each.payment_intent: fee_void(each) for each in charges}
    for invoice in _payments(row):
        paid_at = invoice.created_at
        if void.get(invoice.stripe_id, _void(invoice)):
            _period(invoice, paid_at, paid_at)
            continue
        begins = paid_at if ends is None else max(ends, paid_at)
        ends, stands, last = _holds(row, invoice, fee, begins), True, paid_at
        _period(invoice, begins, ends)
        if paid_at > row.started_at:
            happened(
                row, "bought_again", key=invoice.stripe_id, at=paid_at, topic="",
                until=ends.isoformat() if ends is not None else None,
            )  # fmt: skip
    if stands and row.ended_at is None and (row.period_end, row.charged_at) != (ends, last):
        row.period_end, row.charged_at = ends, last
        row.save(update_fields=["period_end", "charged_at"])


def fee_void(charge: ReadCharge) -> bool:
    """Given back whole, or taken back by the bank."""
    return charge.refunded >= charge.amount or charge.dispute == "lost"


def paid_elsewhere(row: Subscription, charges: Iterable[ReadCharge]) -> bool:
    """Whether a payment of it stands that was made at another account of the brand's, and so wasn't read with these."""
    read = {each.payment_intent for each in charges}
    return any(each.stripe_id not in read and not _void(each) for each in _payments(row))


def _payments(row: Subscription) -> QuerySet[Invoice]:
    return Invoice.objects.filter(subscription=row, reason="fee").order_by("created_at", "pk")


def _void(invoice: Invoice) -> bool:
    """As it was read last."""
    return invoice.period_end is not None and invoice.period_end == invoice.period_start


def _holds(row: Subscription, invoice: Invoice, fee: OneFee, begins: datetime) -> datetime | None:
    """Another version may sell it for longer: what was bought holds as long as it was sold for."""
    if invoice.period_start is not None and invoice.period_end is not None:
        sold = invoice.period_end - invoice.period_start
    elif begins == row.started_at and row.period_start is not None:
        # Of before payments said what they were for. Another one of that second begins where the first ends.
        return row.period_end
    else:
        sold = timedelta(0)
    return begins + sold if sold else fee_ends(fee, begins)


def _period(invoice: Invoice, begins: datetime, ends: datetime | None) -> None:
    if (invoice.period_start, invoice.period_end) != (begins, ends):
        invoice.period_start, invoice.period_end = begins, ends
        invoice.save(update_fields=["period_start", "period_end"])


def pass_times(*, member_id: int, plan: str) -> Bought | None:
    """The answer to `loyalty.planuse`: of a pass that runs."""
    rows = Subscription.objects.filter(
        member_id=member_id, plan__code=plan, plan__kind="one_fee", duplicate=False, ended_at__isnull=True,
        period_end__gt=clock.now(),
    )  # fmt: skip
    row = rows.order_by("pk").first()
    if row is None:
        return None
    paid = Invoice.objects.filter(subscription=row, reason="fee")
    standing = paid.filter(Q(period_end__isnull=True) | Q(period_end__gt=F("period_start")))
    return Bought(max(1, standing.count()), row.started_at)
