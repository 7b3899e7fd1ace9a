"""What the pages about add-ons show: those that there are with the plan, and what more or fewer of one costs."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from billing.addons import AddOnChoice, AddOnPreview, add_ons_for
from billing.models import Subscription
from billing.plans import definition_of
from billing.portal.mine import Shown as ShownMembership
from billing.portal.mine import shown
from billing.portal.words import every_words, local, price_words
from billing.selectors import Held, held
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.moneywords import money_words

Billing = Subscription.Billing


class Choice(NamedTuple):
    """A quantity that one can go to."""

    quantity: int
    here: bool
    text: str


class Extra(NamedTuple):
    """An add-on as its member reads it. each: what one costs; all: what those that they have cost; empty for none."""

    id: int
    code: str
    name: str
    description: str
    features: list[str]
    each: str
    all: str
    quantity: int
    most: int
    choices: list[Choice]


def extras_page(enrollment: Enrollment, row: Subscription) -> Context:
    mine = shown(held(row))
    found = [extra_shown(each) for each in add_ons_for(row)]
    return {
        "enrollment": enrollment,
        "mine": mine,
        "extras": found,
        "may": extras_may(row),
        "why": _why_not(row),
    }


def extras_may(row: Subscription) -> bool:
    """Whether anything can be changed of them as the membership stands."""
    running = row.billing in (Billing.ACTIVE, Billing.TRIALING) and not row.collection_paused
    return running and not row.schedule_id and row.live


def _why_not(row: Subscription) -> str:
    if extras_may(row):
        return ""
    if row.schedule_id and row.live:
        return _("Another plan begins with the next period. Take that back first; then you can change these.")
    return _("As your membership stands now, these can’t be changed. On its page you see what to do first.")


def extra_shown(found: AddOnChoice) -> Extra:
    definition = definition_of(found.plan)
    price = found.price
    return Extra(
        id=found.plan.pk,
        code=found.plan.code,
        name=local(definition.name),
        description=local(definition.description),
        features=[local(each) for each in definition.features],
        each=price_words(price),
        all=price_words(price, found.quantity) if found.quantity > 1 else "",
        quantity=found.quantity,
        most=found.most,
        choices=[
            Choice(number, number == found.quantity, price_words(price, number))
            for number in range(1, found.most + 1)
            if found.most > 1
        ],
    )


def extra_or_none(code: str, row: Subscription) -> AddOnChoice | None:
    """One that the subscription has or can have."""
    return next((each for each in add_ons_for(row) if each.plan.code == code), None)


def extra_preview_page(enrollment: Enrollment, row: Subscription, found: AddOnChoice, preview: AddOnPreview) -> Context:
    """What more or fewer of it costs, to the cent, now and from the next invoice on."""
    mine: ShownMembership = shown(held(row))
    currency = preview.currency
    assert row.price is not None
    return {
        "enrollment": enrollment,
        "mine": mine,
        "extra": extra_shown(found),
        "before": found.quantity,
        "quantity": preview.quantity,
        "more": preview.quantity > found.quantity,
        "price": price_words(preview.price, preview.quantity) if preview.quantity else "",
        "due": money_words(preview.due_minor, currency),
        "due_minor": preview.due_minor,
        "credit": money_words(preview.credit_minor, currency) if preview.credit_minor else "",
        "next": every_words(money_words(preview.next_minor, currency), row.price.every),
        "lines": [(line["description"], money_words(line["amount_minor"], currency)) for line in preview.lines],
        "shown_at": preview.shown_at.isoformat(),
        "address": f"/membership/{row.public_id}/extras/{found.plan.code}/{preview.quantity}/",
    }


def extras_part(held_one: Held) -> Context | None:
    """On the membership's card: what they have, or that there is something to add."""
    row = held_one.row
    found = add_ons_for(row) if row.live else []
    if not found or (not extras_may(row) and not any(each.quantity for each in found)):
        return None
    lines = [
        _("%(n)d × %(name)s, %(price)s") % {
            "n": each.quantity, "name": local(definition_of(each.plan).name),
            "price": price_words(each.price, each.quantity),
        }
        for each in found
        if each.quantity
    ]  # fmt: skip
    return {"id": str(row.public_id), "lines": lines}
