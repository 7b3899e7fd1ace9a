"""A metered use that was told to Stripe and then taken back: it isn't billed, or what it came to is given back.

Within a day Stripe takes the event itself back; later, while its period runs, as many uses less are told of the same
moment, which never makes less than none of them. What is billed already is credited on the next invoice, or paid back
where there is none to come.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.acting import account_of
from billing.catalog import meter_event
from billing.customers import customer_of
from billing.errors import NotPossibleNow, StripeRefused
from billing.foreseeing import beyond_minor
from billing.models import BillingOperation, Invoice, MeteredUse
from billing.operations import operation_run
from billing.refunding import invoice_refund
from billing.times import seconds_of
from billing.whenbilled import TOLD_WITHIN, last_invoice
from core import clock
from core.actor import Actor
from core.errors import InvalidInput

Json = dict[str, Any]
State, Status = MeteredUse.State, Invoice.Status
# Stripe takes an event back within a day.
TAKEN_BACK_WITHIN = timedelta(hours=23)
BEGINS = ("subscription_create", "subscription_cycle")


def use_named(row: MeteredUse) -> str:
    """Its id at Stripe."""
    return f"{row.item_id}-{row.use_id}"


def use_give_back(row: MeteredUse, actor: Actor) -> bool:
    """By the way that is open for it now; each is taken once, whoever asks again. False: it isn't known yet what was
    charged for it, look again. Not in a transaction. StripeUnavailable, StripeKeyRefused, StripeRefused."""
    if clock.now() - row.made_at < TAKEN_BACK_WITHIN and _cancelled(row, actor):
        return True
    way = _way(row)
    if way == "less":
        _less_told(row, actor)
    elif way == "credit":
        return _credited(row, actor)
    return way != "wait"


def _cancelled(row: MeteredUse, actor: Actor) -> bool:
    if _billed_by(row) is not None:
        return False
    params = {"event_name": meter_event(row.item.plan), "type": "cancel", "cancel": {"identifier": use_named(row)}}
    try:
        operation_run(
            connection=account_of(row.item.subscription), kind="meter_cancel", subject=use_named(row), params=params,
            actor=actor,
            request=lambda v1, given, options: v1.billing.meter_event_adjustments.create(given, options),
        )  # fmt: skip
    except StripeRefused:
        return False
    return True


def _way(row: MeteredUse) -> Literal["less", "credit", "wait", "nothing"]:
    subscription, now = row.item.subscription, clock.now()
    if subscription.trial_end is not None and row.counts_at < subscription.trial_end:
        return "nothing"
    if _billed_by(row) is not None:
        return "credit"
    if subscription.ended_at is not None or row.item.ended_at is not None:
        # Billed with the change or the end, if at all.
        return "credit" if last_invoice(row) is not None else "nothing"
    ends = subscription.period_end
    if ends is not None and now >= ends - timedelta(seconds=1):
        return "wait"
    return "less" if now - row.counts_at < TOLD_WITHIN else "wait"


def _done(requests: QuerySet[BillingOperation]) -> bool:
    """Done by a process that ended before it could say so here."""
    return requests.filter(state=BillingOperation.State.DONE).exists()


def _less_told(row: MeteredUse, actor: Actor) -> None:
    subscription = row.item.subscription
    named = f"{use_named(row)}-back"
    if _done(BillingOperation.objects.filter(kind="meter_less", subject=named)):
        return
    params = {
        "event_name": meter_event(row.item.plan),
        "identifier": named,
        "timestamp": seconds_of(row.counts_at),
        "payload": {
            "stripe_customer_id": customer_of(account_of(subscription), subscription.member),
            "value": str(-row.units),
        },
    }
    try:
        operation_run(
            connection=account_of(subscription), kind="meter_less", subject=named, params=params, actor=actor,
            request=lambda v1, given, options: v1.billing.meter_events.create(given, options),
        )  # fmt: skip
    except StripeRefused as error:
        if error.context.get("stripe_code") != "duplicate_meter_event":
            raise


# --- what is billed already ------------------------------------------------------------------------------------------
def _periods(row: MeteredUse) -> list[tuple[datetime, Invoice]]:
    """When each period began that is over, and the invoice at its end: what counts in it is on that one."""
    found = Invoice.objects.filter(subscription=row.item.subscription, reason__in=BEGINS).order_by("created_at", "pk")
    return [(before.created_at, after) for before, after in pairwise(found)]


def _billed_by(row: MeteredUse) -> Invoice | None:
    for began, invoice in _periods(row):
        if began <= row.counts_at < invoice.created_at:
            return invoice
    return None


def _credited(row: MeteredUse, actor: Actor) -> bool:
    invoice = _billed_by(row) or last_invoice(row)
    assert invoice is not None
    if invoice.status in (Status.DRAFT, Status.OPEN):
        return False
    left = invoice.paid_minor - invoice.refunded_minor
    amount = min(left, _came_to(row, invoice))
    if invoice.status != Status.PAID or amount <= 0:
        return True
    subscription = row.item.subscription
    if subscription.ended_at is not None or subscription.cancel_at is not None:
        _paid_back(row, invoice, amount, actor)
    else:
        _taken_off(row, amount, actor)
    return True


def _came_to(row: MeteredUse, invoice: Invoice) -> int:
    """What the period's uses came to with it, less what they come to without. Those given back before count no more."""
    subscription, at = row.item.subscription, row.counts_at
    begins = Invoice.objects.filter(subscription=subscription, reason__in=BEGINS, created_at__lte=at)
    began = begins.order_by("created_at").values_list("created_at", flat=True).last() or row.item.since
    billed = Q(state=State.SENT) | Q(state=State.TAKEN_BACK, cancels=True)
    rows = row.item.uses.filter(billed, counts_at__gte=began, counts_at__lt=invoice.created_at)
    units = int(rows.aggregate(n=Sum("units"))["n"] or 0)
    price = row.item.price
    terms = {"included": price.included, "unit_minor": price.amount_minor}
    return beyond_minor(units, **terms) - beyond_minor(units - row.units, **terms)


def _taken_off(row: MeteredUse, amount: int, actor: Actor) -> None:
    subscription = row.item.subscription
    if _done(BillingOperation.objects.filter(kind="use_credit", subject=use_named(row))):
        return
    with translation.override(subscription.member.language or "en"):
        day = date_format(timezone.localtime(row.used_at), "j F")
        said = _("Given back: %(n)d × %(what)s of %(day)s") % {"n": row.units, "what": row.item.plan, "day": day}
    params = {
        "customer": customer_of(account_of(subscription), subscription.member),
        "subscription": str(subscription.stripe_id),
        "amount": -amount,
        "currency": row.item.price.currency.lower(),
        "description": said,
        "tax_behavior": "inclusive",
        "metadata": {"use": use_named(row)},
    }
    operation_run(
        connection=account_of(subscription), kind="use_credit", subject=use_named(row), params=params, actor=actor,
        request=lambda v1, given, options: v1.invoice_items.create(given, options),
    )  # fmt: skip


def _paid_back(row: MeteredUse, invoice: Invoice, amount: int, actor: Actor) -> None:
    try:
        invoice_refund(
            invoice=invoice, amount_minor=amount, reason="a use that was taken back", key=f"use:{use_named(row)}",
            actor=actor,
        )  # fmt: skip
    except (InvalidInput, NotPossibleNow):
        # Paid back whole meanwhile.
        return
