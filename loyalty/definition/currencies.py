"""The point currencies of a program: what points are called, when they begin and end, and what goes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText, Trigger
from loyalty.definition.expiry import Expiry, Never
from loyalty.definition.limits import BudgetLimit, MemberLimit
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


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="until_event"):
    """Points wait until an event of that type about the same order arrives, and become active at its time.

    at_most_days: when none has come by then, they become active all the same (release) or are off (drop).
    """

    type: Trigger
    at_most_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    then: Literal["release", "drop"] = "release"

    def words(self, teller: Teller) -> str:
        parts = {"event": teller.event(self.type), "n": self.at_most_days}
        if self.then == "release":
            return teller.tell(N_("can be used from %(event)s on, after %(n)d days at the latest"), **parts)
        return teller.tell(N_("can be used from %(event)s on and are off without it after %(n)d days"), **parts)


class TierExpiry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another expiry for members who hold one of these tiers when the points are earned."""

    ladder: Code
    tiers: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=50)]
    expiry: Expiry

    def words(self, teller: Teller) -> str:
        names = teller.list_or([teller.tier(self.ladder, each) for each in self.tiers])
        return teller.tell(N_("%(expiry)s for %(tiers)s"), expiry=self.expiry.words(teller), tiers=names)


class Currency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of points. scale: digits after the decimal sign; stored as integers of the smallest part.

    kind: spendable, qualifying (counts for tiers, can't be spent) or both. value_minor_per_point: what a point is worth
    in minor units of the program's money, for the liability and for comparing rules. pending_days: see rules/dates.py.
    release: waits for an event instead of days. expiry_by_tier: the first one that fits holds, a rule's own before it.
    spent_refund: what a return gives back of points spent on the order: their share of the money, nothing, or the share
    of the lines that go back. adjustment_limit: whole points; beyond them a second person must approve an adjustment.
    limits: caps over all rules that give it.
    """

    code: Code
    name_one: LocalText
    name_many: LocalText
    symbol: Annotated[str, Meta(max_length=8)] = ""
    scale: Annotated[int, Meta(ge=0, le=4)] = 0
    kind: Literal["spendable", "qualifying", "both"] = "both"
    value_minor_per_point: Decimal | None = None
    pending_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    release: Release | None = None
    expiry: Expiry = Never()
    expiry_by_tier: Annotated[tuple[TierExpiry, ...], Meta(max_length=20)] = ()
    refund_policy: Literal["only_pending", "within_balance", "into_debt"] = "within_balance"
    spent_refund: Literal["all", "none", "by_item"] = "all"
    restore_policy: Lost | Regrant = Lost()
    transfer: Transfer = Transfer(allowed=False)
    adjustment_limit: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    limits: tuple[MemberLimit | BudgetLimit, ...] = ()
