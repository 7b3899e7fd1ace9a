"""What the document says of a plan's box. A box stands in its plan: `plans[…].box`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText

Count = Annotated[int, Meta(ge=1, le=99)]
Days = Annotated[int, Meta(ge=0, le=60)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", examples=["NL"])]


class BoxItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is in a box. count: how many of it. sku: its article number, for who packs."""

    code: Code
    name: LocalText
    sku: Annotated[str, Meta(max_length=60)] = ""
    count: Count = 1


class BoxPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an extra costs in one currency."""

    amount_minor: Annotated[int, Meta(ge=1, le=10**9)]
    money_currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["EUR"])]


class BoxExtra(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a member can have put in once, for money: it is on the next invoice."""

    code: Code
    name: LocalText
    sku: Annotated[str, Meta(max_length=60)] = ""
    prices: Annotated[tuple[BoxPrice, ...], Meta(min_length=1, max_length=20)]

    def amount(self, currency: str) -> int | None:
        """None where it isn't sold in that currency."""
        return next((each.amount_minor for each in self.prices if each.money_currency == currency), None)


class Box(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each cycle sends. items: what is in it; choices: what a member can have instead of one of them; extras: what
    can be added for money. every: how often within what was paid for (a box a month of a plan that is paid by the
    year); left out: one for each payment. cut_off_days: so many days before the cycle its box is closed. first_days:
    how long the first box stays open, which is paid before it could be changed. sends_after_days: so long after the
    cycle begins the box leaves at the earliest. closing_notice_days: its member is told so long before it closes; 0:
    isn't. most_skips: how many cycles ahead can be left out. most_delay_days: how
    much later a box can be sent. most_quantity: how many of it at most. countries: where it is sent; none: anywhere.
    """

    items: Annotated[tuple[BoxItem, ...], Meta(min_length=1, max_length=50)]
    choices: Annotated[tuple[BoxItem, ...], Meta(max_length=100)] = ()
    extras: Annotated[tuple[BoxExtra, ...], Meta(max_length=100)] = ()
    every: Literal["week", "month"] | None = None
    cut_off_days: Days = 3
    first_days: Days = 1
    sends_after_days: Days = 0
    closing_notice_days: Days = 2
    most_skips: Annotated[int, Meta(ge=0, le=12)] = 3
    most_delay_days: Days = 14
    most_quantity: Annotated[int, Meta(ge=1, le=20)] = 1
    countries: Annotated[tuple[Country, ...], Meta(max_length=250)] = ()

    def item(self, code: str) -> BoxItem | None:
        return next((each for each in self.items if each.code == code), None)

    def choice(self, code: str) -> BoxItem | None:
        """What may stand in the place of an item: a choice, or one of the others."""
        return next((each for each in (*self.choices, *self.items) if each.code == code), None)

    def addable(self, code: str) -> BoxExtra | None:
        return next((each for each in self.extras if each.code == code), None)
