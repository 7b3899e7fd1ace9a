"""What the pages about changing the plan, leaving out payments and going on show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.addonprices import items_with, running_items
from billing.boxes.charged import extras_refuse
from billing.changing import Preview, price_direction, same_for_more
from billing.errors import NotPossibleNow
from billing.models import MembershipPlan, PlanPrice, Subscription, SubscriptionItem
from billing.pausing import renewal_at
from billing.plans import definition_of, plans_offered, prices_fitting, section_now
from billing.portal.mine import shown
from billing.portal.plans import earned_words, gives, metered_words, saved_words
from billing.portal.words import local, price_words
from billing.savings import uses_saved
from billing.selectors import charged_each_time, held, next_charge
from billing.times import months_later
from billing.upcoming import LeftOut, resume_due, skip_foreseen
from core import clock
from core.errors import DomainError
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.moneywords import money_words
from loyalty.selectors import document_now

Billing = Subscription.Billing


class First(NamedTuple):
    """What is in the way of a change, and where its member sees to it."""

    words: str
    address: str
    action: str


class Choice(NamedTuple):
    """A price that one can change to. up: it begins at once. first: what is to be done before."""

    code: str
    text: str
    up: bool
    first: First | None


class Other(NamedTuple):
    plan: MembershipPlan
    name: str
    description: str
    gives: list[str]
    choices: list[Choice]
    firsts: list[First]
    mine: bool


def change_page(enrollment: Enrollment, row: Subscription) -> Context:
    """The plans of the group with the prices in the currency that the member pays."""
    mine = shown(held(row))
    items = running_items(row)
    others = [other for plan in _plans(row) if (other := _other(plan, row, items)).choices]
    return {"enrollment": enrollment, "mine": mine, "others": others, "may": "change" in mine.may}


def _plans(row: Subscription) -> Iterator[MembershipPlan]:
    rows = plans_offered().filter(program_id=row.plan.program_id, group=row.group, kind="recurring")
    yield from rows.select_related("program").prefetch_related("prices__plan")


def _other(plan: MembershipPlan, row: Subscription, items: list[SubscriptionItem]) -> Other:
    assert row.price is not None
    definition = definition_of(plan)
    currency = row.price.currency
    fitting = prices_fitting(plan.prices.all(), member=row.member, currency=currency)
    prices = [each for each in fitting if each.currency == currency]
    had = (row.price.pk, row.next_price_id)
    others = [each for each in prices if each.pk not in had and not same_for_more(row, each)]
    choices = [_choice(each, row, items) for each in others]
    return Other(
        plan=plan,
        name=local(definition.name),
        description=local(definition.description),
        gives=gives(document_now(plan.program_id), definition),
        choices=choices,
        # Said once, also where it is in the way of all the plan's prices.
        firsts=list(dict.fromkeys(each.first for each in choices if each.first is not None)),
        mine=plan.pk == row.plan_id,
    )


def _choice(price: PlanPrice, row: Subscription, items: list[SubscriptionItem]) -> Choice:
    up = price_direction(row, price) == "up"
    return Choice(price.code, price_words(price, row.quantity), up, _first(price, row, items, up=up))


def _first(price: PlanPrice, row: Subscription, items: list[SubscriptionItem], *, up: bool) -> First | None:
    """What subscription_preview would refuse for what stands beside the plan."""
    try:
        items_with(row, price, items)
    except NotPossibleNow as error:
        return First(str(error.detail), f"/membership/{row.public_id}/extras/", _("See your add-ons"))
    try:
        if up:
            extras_refuse(row, price)
    except NotPossibleNow as error:
        return First(str(error.detail), "/boxes/", _("See your boxes"))
    return None


def preview_page(enrollment: Enrollment, row: Subscription, plan: MembershipPlan, preview: Preview) -> Context:
    """What a change costs, to the cent, and when it begins."""
    mine, definition = shown(held(row)), definition_of(plan)
    wanted = gives(document_now(plan.program_id), definition)
    return {
        "enrollment": enrollment,
        "mine": mine,
        "name": local(definition.name),
        "plan": plan,
        "preview": preview,
        "price": price_words(preview.price, row.quantity),
        "due": money_words(preview.due_minor, preview.currency),
        "lines": [(line["description"], money_words(line["amount_minor"], preview.currency)) for line in preview.lines],
        "shown_at": preview.shown_at.isoformat(),
        "metered": metered_words(row.member, [preview.price]),
        "more": [line for line in wanted if line not in mine.gives],
        # Who moves up may lose lines that the higher plan says in other words.
        "less": [line for line in mine.gives if line not in wanted] if preview.at == "period_end" else [],
        "saved": saved_words(enrollment, plan) if plan.pk != row.plan_id else "",
        "earned": earned_words(enrollment, plan) if plan.pk != row.plan_id else "",
        "uses_saved": uses_saved_words(row, preview) if preview.at == "now" else "",
        "address": f"/membership/{row.public_id}/change/{plan.code}/{preview.price.code}/",
    }


def uses_saved_words(row: Subscription, preview: Preview) -> str:
    """What they paid for uses, and would have paid with the plan they look at; empty where it isn't less."""
    saved = uses_saved(row, preview.price)
    if saved is None:
        return ""
    words = {
        "n": saved.periods, "paid": money_words(saved.paid_minor, saved.currency),
        "then": money_words(saved.then_minor, saved.currency),
    }  # fmt: skip
    told = ngettext(
        "In a period of the last year you paid %(paid)s for uses beyond what’s included.",
        "In %(n)d periods of the last year you paid %(paid)s for uses beyond what’s included.",
        saved.periods,
    )
    return f"{told % words} {_('With this plan it would have been %(then)s.') % words}"


# --- leaving payments out --------------------------------------------------------------------------------------------
class Pause(NamedTuple):
    """So many months: what is left out, and when it is charged again."""

    months: int
    left_out: int
    goes_on_at: datetime


def pause_page(enrollment: Enrollment, row: Subscription) -> Context:
    mine, section = shown(held(row)), section_now(row.plan.program_id)
    may = "pause" in mine.may and row.price is not None and row.period_end is not None
    page: Context = {"enrollment": enrollment, "mine": mine, "may": may, "holds": section.access_in_pause}
    if may:
        assert row.price is not None
        page["skip_from"], page["skip_until"] = row.period_end, renewal_at(row, 1)
        page |= _skip_words(row)
        page["pauses"] = list(_pauses(row, section.most_pause_months))
    return page


def _skip_words(row: Subscription) -> Context:
    """What isn't charged and what is after it: as Stripe has it or, where it doesn't answer, as our own rows do."""
    assert row.price is not None
    try:
        told = skip_foreseen(row)
    except DomainError:
        told = None
    if told is None:
        charge, then = next_charge(row), charged_each_time(row, row.price)
        told = LeftOut(charge.amount_minor if charge else then, then, row.price.currency, lapses=False)
    return {
        "amount": money_words(told.due_minor, told.currency),
        "then": money_words(told.then_minor, told.currency),
        "lapses": told.lapses,
    }


def _pauses(row: Subscription, most: int) -> Iterator[Pause]:
    """Those that leave out more than the one payment that a skip does, each count of payments once."""
    assert row.period_end is not None
    seen = 1
    for months in range(1, most + 1):
        until, cycles = months_later(row.period_end, months), 0
        while renewal_at(row, cycles + 1) <= until:
            cycles += 1
        if cycles > seen:
            seen = cycles
            yield Pause(months, cycles, renewal_at(row, cycles))


def resume_page(enrollment: Enrollment, row: Subscription) -> Context:
    """Going on: for nothing while what is left out hasn't begun, with a charge now after that."""
    mine = shown(held(row))
    now = clock.now()
    charged = row.billing == Billing.PAUSED or (row.paid_until is not None and row.paid_until <= now)
    amount = _charged_now(row) if charged and "resume" in mine.may else ""
    return {"enrollment": enrollment, "mine": mine, "charged": charged, "amount": amount}


def _charged_now(row: Subscription) -> str:
    """As Stripe has it or, where it doesn't answer, as our own rows do."""
    assert row.price is not None
    try:
        minor = resume_due(row)
    except DomainError:
        minor = charged_each_time(row, row.price)
    return money_words(minor, row.price.currency)
