"""A member's discounts on a cart. Pure: benefits and lines in, lines with what goes off and why out.

Amounts are minor units. A discount goes off what a line costs, tax included, and lowers net and tax in their
proportion, so that the order that follows adds up: total = net + tax + shipping.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from msgspec import Struct

from loyalty.definition.lines import tests_build
from rewards.benefits.definition import Benefit, Discount, FreeShipping

Line = dict[str, Any]


class Off(Struct, frozen=True):
    """What one benefit takes off. lines: (place in the cart, amount). shipping: of the amount, what is of shipping."""

    benefit: Benefit
    amount_minor: int
    lines: tuple[tuple[int, int], ...] = ()
    shipping_minor: int = 0


class Discounted(Struct, frozen=True):
    """The cart after it all. lines: as an order has them, net and tax lowered, discount_minor raised."""

    lines: list[Line]
    shipping_minor: int
    off: list[Off]


def gross(line: Line) -> int:
    return int(line.get("net_minor", 0)) + int(line.get("tax_minor", 0))


def discounted(
    benefits: Sequence[Benefit], lines: Sequence[Line], shipping_minor: int, how: Literal["best", "combined"]
) -> Discounted:
    """benefits: those that may be used now, in the order of the document.

    best: of several discounts the one that saves most, the first of two that save the same. combined: those that may
    stand beside others, one after the other, unless one alone saves more. Free shipping stands beside any.
    """
    ways = [[each] for each in benefits if isinstance(each.gives, Discount)]
    if how == "combined":
        together = [each for each in benefits if isinstance(each.gives, Discount) and each.gives.combines]
        ways.append(together)
    found, best = [dict(line) for line in lines], list[Off]()
    for way in ways:
        after, off = _taken_off(way, lines)
        if sum(each.amount_minor for each in off) > sum(each.amount_minor for each in best):
            found, best = after, off
    free = _free_shipping(benefits, sum(map(gross, found)), shipping_minor)
    if free is not None:
        best = [*best, free]
    return Discounted(found, shipping_minor - (free.shipping_minor if free is not None else 0), best)


def _taken_off(benefits: Sequence[Benefit], lines: Sequence[Line]) -> tuple[list[Line], list[Off]]:
    after, found = [dict(line) for line in lines], []
    for benefit in benefits:
        assert isinstance(benefit.gives, Discount)
        amounts = _amounts(benefit.gives, after)
        if not any(amounts):
            continue
        for line, amount in zip(after, amounts, strict=True):
            _lower(line, amount)
        told = tuple((at, amount) for at, amount in enumerate(amounts) if amount)
        found.append(Off(benefit, sum(amounts), told))
    return after, found


def _amounts(gives: Discount, lines: Sequence[Line]) -> list[int]:
    """What goes off each line; zeros where the discount doesn't hold."""
    holds = tests_build(gives.where)
    costs = [gross(line) if holds(line) else 0 for line in lines]
    total = sum(costs)
    if not total or total < gives.at_least_minor:
        return [0] * len(lines)
    if gives.percent is not None:
        return [_half_up(Decimal(cost) * gives.percent / 100) for cost in costs]
    return shared(min(gives.amount_minor or 0, total), costs)


def shared(amount: int, parts: Sequence[int]) -> list[int]:
    """The amount over the parts in their proportion, to the last unit: the largest remainders get what is over."""
    total = sum(parts)
    if not total:
        return [0] * len(parts)
    found = [amount * part // total for part in parts]
    rest = sorted(range(len(parts)), key=lambda at: (-(amount * parts[at] % total), at))
    for at in rest[: amount - sum(found)]:
        found[at] += 1
    return found


def _lower(line: Line, amount: int) -> None:
    whole = gross(line)
    if not amount or not whole:
        return
    net = int(line.get("net_minor", 0))
    off_net = min(net, _half_up(Decimal(amount) * net / whole))
    line["net_minor"] = net - off_net
    if line.get("tax_minor") or amount > off_net:
        line["tax_minor"] = int(line.get("tax_minor", 0)) - (amount - off_net)
    line["discount_minor"] = int(line.get("discount_minor", 0)) + off_net


def _free_shipping(benefits: Sequence[Benefit], goods: int, shipping_minor: int) -> Off | None:
    for each in benefits:
        if isinstance(each.gives, FreeShipping) and shipping_minor and goods >= each.gives.at_least_minor:
            return Off(each, shipping_minor, (), shipping_minor)
    return None


def _half_up(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_UP))
