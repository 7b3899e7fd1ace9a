"""What can be wrong with a plan's box that its types don't say."""

from __future__ import annotations

from billing.boxes.shape import Box
from core.countries import COUNTRIES
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems


def box_problems(box: Box, path: str, currencies: set[str]) -> Problems:
    """currencies: those that the plan is sold in."""
    yield from twice_problems(box.items, f"{path}.items")
    yield from twice_problems(box.choices, f"{path}.choices")
    yield from twice_problems(box.extras, f"{path}.extras")
    named = {"items": box.items, "choices": box.choices}
    for name, parts in named.items():
        for index, each in enumerate(parts):
            yield from text_problems(each.name, f"{path}.{name}[{index}].name", 120)
    for index, extra in enumerate(box.extras):
        yield from text_problems(extra.name, f"{path}.extras[{index}].name", 120)
    for index, extra in enumerate(box.extras):
        sold = [each.money_currency for each in extra.prices]
        if len(sold) != len(set(sold)):
            yield Problem(
                f"{path}.extras[{index}].prices",
                phrase("There is a price for this currency already."),
                phrase("Leave one of them out."),
            )
        if missing := sorted(currencies - set(sold)):
            yield Problem(
                f"{path}.extras[{index}].prices",
                phrase("The plan is sold in %(currency)s, and this isn't.", currency=missing[0]),
                phrase("Give it a price in each currency of the plan's."),
            )
    for index, country in enumerate(box.countries):
        if country not in COUNTRIES:
            yield Problem(
                f"{path}.countries[{index}]",
                phrase("%(country)r isn't a country.", country=country),
                phrase("Use two letters such as NL."),
            )


def not_paid_again(path: str) -> Problem:
    return Problem(
        path,
        phrase("Only a plan that is paid again and again sends boxes."),
        phrase("Make it recurring, or leave the box out."),
    )
