"""What the page about a member's own membership shows: how it stands in words, what is charged next, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from billing.leaving import MoneyBack, account_left, money_back
from billing.models import Invoice, StripeConnection, Subscription, SubscriptionChange
from billing.portal.parts import membership_parts
from billing.portal.plans import gives
from billing.portal.words import Badge, card_words, local, price_words, state_badge
from billing.selectors import Held, NextCharge, held_by, invoices_of, subscriptions_of
from core import clock
from loyalty.home import Context, Part
from loyalty.models import Enrollment
from loyalty.moneywords import money_words
from loyalty.selectors import document_now
from loyalty.templatetags.points import short_day
from members.models import Member

NEWEST = 6
Billing = Subscription.Billing


class Shown(NamedTuple):
    """A membership as its member reads it. sentence: how it stands. next_amount, next_at: empty where nothing more is
    charged. card_over: the card isn't good any more by then. then: what follows it, in words. may: what can be done
    about it, by name. owed: what is open. pay_at: the page of the oldest open invoice, where a bank can ask. back:
    what leaving now pays back."""

    held: Held
    row: Subscription
    name: str
    badge: Badge
    sentence: str
    price: str
    next_amount: str
    next_at: datetime | None
    card: str
    card_over: bool
    then: str
    gives: list[str]
    may: frozenset[str]
    owed: str
    pay_at: str
    back: str
    parts: list[Part]

    @property
    def id(self) -> str:
        return str(self.row.public_id)


class ShownInvoice(NamedTuple):
    """tone, word: how it stands."""

    row: Invoice
    plan: str
    amount: str
    refunded: str
    badge: Badge


class Former(NamedTuple):
    """A membership that is over. again: the address at which it can be had again, empty where it can't."""

    row: Subscription
    name: str
    ended_at: datetime | None
    again: str


def mine_page(enrollment: Enrollment) -> Context:
    member = enrollment.member
    held = [shown(each) for each in held_by(member)]
    groups = {each.row.group for each in held}
    return {
        "enrollment": enrollment,
        "held": held,
        "invoices": invoices_shown(member, NEWEST),
        "more_invoices": invoices_of(member).count() > NEWEST,
        "former": [each for each in former_of(member) if each.row.group not in groups],
    }


def former_of(member: Member) -> list[Former]:
    """The newest of each group that is over."""
    found: dict[str, Former] = {}
    for row in subscriptions_of(member):
        if row.ended_at is not None and row.billing != Billing.INCOMPLETE_EXPIRED and row.group not in found:
            again = f"/plans/{row.plan.code}/" if row.plan.for_sale else ""
            found[row.group] = Former(row, str(row.plan), row.ended_at, again)
    return list(found.values())


def shown(held: Held) -> Shown:
    row, charge, back = held.row, held.next_charge, money_back(held.row)
    return Shown(
        held=held,
        row=row,
        name=local(held.definition.name),
        badge=state_badge(held.state),
        sentence=_cut_off(row) or sentence_of(held),
        price=price_words(row.price, row.quantity) if row.price is not None else _("Free"),
        next_amount=money_words(charge.amount_minor, charge.currency) if charge is not None else "",
        next_at=charge.at if charge is not None else None,
        card=card_words(row),
        card_over=_card_over(row, charge),
        then=_then(row),
        gives=gives(document_now(row.plan.program_id), held.definition),
        may=may_of(held, back),
        owed=owed_of(row),
        pay_at=pay_page(row),
        back=money_words(back.amount_minor, back.currency) if back is not None else "",
        parts=membership_parts(held),
    )


def _card_over(row: Subscription, charge: NextCharge | None) -> bool:
    """Whether the card isn't good any more when it is charged next."""
    return row.card_until is not None and charge is not None and row.card_until < timezone.localtime(charge.at).date()


def _then(row: Subscription) -> str:
    """What comes with the next period, where it is another plan or price."""
    price = row.then_price
    if price is None:
        return ""
    words = {"plan": price.plan, "price": price_words(price, row.quantity)}
    if row.next_price is None:
        return _("%(plan)s, %(price)s, unless you pay first for the change that waits for it") % words
    return _("%(plan)s, %(price)s") % words


def pay_page(row: Subscription) -> str:
    """Empty where nothing is open."""
    return _open_of(row).order_by("created_at").values_list("hosted_url", flat=True).first() or ""


def _open_of(row: Subscription) -> QuerySet[Invoice]:
    rows = Invoice.objects.filter(subscription=row, status=Invoice.Status.OPEN, attempts__gt=0)
    return rows.none() if _gone(row) else rows


def _gone(row: Subscription) -> bool:
    """Paid through an account that was disconnected: nothing can be asked, or is heard, of it any more."""
    return row.connection is not None and row.connection.health == StripeConnection.Health.DISCONNECTED


def _cut_off(row: Subscription) -> str:
    """Of one that would renew there; empty of any other."""
    if row.plan.kind != "recurring" or row.cancel_scheduled or not _gone(row):
        return ""
    return _("It isn’t paid through us any more. What you paid for stays yours; to change it or to leave, contact us.")


def owed_of(row: Subscription) -> str:
    by_currency: dict[str, int] = {}
    for each in _open_of(row):
        by_currency[each.currency] = by_currency.get(each.currency, 0) + each.due_minor
    return " + ".join(money_words(minor, currency) for currency, minor in by_currency.items())


def sentence_of(held: Held) -> str:
    """How it stands, in one sentence."""
    row, state, now = held.row, held.state, clock.now()
    if row.cancel_scheduled and state not in ("suspended", "past_due"):
        return _("It ends on %(day)s. Until then all of it is yours.") % {"day": short_day(row.cancel_at)}
    if state == "trialing":
        return _trial_sentence(row, held)
    if state == "past_due":
        return _("Your payment didn’t go through. What the plan gives stays yours until %(day)s.") % {
            "day": short_day(row.access_until)
        }
    if state == "suspended":
        if row.disputed:
            return _("Your bank disputes a payment, so the plan is on hold until that is settled.")
        return _("A payment is still open, so the plan is on hold. Pay what is open and it’s yours again.")
    if state == "paused":
        if row.billing == Billing.PAUSED:
            return _("Your trial is over. Give a card to go on.")
        return _("Paused until %(day)s. Nothing is charged till then.") % {"day": _goes_on(held)}
    if row.collection_paused and row.paid_until is not None and row.paid_until > now:
        return _("Yours until %(until)s; then it pauses and goes on on %(day)s.") % {
            "until": short_day(row.paid_until), "day": _goes_on(held),
        }  # fmt: skip
    if state == "one_time":
        if row.period_end is None:
            return _("Yours for life.")
        return _("Yours until %(day)s.") % {"day": short_day(row.period_end)}
    if state == "free":
        return _("Yours for as long as you like. It costs nothing.")
    return _("All of it is yours.")


def _goes_on(held: Held) -> str:
    return short_day(held.next_charge.at if held.next_charge is not None else held.row.resumes_at)


def _trial_sentence(row: Subscription, held: Held) -> str:
    day = short_day(row.trial_end)
    if held.next_charge is not None and row.price is not None:
        return _("Your trial runs until %(day)s. Then it’s %(price)s.") % {
            "day": day, "price": price_words(row.then_price or row.price, row.quantity),
        }  # fmt: skip
    return _("Your trial runs until %(day)s. Give a card before that to go on.") % {"day": day}


def may_of(held: Held, back: MoneyBack | None) -> frozenset[str]:
    """What the page offers: change, pause, card, pay, resume, keep, withdraw_change, leave."""
    row, found = held.row, set[str]()
    recurring = row.plan.kind == "recurring" and row.connection is not None
    if recurring and _gone(row):
        return frozenset()
    running = row.billing in (Billing.ACTIVE, Billing.TRIALING) and not row.collection_paused
    left_out = row.collection_paused or row.pause_began_at is not None
    if recurring and running and not row.cancel_scheduled and row.pause_began_at is None:
        found.add("change")
        if row.billing == Billing.ACTIVE:
            found.add("pause")
    if recurring:
        found.add("card")
        if row.billing in (Billing.PAST_DUE, Billing.UNPAID):
            found.add("pay")
        if left_out or (row.billing == Billing.PAUSED and row.has_card):
            found.add("resume")
        if (row.next_price is not None and row.schedule_id) or row.kept_price is not None:
            found.add("withdraw_change")
    if recurring and row.cancel_scheduled:
        found |= set() if account_left(row) else {"keep"}
    elif recurring or row.plan.kind == "free" or back is not None:
        found.add("leave")
    return frozenset(found)


# --- invoices --------------------------------------------------------------------------------------------------------
def invoices_page(enrollment: Enrollment) -> Context:
    return {"enrollment": enrollment, "invoices": invoices_shown(enrollment.member, 200)}


def invoices_shown(member: Member, most: int) -> list[ShownInvoice]:
    """The newest. Those from before the plan was changed don't name it: it was another."""
    changes = SubscriptionChange.objects.filter(subscription__member=member, kind="changed").order_by("at")
    changed = dict(changes.values_list("subscription_id", "at"))
    return [invoice_shown(each, changed) for each in invoices_of(member)[:most]]


def invoice_shown(row: Invoice, changed: Mapping[int, datetime]) -> ShownInvoice:
    known = row.subscription is not None and row.created_at >= changed.get(row.subscription.pk, row.created_at)
    plan = str(row.subscription.plan) if row.subscription is not None and known else ""
    refunded = money_words(row.refunded_minor, row.currency) if row.refunded_minor else ""
    return ShownInvoice(row, plan, money_words(row.total_minor, row.currency), refunded, _invoice_badge(row))


def _invoice_badge(row: Invoice) -> Badge:
    if row.status == Invoice.Status.PAID:
        if row.refunded_minor and row.refunded_minor == row.paid_minor:
            return Badge(_("Paid back"), "")
        return Badge(_("Paid"), "good")
    if row.status == Invoice.Status.OPEN:
        return Badge(pgettext("invoice", "Open"), "bad" if row.attempts else "warn")
    return Badge(_("Canceled"), "")
