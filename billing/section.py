"""The section `billing` of a program's document: the plans that members can join, what they cost, and the terms.

A plan's code is what conditions (`plan`) and benefits (`given_to`) name; how much is earned with it, a rule says
(`invoice.paid`, or a condition on the plan). Amounts are in minor units.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from billing.boxes.shape import Box
from loyalty.definition.basics import Code, LocalText, money_text
from loyalty.definition.translation import N_, Teller

SECTION = "billing"
Minor = Annotated[int, Meta(ge=1, le=10**11)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["EUR"])]
Every = Literal["week", "month", "quarter", "year"]
EVERY_WORDS: dict[str, str] = {
    "week": N_("a week"),
    "month": N_("a month"),
    "quarter": N_("a quarter"),
    "year": N_("a year"),
}


class Amount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price in one currency."""

    amount_minor: Minor
    money_currency: Currency


class Rate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price that comes back. Another amount makes a new price: who pays the old one goes on paying it."""

    amount_minor: Minor
    money_currency: Currency
    every: Every = "month"


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first days for nothing, once per person. at_end: what happens to who has given no card by then."""

    days: Annotated[int, Meta(ge=1, le=730)]
    card: bool = True
    at_end: Literal["cancel", "invoice", "pause"] = "cancel"


class Intro(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money off for who joins: on the first invoice (once), for some months (repeating), or for ever."""

    percent: Decimal | None = None
    amount_minor: Minor | None = None
    money_currency: Currency | None = None
    duration: Literal["once", "repeating", "forever"] = "once"
    months: Annotated[int, Meta(ge=1, le=36)] | None = None


class Free(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="free"):
    """Costs nothing; nothing of it is known to Stripe."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("free"))


class OneFee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="one_fee"):
    """Paid once. valid_months: for how long; left out: for life."""

    prices: Annotated[tuple[Amount, ...], Meta(min_length=1, max_length=50)]
    valid_months: Annotated[int, Meta(ge=1, le=120)] | None = None

    def words(self, teller: Teller) -> str:
        amounts = [money_text(each.amount_minor, each.money_currency) for each in self.prices]
        return teller.tell(N_("%(amounts)s once"), amounts=teller.list_or(amounts))


class Recurring(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="recurring"):
    """Paid each week, month, quarter or year, as the member chooses among the prices."""

    prices: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=50)]
    trial: Trial | None = None
    intro: Intro | None = None

    def words(self, teller: Teller) -> str:
        amounts = [
            f"{money_text(each.amount_minor, each.money_currency)} {teller.say(EVERY_WORDS[each.every])}"
            for each in self.prices
        ]
        return teller.list_or(amounts)


Charge = Free | OneFee | Recurring


class PlanTier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tier that a member of the plan stands on at least."""

    ladder: Code
    tier: Code


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan. group: of one group a member has one plan at a time. level: higher is more, so moving there is an
    upgrade. features: what the page lists. promotion_codes: whether codes of the brand's are taken on joining.
    offered: whether it can be joined now; who has it keeps it. box: what each cycle sends."""

    noun: ClassVar[str] = N_("Plan %(name)s")
    code: Code
    name: LocalText
    description: LocalText = ""
    features: tuple[LocalText, ...] = ()
    group: Code = "membership"
    level: Annotated[int, Meta(ge=0, le=1000)] = 0
    charge: Charge
    tier: PlanTier | None = None
    promotion_codes: bool = False
    offered: bool = True
    box: Box | None = None

    def words(self, teller: Teller) -> str:
        text = self.charge.words(teller)
        return f"{text[:1].upper()}{text[1:]}."


class BillingSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """grace_days: how long what a plan gives holds on after a payment that failed. access_in_pause: whether it
    holds while the member pauses. clocks_in_pause: whether points go on ending, and tiers being lost, meanwhile.
    suspend_on_dispute: whether it is held back while a payment is disputed. refund_unused: whether who leaves gets
    the last payment back when nothing of the plan was used since. withdrawal_days: how long after joining the first
    payment is given back on leaving. trial_notice_days, yearly_notice_days: how long before a trial ends or a year
    renews the member is told. automatic_tax: Stripe works out the tax; an address is asked for. stay_offer: money
    off for who is about to leave, offered once.
    """

    plans: tuple[Plan, ...] = ()
    grace_days: Annotated[int, Meta(ge=0, le=60)] = 7
    access_in_pause: bool = False
    clocks_in_pause: Literal["freeze", "run"] = "freeze"
    suspend_on_dispute: bool = True
    refund_unused: bool = False
    withdrawal_days: Annotated[int, Meta(ge=0, le=60)] = 14
    trial_notice_days: Annotated[int, Meta(ge=3, le=30)] = 3
    yearly_notice_days: Annotated[int, Meta(ge=1, le=60)] = 14
    automatic_tax: bool = False
    stay_offer: Intro | None = None
    most_pause_months: Annotated[int, Meta(ge=0, le=12)] = 3

    def plan(self, code: str) -> Plan | None:
        return next((each for each in self.plans if each.code == code), None)
