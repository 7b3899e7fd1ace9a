"""What the API reads and answers about carts and paying a part of them in points."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from core.api.shapes import Body
from loyalty.api.shapes import Points
from loyalty.definition.translation import N_, Teller, text_in
from loyalty.payloads import OrderLine
from rewards.carts.discounts import Off
from rewards.carts.models import CartPayment, CartRefund
from rewards.carts.quoting import Quote, Usable
from rewards.selectors import Offer

ProgramSlug = Annotated[str, Meta(min_length=1, max_length=40)] | None
MemberName = Annotated[
    str, Meta(min_length=1, max_length=130, description="The member's id, or `ext:` and your own id.")
]
Minor = Annotated[int, Meta(ge=0, le=10**11)]
PointsPaid = Annotated[int, Meta(ge=1, le=10**12, description="In minor units of the currency.")]
CurrencyCode = Annotated[str, Meta(min_length=1, max_length=40)]
Money = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
# Most carts are small; more lines than this are an import.
Lines = Annotated[list[OrderLine], Meta(min_length=1, max_length=200)]


class CartIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """lines: as in `order.paid`: net_minor after your own discounts, without tax. shipping_minor: with its tax."""

    currency: Money
    lines: Lines
    shipping_minor: Minor = 0
    channel: Annotated[str, Meta(max_length=60)] = ""
    store: Annotated[str, Meta(max_length=60)] = ""


class PayWithIn(Struct, kw_only=True, forbid_unknown_fields=True):
    currency: CurrencyCode
    points: PointsPaid


class QuoteIn(Body):
    """member: null for a guest. pay_with: points that the member would pay a part with."""

    member: MemberName | None
    cart: CartIn
    pay_with: PayWithIn | None = None
    program: ProgramSlug = None


class LineOffOut(Struct):
    """line: its place in the cart, from 0."""

    line: int
    amount_minor: int


class DiscountOut(Struct):
    """reason: in words, for the member, by language. shipping_minor: of the amount, what is of shipping."""

    benefit: str
    name: str
    name_nl: str
    reason: dict[str, str]
    amount_minor: int
    shipping_minor: int
    lines: list[LineOffOut]


class EarnedOut(Struct):
    """points: in minor units of the currency. reason: in words, by language."""

    rule: str
    currency: str
    points: Points
    reason: dict[str, str]
    active: Annotated[bool, Meta(description="At once; else they wait first.")]


class UsableOut(Struct):
    """Points as money. points: the most that may pay for this cart, amount_minor: what those pay for.

    at_least, step: fewer or others aren't taken. value_minor: what one whole point pays for. All points are in minor
    units of the currency. reason: why none may; null when some may.
    """

    currency: str
    balance: Points
    points: Points
    amount_minor: int
    at_least: Points
    step: Points
    value_minor: float
    reason: Literal["insufficient_points", "cart_too_small"] | None


class ReachOut(Struct):
    """A reward on offer. missing: points that the member still needs, in minor units."""

    code: str
    name: str
    name_nl: str
    currency: str
    price: Points
    missing: Points


class QuoteOut(Struct):
    """total_minor: without the member's discounts; after_minor: with them; to_pay_minor: less what points pay for.

    order: send it as `order.paid` with a number of your own, and the points are those of `earns`. refused: why the
    order would earn nothing; null when nothing is wrong. next_reward: the one that the least is missing for.
    by_joining: of a guest, what joining now and buying this would earn, a welcome included; empty for a member.
    """

    member: UUID | None
    program: str
    currency: str
    total_minor: int
    discounts: list[DiscountOut]
    after_minor: int
    to_pay_minor: int
    order: dict[str, Any]
    earns: list[EarnedOut]
    by_joining: list[EarnedOut]
    points_as_money: list[UsableOut]
    rewards: list[ReachOut]
    next_reward: ReachOut | None
    refused: str | None


class PaymentCreate(Body):
    """total_minor: what is to be paid, discounts off. lines: what each costs, so that it can be refunded by article.

    order: the number, if you have it already; a capture gives it.
    """

    member: MemberName
    currency: CurrencyCode
    points: PointsPaid
    money: Money
    total_minor: Annotated[int, Meta(ge=1, le=10**11)]
    lines: Annotated[list[OrderLine], Meta(max_length=200)] = []
    order: Annotated[str, Meta(max_length=200)] = ""
    program: ProgramSlug = None


class PaymentCapture(Body):
    """order: the number of the order, as `order.paid` has it. points: how many were used, all when it isn't said."""

    order: Annotated[str, Meta(min_length=1, max_length=200)]
    points: PointsPaid | None = None


class PaymentRelease(Body):
    pass


class LineBackIn(Struct, kw_only=True, forbid_unknown_fields=True):
    sku: Annotated[str, Meta(min_length=1, max_length=200)]
    quantity: Annotated[int, Meta(ge=1, le=10**9)] = 1


class RefundCreate(Body):
    """lines: which articles go back; or points: how many; neither: all that is left."""

    lines: Annotated[list[LineBackIn], Meta(max_length=200)] = []
    points: PointsPaid | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


class RefundOut(Struct):
    """points: that went back to their lots; 0 where a return had given them before. entry: its ledger line."""

    id: UUID
    points: Points
    amount_minor: int
    lines: list[LineBackIn]
    reason: str
    entry: int | None
    made_at: datetime


class PaidLineOut(Struct):
    """An article's share of what is paid in points. refunded: pieces that went back."""

    sku: str
    quantity: int
    points: Points
    amount_minor: int
    refunded: int


class PaymentOut(Struct):
    """amount_minor: what the points pay for. hold: the points that are set aside. entry: the capture's ledger line."""

    id: UUID
    member: UUID
    program: str
    state: Literal["held", "captured", "released", "expired"]
    currency: str
    points: Points
    money: str
    amount_minor: int
    order: str
    hold: UUID
    held_until: datetime
    entry: int | None
    refunded_points: Points
    lines: list[PaidLineOut]
    refunds: list[RefundOut]
    made_at: datetime


_REASON = N_("%(benefit)s: %(what)s")


def off_out(off: Off, tellers: dict[str, Teller]) -> DiscountOut:
    name = off.benefit.name
    return DiscountOut(
        benefit=off.benefit.code,
        name=text_in(name, "en"),
        name_nl=text_in(name, "nl"),
        reason={
            language: teller.tell(_REASON, benefit=teller.text(name), what=off.benefit.gives.words(teller))
            for language, teller in tellers.items()
        },
        amount_minor=off.amount_minor,
        shipping_minor=off.shipping_minor,
        lines=[LineOffOut(line, amount) for line, amount in off.lines],
    )


def usable_out(each: Usable) -> UsableOut:
    return UsableOut(
        each.currency, each.balance, each.points, each.amount_minor, each.at_least, each.step, float(each.value),
        each.reason,  # type: ignore[arg-type]  # one of the model's choices
    )  # fmt: skip


def reach_out(offer: Offer) -> ReachOut:
    row = offer.reward
    return ReachOut(
        row.code, row.name, row.name_nl or row.name, offer.option.currency, offer.option.points, offer.missing
    )


def earned_out(awards: list[dict[str, Any]]) -> list[EarnedOut]:
    return [
        EarnedOut(each["rule"], each["currency"], each["points"], each["reason"], each["active"]) for each in awards
    ]


def quote_out(found: Quote, member: UUID | None, tellers: dict[str, Teller]) -> QuoteOut:
    return QuoteOut(
        member=member,
        program=found.program,
        currency=found.order["currency"],
        total_minor=found.before_minor,
        discounts=[off_out(each, tellers) for each in found.discounts.off],
        after_minor=found.after_minor,
        to_pay_minor=found.to_pay_minor,
        order=found.order,
        earns=earned_out(found.earned),
        by_joining=earned_out(found.by_joining),
        points_as_money=[usable_out(each) for each in found.usable],
        rewards=[reach_out(each) for each in found.offers],
        next_reward=reach_out(found.next_offer) if found.next_offer is not None else None,
        refused=found.refusal.code if found.refusal is not None else None,
    )


def refund_out(refund: CartRefund) -> RefundOut:
    return RefundOut(
        refund.pk, refund.points, refund.amount_minor, [LineBackIn(**each) for each in refund.lines], refund.reason,
        refund.entry_id, refund.made_at,
    )  # fmt: skip


def payment_out(payment: CartPayment) -> PaymentOut:
    """Expects hold, enrollment, its member and program to be fetched."""
    hold = payment.hold
    return PaymentOut(
        id=payment.pk,
        member=payment.enrollment.member.public_id,
        program=payment.enrollment.program.slug,
        state=hold.state,  # type: ignore[arg-type]  # one of the model's choices
        currency=payment.currency,
        points=payment.points,
        money=payment.money,
        amount_minor=payment.amount_minor,
        order=hold.order_number,
        hold=hold.pk,
        held_until=hold.expires_at,
        entry=hold.entry_id,
        refunded_points=payment.refunded_points,
        lines=[PaidLineOut(**each) for each in payment.lines],
        refunds=[refund_out(each) for each in payment.refunds.order_by("made_at", "pk")],
        made_at=payment.made_at,
    )
