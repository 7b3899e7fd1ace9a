"""What can be wrong with a point currency."""

from __future__ import annotations

from loyalty.definition.currencies import Currency
from loyalty.definition.partchecks import text_problems
from loyalty.definition.problems import Problem, Problems


def currency_problems(currency: Currency, path: str) -> Problems:
    yield from text_problems(currency.name_one, f"{path}.name_one", 60)
    yield from text_problems(currency.name_many, f"{path}.name_many", 60)
    value = currency.value_minor_per_point
    if value is not None and (not value.is_finite() or not 0 <= value <= 10**6 or value != round(value, 6)):
        yield Problem(
            f"{path}.value_minor_per_point",
            "That can't be a point's value.",
            "Say it in minor units of the program's money, such as 1 for a cent or 0.5 for half a cent.",
        )
