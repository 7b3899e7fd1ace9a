"""The section `benefits` of a program's document: what members get besides points, who gets it, and when.

Structs are frozen and refuse unknown keys, like the rest of the document; conditions are those of the rules.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText, ShortText
from loyalty.definition.conditions import PlanTest, SegmentTest, TierTest
from loyalty.definition.limits import PERIOD_WORDS, Period
from loyalty.definition.lines import ItemTest, tests_words
from loyalty.definition.rule import LocalTime, Schedule
from loyalty.definition.translation import N_, Teller, number_text

SECTION = "benefits"
Link = Annotated[str, Meta(max_length=500, description="An address, https:// or a page of this site.")]
Minor = Annotated[int, Meta(ge=0, le=10**11)]


class Discount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="discount"):
    """Money off a cart: percent of the lines that pass every test of `where`, or amount_minor off them together.

    at_least_minor: what those lines must come to, tax included. combines: may stand beside another discount.
    """

    percent: Decimal | None = None
    amount_minor: Annotated[int, Meta(ge=1, le=10**11)] | None = None
    where: tuple[ItemTest, ...] = ()
    at_least_minor: Minor = 0
    combines: bool = False

    def words(self, teller: Teller) -> str:
        much = f"{number_text(self.percent)}%" if self.percent is not None else teller.money_of(self.amount_minor or 0)
        parts = [teller.tell(N_("%(amount)s off"), amount=much)]
        if self.where:
            parts.append(teller.tell(N_("on articles where %(where)s"), where=tests_words(self.where, teller)))
        if self.at_least_minor:
            parts.append(teller.tell(N_("from %(amount)s on"), amount=teller.money_of(self.at_least_minor)))
        return " ".join(parts)


class FreeShipping(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="free_shipping"
):
    """No shipping costs on carts whose goods come to at_least_minor, tax included."""

    at_least_minor: Minor = 0

    def words(self, teller: Teller) -> str:
        if not self.at_least_minor:
            return teller.say(N_("free shipping"))
        return teller.tell(N_("free shipping from %(amount)s on"), amount=teller.money_of(self.at_least_minor))


class EarlyAccess(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="early_access"):
    """In before everybody else. Its dates are the benefit's `moments`: in from the start of each until its end.

    Without any, it holds as long as the benefit does. link: where it is.
    """

    link: Link = ""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("early access"))


class Bonus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="bonus"):
    """Something of its own that is handed out as often as `allowance` says, such as a coffee a month."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("a bonus"))


class Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="content"):
    """Something to read, see or hear that is for them alone."""

    link: Link = ""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("content for members only"))


class Recognition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="recognition"):
    """Being named: a title that a shop, a forum or a receipt may show."""

    title: LocalText

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("recognition as “%(title)s”"), title=teller.text(self.title))


class Beta(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="beta"):
    """A feature that isn't for everybody yet. flag: what the product that has the feature asks for."""

    flag: Code

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("the new feature %(flag)s"), flag=self.flag)


class Invitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="invitation"):
    """Invited to events, which are the benefit's `moments`."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("invitations to events"))


class PartnerCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="partner_code"):
    """A code of a partner's, which the member takes on the benefits page as often as `allowance` says.

    pool: the pool that the partner's codes are imported into; they are never part of the document. link: where the code
    is used.
    """

    partner: ShortText
    pool: ShortText
    link: Link = ""

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("a code for %(partner)s"), partner=self.partner)


Gives = Discount | FreeShipping | EarlyAccess | Bonus | Content | Recognition | Beta | Invitation | PartnerCode
Holder = TierTest | PlanTest | SegmentTest


class Allowance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a member may use it in each local day, week, month, year, or in all."""

    uses: Annotated[int, Meta(ge=1, le=1_000_000)]
    period: Period = "month"

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("%(n)d × %(period)s"), n=self.uses, period=teller.say(PERIOD_WORDS[self.period]))


class Moment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A date of the calendar, by the program's clock: a launch, an evening, a lesson. An end left out: the moment.

    repeats: again each week, month, quarter or year from then on, at the same time by the wall clock; the 31st is the
    last day of shorter months. times: how many there are in all, the first included; none: on and on.
    """

    name: LocalText
    starts_at: LocalTime
    ends_at: LocalTime | None = None
    repeats: Literal["week", "month", "quarter", "year"] | None = None
    times: Annotated[int, Meta(ge=2, le=520)] | None = None
    description: LocalText = ""
    place: LocalText = ""
    link: Link = ""


class Benefit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One benefit. given_to: who holds it, by any one of these; nobody named means every member of the program.

    schedule: when it is given at all. allowance: how often it may be used; without one, uses are only noted.
    """

    noun: ClassVar[str] = N_("Benefit %(name)s")
    code: Code
    name: LocalText
    description: LocalText = ""
    icon: Annotated[str, Meta(max_length=8)] = ""
    enabled: bool = True
    gives: Gives
    given_to: tuple[Holder, ...] = ()
    schedule: Schedule | None = None
    allowance: Allowance | None = None
    moments: tuple[Moment, ...] = ()

    def words(self, teller: Teller) -> str:
        """What it gives to whom, in one sentence."""
        who = teller.list_or([each.words(teller) for each in self.given_to])
        parts = [self.gives.words(teller)]
        if self.allowance is not None:
            parts.append(self.allowance.words(teller))
        if who:
            parts.append(teller.tell(N_("when %(who)s"), who=who))
        else:
            parts.append(teller.say(N_("for every member")))
        if self.schedule is not None:
            parts.append(self.schedule.words(teller))
        if not self.enabled:
            parts.append(teller.say(N_("switched off")))
        text = ", ".join(parts)
        return f"{text[:1].upper()}{text[1:]}."


class BenefitsSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """discounts: which of several discounts on a cart counts: the one that saves most, or each that says it combines
    beside it."""

    benefits: tuple[Benefit, ...] = ()
    discounts: Literal["best", "combined"] = "best"
