"""The section `checkout` of a program's document: which points pay for a part of an order, and for how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from loyalty.definition.basics import Code
from loyalty.definition.partchecks import twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.translation import N_, Teller, number_text

SECTION = "checkout"
Points = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class PartPayment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points of this currency pay for a part of an order.

    value_minor: what one pays for, in minor units of the program's money; what the currency says it is worth when it
    isn't told. at_least: fewer points aren't taken. step: only so many at a time. most_percent: of what is to be paid,
    at most so much of a hundred. from_minor: only orders of that much. hold_minutes: how long points are set aside.
    """

    noun: ClassVar[str] = N_("Paying with %(name)s")
    currency: Code
    value_minor: Decimal | None = None
    at_least: Points = 1
    step: Points = 1
    most_percent: Annotated[int, Meta(ge=1, le=100)] = 100
    from_minor: Annotated[int, Meta(ge=0, le=10**11)] = 0
    hold_minutes: Annotated[int, Meta(ge=1, le=43_200)] = 30

    @property
    def code(self) -> str:
        """What it is known by."""
        return self.currency

    def words(self, teller: Teller) -> str:
        parts = [teller.tell(N_("%(points)s pay for a part of an order"), points=teller.currency(self.currency))]
        if self.value_minor is not None:
            parts.append(teller.tell(N_("%(n)s cents for each"), n=number_text(self.value_minor)))
        if self.most_percent < 100:
            parts.append(teller.tell(N_("at most %(n)d%% of it"), n=self.most_percent))
        text = ", ".join(parts)
        return f"{text[:1].upper()}{text[1:]}."


class CheckoutSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    part_payments: tuple[PartPayment, ...] = ()

    def payment(self, currency: str) -> PartPayment | None:
        return next((each for each in self.part_payments if each.currency == currency), None)


def section_problems(section: CheckoutSection, path: str, ground: Ground) -> Problems:
    here = f"{path}.part_payments"
    if len(section.part_payments) > 20:
        yield Problem(here, phrase("There are %(n)d.", n=len(section.part_payments)), phrase("At most %(n)d.", n=20))
        return
    yield from twice_problems(section.part_payments, here, "currency")
    for index, each in enumerate(section.part_payments):
        yield from _payment(each, f"{here}[{index}]", ground)


def _payment(each: PartPayment, path: str, ground: Ground) -> Problems:
    known = ground.currencies.get(each.currency)
    if known is None:
        yield from ground.currency_known(each.currency, f"{path}.currency")
        return
    if known.kind == "qualifying":
        yield Problem(
            f"{path}.currency",
            phrase("Points of this currency count for tiers and can't be spent."),
            phrase("Name a currency that can be spent."),
        )
    value = each.value_minor if each.value_minor is not None else known.value_minor_per_point
    if value is None or not value.is_finite() or not 0 < value <= 10**9:
        yield Problem(
            f"{path}.value_minor",
            phrase("It isn't said what a point pays for."),
            phrase("Say it in cents, above 0, such as 1 or 0.5."),
        )
    if each.at_least % each.step:
        yield Problem(
            f"{path}.at_least",
            phrase("The least isn't a multiple of the step."),
            phrase("Say a multiple of %(step)d.", step=each.step),
        )
