"""The point currencies of a program: what points are called, when they begin and end, and what goes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.expiry import Expiry, Never
from loyalty.definition.translation import N_, Teller


class Lost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="lost"):
    """Points of a cancelled redemption whose expiry has passed stay lost."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("expired points stay lost"))


class Regrant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="regrant"):
    """Points of a cancelled redemption whose expiry has passed are given again for so many days."""

    days: Annotated[int, Meta(ge=1, le=3650)]

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("expired points are given again for %(n)d days"), n=self.days)


class Transfer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether members may give points to each other, in whole points. A limit left out is none."""

    allowed: bool = True
    at_least: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    per_day: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    per_month: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None

    def words(self, teller: Teller) -> str:
        if not self.allowed:
            return teller.say(N_("can't be given to other members"))
        parts = [teller.tell(N_("can be given to other members from %(n)d on"), n=self.at_least)]
        if self.per_day is not None:
            parts.append(teller.tell(N_("at most %(n)d a day"), n=self.per_day))
        if self.per_month is not None:
            parts.append(teller.tell(N_("at most %(n)d a month"), n=self.per_month))
        return ", ".join(parts)


class Currency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of points. scale: digits after the decimal sign; stored as integers of the smallest part.

    kind: spendable, qualifying (counts for tiers, can't be spent) or both. value_minor_per_point: what a point is worth
    in minor units of the program's money, for the liability and for comparing rules. pending_days: see rules/dates.py.
    adjustment_limit: whole points; staff who give or take more at a time need a second person's approval.
    """

    code: Code
    name_one: LocalText
    name_many: LocalText
    symbol: Annotated[str, Meta(max_length=8)] = ""
    scale: Annotated[int, Meta(ge=0, le=4)] = 0
    kind: Literal["spendable", "qualifying", "both"] = "both"
    value_minor_per_point: Decimal | None = None
    pending_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    expiry: Expiry = Never()
    refund_policy: Literal["only_pending", "within_balance", "into_debt"] = "within_balance"
    restore_policy: Lost | Regrant = Lost()
    transfer: Transfer = Transfer(allowed=False)
    adjustment_limit: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
