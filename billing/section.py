"""The section `billing` of a program's document: the plans that members can join, what they cost, and the terms.

A plan's code is what conditions (`plan`) and benefits (`given_to`) name; how much is earned with it, a rule says
(`invoice.paid`, or a condition on the plan). Amounts are in minor units.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from billing.boxes.shape import Box
from loyalty.definition.basics import Code, LocalText
from loyalty.definition.translation import N_, Teller, number_text

SECTION = "billing"
Minor = Annotated[int, Meta(ge=1, le=10**11)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["EUR"])]
LeaveStep = Literal["reason", "pause", "offer"]
# Stripe's own reasons, by the words that the product had for them first.
Means = Literal[
    "too_expensive", "unused", "missing_features", "switched", "hard_to_use", "service", "quality", "other"
]  # fmt: skip
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", examples=["NL"])]
Countries = Annotated[tuple[Country, ...], Meta(max_length=60)]
Every = Literal["week", "month", "quarter", "year"]
OFF_WORDS: dict[str, str] = {
    "once": N_("%(much)s off the next payment"),
    "repeating": N_("%(much)s off for %(n)d months"),
    "forever": N_("%(much)s off for ever"),
}
EVERY_WORDS: dict[str, str] = {
    "week": N_("a week"),
    "month": N_("a month"),
    "quarter": N_("a quarter"),
    "year": N_("a year"),
}


class Amount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price in one currency. countries: for members there; empty: for everybody else."""

    amount_minor: Minor
    money_currency: Currency
    countries: Countries = ()


class Rate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price that comes back. Another amount makes a new price: who pays the old one goes on paying it. countries: for
    members there; empty: for everybody else."""

    amount_minor: Minor
    money_currency: Currency
    every: Every = "month"
    countries: Countries = ()


def _there(teller: Teller, amount: str, price: Amount | Rate) -> str:
    """The amount, and for whom it is where it isn't for everybody."""
    if not price.countries:
        return amount
    return teller.tell(N_("%(amount)s in %(countries)s"), amount=amount, countries=", ".join(price.countries))


def _rate_words(teller: Teller, price: Rate, *, per_use: bool = False) -> str:
    amount = teller.money_in(price.amount_minor, price.money_currency)
    return _there(teller, amount if per_use else f"{amount} {teller.say(EVERY_WORDS[price.every])}", price)


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

    def fits(self, currency: str) -> bool:
        """An amount is taken off prices of its own currency alone."""
        return self.amount_minor is None or self.money_currency == currency

    def words(self, teller: Teller) -> str:
        much = (
            f"{number_text(self.percent)} %"
            if self.percent is not None
            else teller.money_in(self.amount_minor or 0, self.money_currency or "")
        )
        return teller.tell(OFF_WORDS[self.duration], much=much, n=self.months or 1)


class Free(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="free"):
    """Costs nothing; nothing of it is known to Stripe."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("free of charge"))


class OneFee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="one_fee"):
    """Paid once. valid_months, or valid_days (a pass): for how long; both left out: for life."""

    prices: Annotated[tuple[Amount, ...], Meta(min_length=1, max_length=50)]
    valid_months: Annotated[int, Meta(ge=1, le=120)] | None = None
    valid_days: Annotated[int, Meta(ge=1, le=3660)] | None = None

    def words(self, teller: Teller) -> str:
        amounts = [
            _there(teller, teller.money_in(each.amount_minor, each.money_currency), each) for each in self.prices
        ]
        told = teller.tell(N_("%(amounts)s once"), amounts=teller.list_or(amounts))
        if self.valid_days is not None:
            return teller.tell(N_("%(amounts)s, for %(n)d days"), amounts=told, n=self.valid_days)
        if self.valid_months is not None:
            return teller.tell(N_("%(amounts)s, for %(n)d months"), amounts=told, n=self.valid_months)
        return told


class Recurring(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="recurring"):
    """Paid each week, month, quarter or year, as the member chooses among the prices."""

    prices: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=50)]
    trial: Trial | None = None
    intro: Intro | None = None

    def words(self, teller: Teller) -> str:
        return teller.list_or([_rate_words(teller, each) for each in self.prices])


class AddOn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="add_on"):
    """Comes on top of a plan and is paid with it, by its period and in its currency. to: the plans that it can be added
    to; empty: all that are paid again and again. most: how many a member can have. segment: the one that members are in
    as long as they have it, which rules and benefits can ask for."""

    prices: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=50)]
    to: tuple[Code, ...] = ()
    most: Annotated[int, Meta(ge=1, le=99)] = 1
    segment: Code | None = None

    def words(self, teller: Teller) -> str:
        told = teller.list_or([_rate_words(teller, each) for each in self.prices])
        if not self.to:
            return teller.tell(N_("%(amounts)s on top of a plan"), amounts=told)
        return teller.tell(N_("%(amounts)s on top of %(plans)s"), amounts=told, plans=teller.list_or(list(self.to)))


class Metered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="metered"):
    """What is used of a benefit, paid at the end of the plan's period. The prices are of one use each. included: how
    many uses of a period cost nothing. to: the plans that it belongs to; empty: all that are paid again and again."""

    prices: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=50)]
    benefit: Code
    included: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    to: tuple[Code, ...] = ()

    def words(self, teller: Teller) -> str:
        told = teller.list_or([_rate_words(teller, each, per_use=True) for each in self.prices])
        if self.included:
            return teller.tell(
                N_("%(amounts)s for each use of %(benefit)s after %(n)d"),
                amounts=told, benefit=self.benefit, n=self.included,
            )  # fmt: skip
        return teller.tell(N_("%(amounts)s for each use of %(benefit)s"), amounts=told, benefit=self.benefit)


Charge = Free | OneFee | Recurring | AddOn | Metered


class PlanTier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tier that a member of the plan stands on at least."""

    ladder: Code
    tier: Code


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan. group: of one group a member has one plan at a time. level: higher is more, so moving there is an
    upgrade. features: what the page lists. promotion_codes: whether codes of the brand's are taken on joining.
    offered: whether it can be joined now; who has it keeps it. box: what each cycle sends. parts: the plans and add-ons
    that are sold together in this one, a bundle: who has it has what each of them gives, for the price of this one."""

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
    parts: Annotated[tuple[Code, ...], Meta(max_length=12)] = ()

    def words(self, teller: Teller) -> str:
        text = self.charge.words(teller)
        if self.parts:
            text = teller.tell(N_("%(amounts)s for %(parts)s together"), amounts=text, parts=", ".join(self.parts))
        return f"{text[:1].upper()}{text[1:]}."


class LeaveReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody leaves, as the brand asks it. means: which of Stripe's own reasons it is counted under there."""

    noun: ClassVar[str] = N_("Reason to leave %(name)s")
    code: Code
    name: LocalText
    means: Means = "other"


class WinBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money off for who comes back: written so many days after they left, good for so many days, used once. plans: of
    which plans; none: of all that were paid for. subject, text: of the mail; left out, it is the product's own."""

    offer: Intro
    after_days: Annotated[int, Meta(ge=1, le=365)] = 30
    valid_days: Annotated[int, Meta(ge=1, le=90)] = 14
    plans: tuple[Code, ...] = ()
    subject: LocalText = ""
    text: LocalText = ""

    def words(self, teller: Teller) -> str:
        message = N_("%(offer)s, written %(after)d days after leaving and good for %(valid)d days")
        return teller.tell(message, offer=self.offer.words(teller), after=self.after_days, valid=self.valid_days)


class BillingSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """grace_days: how long what a plan gives holds on after a payment that failed. access_in_pause: whether it
    holds while the member pauses. clocks_in_pause: whether points go on ending, and tiers being lost, meanwhile.
    suspend_on_dispute: whether it is held back while a payment is disputed. refund_unused: whether who leaves gets
    the period's payments back when nothing of the plan was used since. withdrawal_days: how long after the first
    payment all that was paid is given back on leaving. trial_notice_days, yearly_notice_days: how long before a
    trial ends or a year renews the member is told. automatic_tax: Stripe works out the tax; an address is asked
    for. stay_offer: money off for who is about to leave, offered once. leave_steps: what is put to them before the
    last question, in this order: why, pause or skip, the offer. leave_reasons: what they choose from; none: the
    product's own. win_back: money off for who comes back. unused_notice_days: who pays and has used nothing of the
    plan for so many days is told so, once for each charge at most; 0: nobody is.
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
    leave_steps: tuple[LeaveStep, ...] = ("reason", "pause", "offer")
    leave_reasons: tuple[LeaveReason, ...] = ()
    win_back: WinBack | None = None
    unused_notice_days: Annotated[int, Meta(ge=0, le=365)] = 0
    most_pause_months: Annotated[int, Meta(ge=0, le=12)] = 3

    def plan(self, code: str) -> Plan | None:
        return next((each for each in self.plans if each.code == code), None)


# How the terms are called where a publication says what changes.
DIFFERENCE_WORDS: dict[str, str] = {
    "grace_days": N_("days of grace after a failed payment"),
    "access_in_pause": N_("whether a plan gives something while it is paused"),
    "suspend_on_dispute": N_("whether a dispute holds back what a plan gives"),
    "refund_unused": N_("whether leaving pays back what was not used"),
    "withdrawal_days": N_("days of withdrawal after joining"),
    "trial_notice_days": N_("days of notice before a trial ends"),
    "yearly_notice_days": N_("days of notice before a year renews"),
    "automatic_tax": N_("whether Stripe works out the tax"),
    "stay_offer": N_("the offer to who is about to leave"),
    "leave_steps": N_("the steps before leaving"),
    "leave_reasons": N_("the reasons to leave"),
    "win_back": N_("the offer to who left"),
    "unused_notice_days": N_("days until a notice that nothing is used"),
    "most_pause_months": N_("months of a pause at most"),
    "charge": N_("what it costs"),
    "level": N_("level"),
    "features": N_("what the page lists"),
    "tier": N_("tier that its members stand on at least"),
    "promotion_codes": N_("whether promotion codes are taken"),
    "offered": N_("whether it can be joined"),
    "parts": N_("what is sold together"),
}
