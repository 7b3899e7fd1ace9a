"""What the page about metered use shows: what was used, what it comes to now and by the end, and the member's limit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.foreseeing import beyond_minor, uses_foreseen, uses_within
from billing.metering import Usage, usage_of
from billing.models import Subscription
from billing.plans import definition_of
from billing.portal.words import local
from billing.selectors import Held, next_charge
from core import clock
from loyalty.definition.basics import money_digits
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.moneywords import money_words


class Shown(NamedTuple):
    """A meter as its member reads it. late: of those used, so many are of a period before. share: of what is included
    (or of what the limit lets through) in per cent. foreseen, foreseen_due: by the end of the period at this pace; 0
    and empty where nothing can be said. cap: the limit in words, cap_plain as it is typed. room: how many more uses it
    lets through."""

    id: int
    code: str
    name: str
    description: str
    used: int
    late: int
    included: int
    beyond: int
    unit: str
    due: str
    due_minor: int
    share: int
    foreseen: int
    foreseen_due: str
    currency: str
    cap: str
    cap_plain: str
    room: int
    trial: bool
    since: datetime
    until: datetime | None

    @property
    def full(self) -> bool:
        return bool(self.cap) and not self.room


def usage_page(enrollment: Enrollment, row: Subscription) -> Context:
    charge = next_charge(row)
    return {
        "enrollment": enrollment,
        "row_id": str(row.public_id),
        "name": local(definition_of(row.plan).name),
        "meters": [meter_shown(each) for each in usage_of(row)],
        "next_amount": money_words(charge.amount_minor, charge.currency) if charge is not None else "",
        "next_at": charge.at if charge is not None else None,
    }


def meter_shown(each: Usage) -> Shown:
    definition, foreseen = definition_of(each.item.plan), _foreseen(each)
    trial = each.item.subscription.billing == Subscription.Billing.TRIALING
    within = None if each.cap_minor is None else _within(each, each.cap_minor)
    scale = each.included or (within or 0)
    return Shown(
        id=each.item.pk,
        code=each.item.plan.code,
        name=local(definition.name),
        description=local(definition.description),
        used=each.used,
        late=each.late,
        included=each.included,
        beyond=max(0, each.used - each.included),
        unit=money_words(each.unit_minor, each.currency),
        due=money_words(each.due_minor, each.currency),
        due_minor=each.due_minor,
        share=min(100, each.used * 100 // scale) if scale else 0,
        foreseen=foreseen or 0,
        foreseen_due="" if foreseen is None else money_words(_beyond(each, foreseen), each.currency),
        currency=each.currency,
        cap="" if each.cap_minor is None else money_words(each.cap_minor, each.currency),
        cap_plain="" if each.cap_minor is None else money_plain(each.cap_minor, each.currency),
        room=0 if within is None else max(0, within - each.used),
        trial=trial,
        since=each.since,
        until=each.until,
    )


def _foreseen(each: Usage) -> int | None:
    """Not beyond what the member's own limit lets through, and nothing in a trial or where it ends sooner."""
    row = each.item.subscription
    if each.until is None or row.billing != Subscription.Billing.ACTIVE or row.cancel_scheduled:
        return None
    uses = uses_foreseen(used=each.used, since=each.since, until=each.until, now=clock.now())
    if uses is None or each.cap_minor is None:
        return uses
    return max(each.used, min(uses, _within(each, each.cap_minor)))


def _beyond(each: Usage, uses: int) -> int:
    return beyond_minor(uses, included=each.included, unit_minor=each.unit_minor)


def _within(each: Usage, cap_minor: int) -> int:
    return uses_within(cap_minor, included=each.included, unit_minor=each.unit_minor)


def usage_part(held_one: Held) -> Context | None:
    """On the membership's card: a line for each meter, and the way to the page."""
    meters = [meter_shown(each) for each in usage_of(held_one.row)] if held_one.row.plan.kind == "recurring" else []
    if not meters:
        return None
    return {"id": str(held_one.row.public_id), "lines": [used_words(each) for each in meters]}


def used_words(each: Shown) -> str:
    """Deliveries: 5 used, €4.50 so far."""
    words = {"name": each.name, "n": each.used, "due": each.due}
    if each.due_minor:
        return _("%(name)s: %(n)d used, %(due)s so far") % words
    return _("%(name)s: %(n)d used") % words


# --- amounts as they are typed ---------------------------------------------------------------------------------------
def money_plain(minor: int, currency: str) -> str:
    """12.50, and in Dutch 12,50: what stands in a field."""
    digits = money_digits(currency)
    text = f"{Decimal(minor).scaleb(-digits):.{digits}f}"
    return text.replace(".", ",") if (get_language() or "en").startswith("nl") else text


def money_typed(text: str, currency: str) -> int | None:
    """In minor units; None where it isn't an amount of this currency. A comma or a point begins the cents."""
    digits = money_digits(currency)
    whole, mark, rest = text.strip().removeprefix("€").strip().replace(",", ".").partition(".")
    good = whole.isascii() and whole.isdigit() and len(whole) <= 7
    if mark:
        good = good and rest.isascii() and rest.isdigit() and len(rest) <= digits
    return int(whole) * 10**digits + int(rest.ljust(digits, "0") or 0) if good else None


def cap_refusal(currency: str) -> str:
    return _("Give an amount such as %(amount)s, or leave it empty for no limit.") % {
        "amount": money_plain(10 * 10 ** money_digits(currency), currency)
    }


def cap_saved(each: Usage) -> str:
    if each.cap_minor is None:
        return _("Saved. There’s no limit now.")
    return _("Saved. In a period you pay %(amount)s for it at most.") % {
        "amount": money_words(each.cap_minor, each.currency)
    }


def meter_held(row: Subscription, code: str) -> Usage | None:
    return next((each for each in usage_of(row) if each.item.plan.code == code), None)


def page_of(row: Subscription) -> str:
    return f"/membership/{row.public_id}/usage/"
