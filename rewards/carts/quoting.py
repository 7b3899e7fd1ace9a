"""What a cart comes to for a member: discounts with their reason, points it would earn, points that may pay, rewards.

Nothing is written. The points are the engine's own dry run of the order that the answer holds, so that the figures are
those of the real event if the shop sends that order.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.ids import uuid7
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.sections import section_of
from loyalty.models import Enrollment, Program
from loyalty.payloads import OrderLine
from loyalty.selectors import Balance, balances_of, program_now
from loyalty.simulating import event_simulate, stranger_simulate
from rewards.benefits.definition import Discount, FreeShipping
from rewards.benefits.holding import Held, benefits_held
from rewards.benefits.plan import benefit_plan
from rewards.carts.definition import SECTION, CheckoutSection, PartPayment
from rewards.carts.discounts import Discounted, discounted, gross
from rewards.carts.errors import PartPaymentRefused
from rewards.selectors import Offer, rewards_for

WITHIN_REACH = 10
MOST_MINOR = 10**11


class Cart(msgspec.Struct, frozen=True):
    """currency: ISO 4217, the program's. lines: as an order's; net after the shop's own discounts, without tax."""

    currency: str
    lines: list[OrderLine]
    shipping_minor: int = 0
    channel: str = ""
    store: str = ""


class PayWith(msgspec.Struct, frozen=True):
    """Points that the member would pay with, in minor units of the currency."""

    currency: str
    points: int


class Usable(msgspec.Struct, frozen=True):
    """Points as money. points: the most that may pay, in minor units; amount_minor: what they pay for.

    reason: why none may, as a code; None when some may. one: minor units in a point; value: money for one point.
    """

    currency: str
    balance: int
    one: int
    value: Decimal
    at_least: int
    step: int
    points: int
    amount_minor: int
    reason: str | None


class Quote(msgspec.Struct, frozen=True):
    """before_minor, after_minor: what the cart comes to without and with the discounts; to_pay_minor: less the points.

    order: as the shop would send it once it is paid. earned: awards of the dry run. refusal: why there was none.
    by_joining: of a guest, what they would be given if they joined now and bought it.
    """

    program: str
    before_minor: int
    after_minor: int
    to_pay_minor: int
    discounts: Discounted
    order: dict[str, Any]
    earned: list[dict[str, Any]]
    tiers: list[dict[str, Any]]
    refusal: DomainError | None
    usable: list[Usable]
    offers: list[Offer]
    next_offer: Offer | None
    by_joining: list[dict[str, Any]] = []


def cart_quote(
    *, cart: Cart, program: Program, place: Enrollment | None, actor: Actor, pay: PayWith | None = None
) -> Quote:
    """place None: a guest, who has no discounts, earns nothing and pays with nothing; told what joining would earn.

    InvalidInput, PartPaymentRefused where the points that are to pay can't.
    """
    compiled = program_now(program.pk)
    cart_check(cart, compiled)
    held = benefits_held(place) if place is not None else []
    plan = benefit_plan(compiled)
    lines = [msgspec.to_builtins(line) for line in cart.lines]
    found = discounted(
        [each.benefit for each in held if _usable(each)], lines, cart.shipping_minor, plan.section.discounts
    )
    before = sum(map(gross, lines)) + cart.shipping_minor
    after = sum(map(gross, found.lines)) + found.shipping_minor
    balances = balances_of(place) if place is not None else []
    usable = [usable_of(each, compiled, balances, after) for each in checkout_of(compiled).part_payments]
    paid = paid_by(pay, usable) if pay is not None else 0
    order = _order(cart, found, paid)
    judged = _judged(order, program, place, actor)
    offers = rewards_for(place, balances) if place is not None else []
    reach = [each for each in offers if each.reason is None]
    return Quote(
        program=program.slug,
        before_minor=before,
        after_minor=after,
        to_pay_minor=after - paid,
        discounts=found,
        order=order,
        earned=judged[0],
        tiers=judged[1],
        refusal=judged[2],
        usable=usable if place is not None else [],
        offers=reach[:WITHIN_REACH],
        next_offer=next((each for each in offers if each.reason == "insufficient_points"), None),
        by_joining=stranger_simulate(_row(order, program, str(uuid7())), actor=actor) if place is None else [],
    )


def cart_check(cart: Cart, compiled: CompiledProgram) -> None:
    """InvalidInput for a cart that no order could be made of."""
    money = compiled.document.program.money_currency
    if cart.currency != money:
        raise InvalidInput(
            _("The program reckons in %(money)s.") % {"money": money}, field="cart.currency", currency=money
        )
    if sum(gross(msgspec.to_builtins(line)) for line in cart.lines) + cart.shipping_minor > MOST_MINOR:
        raise InvalidInput(_("This number is too large."), field="cart.lines")


def checkout_of(compiled: CompiledProgram) -> CheckoutSection:
    found: CheckoutSection | None = section_of(compiled.document.sections, SECTION)
    return found or CheckoutSection()


def _usable(held: Held) -> bool:
    """Whether the discount may be used now: what has an allowance, while some of it is left."""
    return isinstance(held.benefit.gives, Discount | FreeShipping) and (held.allowed is None or held.allowed.left > 0)


# --- points as money -------------------------------------------------------------------------------------------------
def usable_of(each: PartPayment, compiled: CompiledProgram, balances: list[Balance], total_minor: int) -> Usable:
    """How many of the member's points may pay for a cart that comes to total_minor."""
    currency = compiled.document.currency(each.currency)
    one = 10**currency.scale
    value = each.value_minor if each.value_minor is not None else currency.value_minor_per_point or Decimal(0)
    balance = next((row.balance for row in balances if row.currency == each.currency), 0)
    cap = total_minor * each.most_percent // 100
    # A step more than the cap could be worth nothing more, so points are counted by whole steps below it.
    whole = min(max(0, balance) // one, int((Decimal(cap) / value).to_integral_value(ROUND_FLOOR)))
    whole -= whole % each.step
    reason = None
    if total_minor < each.from_minor:
        whole, reason = 0, "cart_too_small"
    elif whole < each.at_least:
        reason = "insufficient_points" if balance < each.at_least * one else "cart_too_small"
        whole = 0
    return Usable(
        each.currency, balance, one, value, each.at_least * one, each.step * one, whole * one,
        points_worth(whole * one, one, value), reason,
    )  # fmt: skip


def points_worth(points: int, one: int, value: Decimal) -> int:
    """What so many points pay for, rounded down: nobody is given a cent that isn't there."""
    return int((Decimal(points) / one * value).to_integral_value(ROUND_FLOOR))


def points_for(amount_minor: int, one: int, value: Decimal) -> int:
    """The fewest points, in minor units, that pay for the amount."""
    return int((Decimal(amount_minor) / value * one).to_integral_value(ROUND_CEILING))


def paid_by(pay: PayWith, usable: list[Usable]) -> int:
    """What the points that are to pay come to. PartPaymentRefused where they can't, with what could."""
    found = next((each for each in usable if each.currency == pay.currency), None)
    if found is None:
        raise PartPaymentRefused(_("Points of this currency don't pay for orders."), field="pay_with.currency")
    if found.points and found.at_least <= pay.points <= found.points and pay.points % found.step == 0:
        return points_worth(pay.points, found.one, found.value)
    raise PartPaymentRefused(
        field="pay_with.points",
        at_least=found.at_least,
        at_most=found.points,
        step=found.step,
        reason=found.reason or "out_of_bounds",
    )


# --- what it would earn ----------------------------------------------------------------------------------------------
def _order(cart: Cart, found: Discounted, paid: int) -> dict[str, Any]:
    """The order as the shop would send it, without a number."""
    net = sum(int(line["net_minor"]) for line in found.lines)
    tax = sum(int(line.get("tax_minor", 0)) for line in found.lines)
    order: dict[str, Any] = {
        "currency": cart.currency,
        "total_minor": net + tax + found.shipping_minor,
        "net_minor": net,
        "tax_minor": tax,
        "shipping_minor": found.shipping_minor,
        "discount_minor": sum(int(line.get("discount_minor", 0)) for line in found.lines),
        "paid_in_points_minor": paid,
        "lines": found.lines,
    }
    if cart.channel:
        order["channel"] = cart.channel
    if cart.store:
        order["store"] = cart.store
    return order


def _judged(
    order: dict[str, Any], program: Program, place: Enrollment | None, actor: Actor
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], DomainError | None]:
    """(awards, tiers, refusal) of the dry run."""
    member = str(place.member.public_id) if place is not None else None
    [found] = event_simulate([_row(order, program, member)], actor=actor)
    if found.answer.error is not None:
        return [], [], found.answer.error
    return list(found.answer.body["awards"]), list(found.answer.body["tiers"]), None


def _row(order: dict[str, Any], program: Program, member: str | None) -> dict[str, Any]:
    number = f"quote-{uuid7()}"
    return {
        "id": number,
        "type": "order.paid",
        "member": member,
        "occurred_at": clock.now().isoformat(),
        "program": program.slug,
        "data": {"order": {**order, "number": number}},
    }
