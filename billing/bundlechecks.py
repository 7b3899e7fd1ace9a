"""What can be wrong with a bundle that its types don't say: its parts, and what each of them costs by itself."""

from __future__ import annotations

from billing.section import EVERY_WORDS, AddOn, BillingSection, Plan, Rate, Recurring
from loyalty.definition.basics import money_said
from loyalty.definition.phrases import Spoken, phrase, spoken
from loyalty.definition.problems import Problem, Problems, unknown


def bundle_problems(each: Plan, section: BillingSection, path: str) -> Problems:
    """Of a plan that has parts."""
    here = f"{path}.parts"
    if not isinstance(each.charge, Recurring):
        yield Problem(
            here,
            phrase("Only what is paid again and again is sold as a bundle."),
            phrase("Give it prices that come back, or leave the parts out."),
        )
        return
    if len(each.parts) < 2 or len(set(each.parts)) != len(each.parts):
        yield Problem(here, phrase("A bundle has two parts or more, each once."), phrase("Name each part once."))
    if each.box is not None and each.box.most_quantity > 1:
        yield Problem(
            f"{path}.box.most_quantity", phrase("A bundle is had once."), phrase("Leave it at 1, or sell it unbundled.")
        )
    known = {one.code for one in section.plans if isinstance(one.charge, Recurring | AddOn) and not one.parts}
    for index, code in enumerate(each.parts):
        part = section.plan(code)
        if part is None or code not in known:
            yield unknown(f"{here}[{index}]", phrase("plan or add-on"), code, known - {each.code})
            continue
        yield from _part(part, each.charge, f"{here}[{index}]")


def _part(part: Plan, bundle: Recurring, here: str) -> Problems:
    if part.box is not None:
        yield Problem(
            here,
            phrase("%(code)r sends a box, which a bundle sends only by itself.", code=part.code),
            phrase("Give the bundle the box, or leave this part out."),
        )
    assert isinstance(part.charge, Recurring | AddOn)
    for price in bundle.prices:
        if not any(_fits(one, price) for one in part.charge.prices):
            yield Problem(
                here,
                phrase(
                    "%(code)r has no price of its own beside %(amount)s, so the bundle’s can’t be split.",
                    code=part.code,
                    amount=_said(price),
                ),
                phrase("Give it a price in this currency and for this period."),
            )


def _said(price: Rate) -> Spoken:
    """€10 a month."""
    return spoken(
        lambda say, language: (
            f"{money_said(price.amount_minor, price.money_currency, language)} {say(EVERY_WORDS[price.every])}"
        )
    )


def _fits(own: Rate, bundled: Rate) -> bool:
    same = (own.money_currency, own.every) == (bundled.money_currency, bundled.every)
    return same and (not own.countries or bool(set(own.countries) & set(bundled.countries)))
