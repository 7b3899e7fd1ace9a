"""What comes on top of a subscription, on its page in the admin: parts, add-ons, what was used, the member's limit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from billing.addonprices import running_items
from billing.metering import usage_of
from billing.models import MeteredUse, Subscription, SubscriptionPart
from billing.plans import ADD_ON
from billing.section import EVERY_WORDS
from core import clock
from core.backoffice.words import DASH
from loyalty.admin.amounts import money

USES = 30
TONES = {"waiting": "", "sent": "sg-good", "taken_back": "", "failed": "sg-bad"}


class OnTop(Struct, frozen=True, kw_only=True):
    """name, quantity, price, since, of an add-on; of a part of a bundle its share of the price."""

    name: str
    quantity: str
    price: str
    since: datetime | None = None


class Metered(Struct, frozen=True, kw_only=True):
    """used: of how many that cost nothing. cap: the member's own limit."""

    name: str
    used: int
    included: int
    due: str
    cap: str
    since: datetime


class Used(Struct, frozen=True, kw_only=True):
    at: datetime
    name: str
    units: int
    state: str
    tone: str
    error: str


def on_top(row: Subscription) -> dict[str, Any]:
    """For the page; each list is empty where there is nothing of it."""
    return {
        "add_ons": [
            OnTop(
                name=str(each.plan), quantity=str(each.quantity), since=each.since,
                price=_price(each.price.amount_minor * each.quantity, each.price.currency, each.price.every),
            )
            for each in running_items(row)
            if each.plan.kind == ADD_ON
        ],
        "parts": _parts(row),
        "meters": [
            Metered(
                name=str(each.item.plan), used=each.used, included=each.included, since=each.since,
                due=money(each.due_minor, each.currency),
                cap=DASH if each.cap_minor is None else money(each.cap_minor, each.currency),
            )
            for each in usage_of(row)
        ],
        "uses": _uses(row),
        "pass_left": _left(row),
    }  # fmt: skip


def _price(minor: int, currency: str, every: str) -> str:
    return f"{money(minor, currency)} {_(EVERY_WORDS[every])}" if every else money(minor, currency)


def _parts(row: Subscription) -> list[OnTop]:
    rows = SubscriptionPart.objects.filter(subscription=row).select_related("share__part", "share__price")
    return [
        OnTop(
            name=str(each.share.part), quantity="1",
            price=_price(each.share.amount_minor, each.share.price.currency, each.share.price.every),
        )
        for each in rows
    ]  # fmt: skip


def _uses(row: Subscription) -> list[Used]:
    """The newest of all meters that the subscription has or had."""
    rows = MeteredUse.objects.filter(item__subscription=row).select_related("item__plan").order_by("-used_at", "-pk")
    return [
        Used(
            at=each.used_at, name=str(each.item.plan), units=each.units, state=str(each.get_state_display()),
            tone=TONES[each.state], error=each.error,
        )
        for each in rows[:USES]
    ]  # fmt: skip


def _left(row: Subscription) -> str:
    """Of a pass that runs: how long it still holds."""
    now = clock.now()
    if row.plan.kind != "one_fee" or row.period_end is None or row.ended_at is not None or row.period_end <= now:
        return ""
    days, hours = divmod(int((row.period_end - now).total_seconds()) // 3600, 24)
    return _("%(days)d days and %(hours)d hours") % {"days": days, "hours": hours}
