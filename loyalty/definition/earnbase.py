"""Which part of an order earns. Amounts are integers in minor units; see facts.EventFacts for the names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from loyalty.definition.translation import N_, Teller

# No single amount in an order may be above this; a thousand million euros; it keeps
# points within a BIGINT.
MAX_MINOR = 10**11


_WORDS = {
    ("discount", "after"): N_("after discount"),
    ("discount", "before"): N_("before discount"),
    ("tax", "include"): N_("with tax"),
    ("tax", "exclude"): N_("without tax"),
    ("shipping", "include"): N_("with shipping"),
    ("shipping", "exclude"): N_("without shipping"),
    ("gift_cards", "include"): N_("also when paid by gift card"),
    ("gift_cards", "exclude"): N_("not what was paid by gift card"),
    ("paid_in_points", "include"): N_("also when paid in points"),
    ("paid_in_points", "exclude"): N_("not what was paid in points"),
}


class EarnBase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """discount: reckon after or before it. gift_cards, paid_in_points: what was paid so earns nothing unless included.

    By default: goods with their tax, after discount, without shipping, as far as paid in money.
    """

    discount: Literal["after", "before"] = "after"
    tax: Literal["include", "exclude"] = "include"
    shipping: Literal["include", "exclude"] = "exclude"
    gift_cards: Literal["exclude", "include"] = "exclude"
    paid_in_points: Literal["exclude", "include"] = "exclude"

    def words(self, teller: Teller) -> str:
        parts = [teller.say(_WORDS[name, getattr(self, name)]) for name in self.__struct_fields__]
        return ", ".join(parts)


def amount_at(amounts: Mapping[str, Any], name: str) -> int:
    """An amount of the order, 0 where it isn't told. Never negative, never anything but an int."""
    value = amounts.get(name)
    if type(value) is not int or value <= 0:
        return 0
    return value if value < MAX_MINOR else MAX_MINOR


def base_parts(base: EarnBase) -> str:
    """The parts of an order that are added up, as an award's snapshot keeps them: "net+tax"."""
    parts = ["net"]
    if base.discount == "before":
        parts.append("discount")
    if base.tax == "include":
        parts.append("tax")
    if base.shipping == "include":
        parts.append("shipping")
    return "+".join(parts)


def parts_amount(parts: str, amounts: Mapping[str, Any]) -> int:
    """The amount that those parts of an order, or of a return of it, come to."""
    return sum(amount_at(amounts, f"{part}_minor") for part in parts.split("+"))


def base_amount(base: EarnBase, amounts: Mapping[str, Any]) -> int | None:
    """What of an order or a line points are reckoned from, however it was paid. None without a usable net_minor."""
    net = amounts.get("net_minor")
    if type(net) is not int or net < 0:
        return None
    whole: int = net if net < MAX_MINOR else MAX_MINOR
    if base.tax == "include":
        whole += amount_at(amounts, "tax_minor")
    if base.discount == "before":
        whole += amount_at(amounts, "discount_minor")
    if base.shipping == "include":
        whole += amount_at(amounts, "shipping_minor")
    return whole


def earning_share(base: EarnBase, order: Mapping[str, Any]) -> tuple[int, int]:
    """(earning, total): the share of the order's total that was paid in a way that earns, as a fraction.

    A gift card pays for tax and shipping in proportion too, so the share holds for whichever part is the base.
    """
    other = 0
    if base.gift_cards == "exclude":
        other += amount_at(order, "gift_card_minor")
    if base.paid_in_points == "exclude":
        other += amount_at(order, "paid_in_points_minor")
    if not other:
        return 1, 1
    total = amount_at(order, "net_minor") + amount_at(order, "tax_minor") + amount_at(order, "shipping_minor")
    if other >= total:
        return 0, 1
    return total - other, total
