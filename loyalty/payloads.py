"""What the known event types carry, typed. Other types carry a small object of plain values.

Money is integers in minor units. `order.paid`: total = net + tax + shipping; net is the goods after discount and is
worked out when it isn't told.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core.errors import InvalidInput
from core.expected import expected
from loyalty.definition.jsonschema import Schema, value_faults
from loyalty.definition.moneyeffects import GIFT_CARD_TENDER, POINTS_TENDER
from loyalty.errors import UnknownEventType

Minor = Annotated[int, Meta(ge=0, le=10**11)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Short = Annotated[str, Meta(max_length=60)]
MAX_DEPTH, MAX_VALUES, MAX_TEXT = 6, 500, 2_000
INT64 = 2**63
_LONG_NUMBER, _DIGITS = b"0" * 19, bytes.maketrans(b"123456789", b"000000000")

ORDER_PAID, ORDER_RETURNED = "order.paid", "order.returned"
MEMBER_ENROLLED, MEMBER_BIRTHDAY, TIER_REACHED = "member.enrolled", "member.birthday", "tier.reached"
# An event that was wrong is taken back with all that it gave; see loyalty/reversing.py.
EVENT_REVERSED = "event.reversed"
REFERRAL_MILESTONE, SWEEPSTAKE_WON = "referral.milestone", "sweepstake.won"
PANEL_ANSWERED = "panel.answered"
# Types that every brand has; a brand's own types are those that a rule of its program waits for.
BUILT_IN = frozenset(
    {
        ORDER_PAID,
        ORDER_RETURNED,
        MEMBER_ENROLLED,
        MEMBER_BIRTHDAY,
        TIER_REACHED,
        EVENT_REVERSED,
        SWEEPSTAKE_WON,
        "review.posted",
        "store.checked_in",
        "referral.converted",
        "survey.answered",
        PANEL_ANSWERED,
        "profile.completed",
        # What the billing room tells of plans; a brand that bills elsewhere may tell the same.
        "invoice.paid",
        "subscription.started",
        "subscription.converted",
        "subscription.changed",
        "subscription.canceled",
        "subscription.ended",
        "subscription.paused",
        "subscription.resumed",
        # And of the boxes that plans send.
        "shipment.sent",
        "shipment.delivered",
        "shipment.skipped",
        "shipment.canceled",
    }
)
# Only the product itself says these; a partner who could would enroll people by event.
INTERNAL = frozenset(
    {
        MEMBER_ENROLLED, MEMBER_BIRTHDAY, TIER_REACHED, EVENT_REVERSED, REFERRAL_MILESTONE, SWEEPSTAKE_WON,
        PANEL_ANSWERED,
    }
)  # fmt: skip


class OrderLine(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line of goods. net_minor: after discount, without tax, for all pieces together."""

    sku: Name
    net_minor: Minor
    quantity: Annotated[int, Meta(ge=0, le=10**9)] = 1
    discount_minor: Minor = 0
    tax_minor: Minor = 0
    name: Annotated[str, Meta(max_length=200)] = ""
    category: Short = ""
    brand: Short = ""
    tags: Annotated[list[Short], Meta(max_length=20)] = []


class Tender(Struct, kw_only=True, forbid_unknown_fields=True):
    """One way in which an order was paid: card, cash, balance, … `gift_card` and `points` are known to earn nothing."""

    kind: Annotated[str, Meta(min_length=1, max_length=60)]
    amount_minor: Minor


class OrderBody(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    number: Name
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
    total_minor: Minor
    net_minor: Minor | None = None
    tax_minor: Minor = 0
    shipping_minor: Minor = 0
    discount_minor: Minor = 0
    gift_card_minor: Minor = 0
    paid_in_points_minor: Minor = 0
    cost_minor: Minor | None = None
    fx_rate: Decimal | None = None
    channel: Short = ""
    store: Short = ""
    lines: Annotated[list[OrderLine], Meta(max_length=1_000)] = []
    tenders: Annotated[list[Tender], Meta(max_length=20)] = []


class OrderPaid(Struct, kw_only=True, forbid_unknown_fields=True):
    """`order.paid`: an order of which the money is in."""

    order: OrderBody


class ReturnLine(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Goods that go back: so many pieces, or so much of their net_minor; one of the two."""

    sku: Name
    quantity: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    net_minor: Annotated[int, Meta(ge=1, le=10**11)] | None = None


class ReturnBody(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """order: the number of the order it belongs to; null when it is not known, which moves no points.

    lines: which goods; points that lines gave go back by line then, else every award loses its share of the money.
    """

    order: Name | None
    amount_minor: Annotated[int, Meta(ge=0, le=10**11)]
    reason: Annotated[str, Meta(max_length=200)] = ""
    lines: Annotated[list[ReturnLine], Meta(max_length=1_000)] = []


class OrderReturned(Struct, kw_only=True, forbid_unknown_fields=True):
    """`order.returned`: money given back. The event's id is the return's, so that one return counts once."""

    return_: ReturnBody = msgspec.field(name="return")


# The types of payloads that are known in full.
PAYLOADS: dict[str, type[OrderPaid] | type[OrderReturned]] = {ORDER_PAID: OrderPaid, ORDER_RETURNED: OrderReturned}


def payload_read(
    event_type: str, given: Any, *, own_types: frozenset[str], schema: Schema | None = None
) -> dict[str, Any]:
    """The payload as it will be judged and kept. InvalidInput names the field; UnknownEventType the known types.

    schema: what the brand says of its own type's data.
    """
    if event_type not in BUILT_IN and event_type not in own_types:
        known = sorted((BUILT_IN | own_types) - INTERNAL)
        raise UnknownEventType(
            _("No rule waits for the event type “%(type)s”.") % {"type": event_type[:80]},
            field="type",
            hint=_("Use one of: %(types)s.") % {"types": ", ".join(known)},
        )
    typed = PAYLOADS.get(event_type)
    if typed is None:
        if not isinstance(given, dict):
            raise InvalidInput(_("`data` must be an object."), field="data")
        values_check(given, "data")
        if schema:
            _schema_check(schema, given)
        return given
    try:
        body = msgspec.convert(given, typed, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidInput(expected(error, typed), field=path_of(error, "data")) from error
    if isinstance(body, OrderPaid):
        _net_work_out(body.order)
        _tenders_check(body.order)
    if isinstance(body, OrderReturned):
        _lines_check(body.return_)
    plain: dict[str, Any] = msgspec.to_builtins(body)
    values_check(plain, "data", shaped=True)
    return plain


def _net_work_out(order: OrderBody) -> None:
    """Fill in net, or check that the parts make up the total."""
    net = order.total_minor - order.tax_minor - order.shipping_minor
    if order.net_minor is None:
        order.net_minor = net
    if net < 0 or order.net_minor != net:
        raise InvalidInput(
            _("net_minor, tax_minor and shipping_minor must add up to total_minor."), field="data.order.total_minor"
        )
    if order.fx_rate is not None and not (order.fx_rate.is_finite() and 0 < order.fx_rate < 10**9):
        raise InvalidInput(_("An exchange rate is a number above 0."), field="data.order.fx_rate")
    if order.gift_card_minor + order.paid_in_points_minor > order.total_minor:
        raise InvalidInput(
            _("More was paid by gift card and points than the total."), field="data.order.gift_card_minor"
        )


def _tenders_check(order: OrderBody) -> None:
    """They make up the total; what was paid by gift card and in points is told once or the same twice."""
    if not order.tenders:
        return
    if sum(each.amount_minor for each in order.tenders) != order.total_minor:
        raise InvalidInput(_("The tenders must add up to total_minor."), field="data.order.tenders")
    for kind, name in ((GIFT_CARD_TENDER, "gift_card_minor"), (POINTS_TENDER, "paid_in_points_minor")):
        paid = sum(each.amount_minor for each in order.tenders if each.kind == kind)
        if getattr(order, name) not in (0, paid):
            raise InvalidInput(
                _("%(name)s and the tender “%(kind)s” say different amounts.") % {"name": name, "kind": kind},
                field=f"data.order.{name}",
            )
        setattr(order, name, paid)


def _schema_check(schema: Schema, given: dict[str, Any]) -> None:
    """The first fault as the error's field, up to ten in its message."""
    faults = list(islice(value_faults(schema, given, "data"), 10))
    if not faults:
        return
    told = [_(each.message) % _told(each.values) for each in faults]
    lines = "; ".join(f"{each.path}: {text}" for each, text in zip(faults[1:], told[1:], strict=True))
    raise InvalidInput(f"{told[0]} {lines}".strip(), field=faults[0].path[:200])


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Only the product's own words are translated; the rest is the brand's."""
    return {name: _(value) if name == "kind" else value for name, value in values.items()}


def _lines_check(told: ReturnBody) -> None:
    for index, line in enumerate(told.lines):
        if (line.quantity is None) == (line.net_minor is None):
            raise InvalidInput(
                _("Say how many pieces (quantity) or how much of the money (net_minor), one of the two."),
                field=f"data.return.lines[{index}]",
            )


def path_of(error: msgspec.ValidationError, root: str) -> str:
    """msgspec's `… - at `$.order.total_minor`` as `data.order.total_minor`."""
    _before, found, path = str(error).rpartition(" - at `$")
    return root + path.rstrip("`") if found else root


def values_check(value: Any, path: str, *, shaped: bool = False) -> None:
    """Refuse what a database or another reader couldn't hold: NUL, lone surrogates, huge numbers, deep nesting.

    shaped: it came through a type that bounds its depth and the length of its texts.
    """
    if not _plainly_good(value, shaped):
        _values_check(value, path)


def _plainly_good(value: Any, shaped: bool) -> bool:
    """Whether its JSON shows at a glance that nothing can be wrong: short, flat, without escapes and long numbers."""
    try:
        text = msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    # Shorter than the longest text, it holds no longer one; a value takes two bytes at least.
    if len(text) > (MAX_VALUES * 20 if shaped else min(MAX_TEXT, MAX_VALUES)):
        return False
    if not shaped and text.count(b"{") + text.count(b"[") > MAX_DEPTH:
        return False
    # A float that is no number becomes null.
    return b"\\u" not in text and b"null" not in text and _LONG_NUMBER not in text.translate(_DIGITS)


def _values_check(value: Any, path: str, depth: int = 0, budget: list[int] | None = None) -> None:
    budget = budget if budget is not None else [MAX_VALUES * 20 if path == "data" else MAX_VALUES]
    budget[0] -= 1
    if depth > MAX_DEPTH or budget[0] < 0:
        raise InvalidInput(_("This is nested too deeply or holds too many values."), field=path)
    if isinstance(value, str):
        text_check(value, path)
    elif isinstance(value, dict):
        for key, each in value.items():
            text_check(key, path)
            _values_check(each, f"{path}.{key}"[:200], depth + 1, budget)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _values_check(each, f"{path}[{index}]", depth + 1, budget)
    elif isinstance(value, int) and not -INT64 <= value < INT64:
        raise InvalidInput(_("This number is too large."), field=path)
    elif isinstance(value, float) and not (value == value and abs(value) != float("inf")):
        raise InvalidInput(_("This is not a number."), field=path)


def text_check(text: str, path: str) -> None:
    """A text that can be stored: no NUL, no half of a surrogate pair, not longer than 2,000 characters."""
    if len(text) > MAX_TEXT:
        raise InvalidInput(_("This text is longer than %(n)d characters.") % {"n": MAX_TEXT}, field=path)
    if "\x00" in text:
        raise InvalidInput(_("This text contains a NUL character."), field=path)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput(_("This text contains half of a surrogate pair."), field=path)
