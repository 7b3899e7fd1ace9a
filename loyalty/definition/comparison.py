"""Comparing a value of an event or a member with what a rule asks for, by type and without surprises."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from loyalty.definition.problems import Problem, Problems
from loyalty.definition.translation import N_, Teller

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le", "in", "not_in", "contains", "exists"]
Value = str | int | float | bool
Values = str | int | float | bool | tuple[str | int | float | bool, ...]
Holds = Callable[[Sequence[Any]], bool]

OPERATOR_WORDS = {
    "eq": N_("%(name)s is %(value)s"),
    "ne": N_("%(name)s is not %(value)s"),
    "gt": N_("%(name)s is more than %(value)s"),
    "ge": N_("%(name)s is %(value)s or more"),
    "lt": N_("%(name)s is less than %(value)s"),
    "le": N_("%(name)s is %(value)s or less"),
    "in": N_("%(name)s is one of %(value)s"),
    "not_in": N_("%(name)s is none of %(value)s"),
    "contains": N_("%(name)s contains %(value)s"),
    "exists": N_("%(name)s is given: %(value)s"),
}

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_ORDER = frozenset(("gt", "ge", "lt", "le"))
_MAX_VALUES = 500


def values_at(payload: Mapping[str, Any], keys: tuple[str, ...]) -> Sequence[Any]:
    """The values at the path: none, one, or one per item where it goes through a list. null counts as none."""
    found: Any = payload
    for index, key in enumerate(keys):
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list | tuple):
            return [value for item in found for value in values_at({"": item}, ("", *keys[index:]))]
        elif isinstance(found, Mapping):
            found = found.get(key)
        else:
            return ()
        if found is None:
            return ()
    return found if isinstance(found, list | tuple) else (found,)


def values_words(value: Values, teller: Teller) -> str:
    if isinstance(value, tuple):
        return teller.list_or([values_words(each, teller) for each in value])
    if isinstance(value, bool):
        return teller.say(N_("yes")) if value else teller.say(N_("no"))
    return str(value)


def comparison_problems(operator: Operator, value: Values, path: str) -> Problems:
    """What is wrong with this operator having this value."""
    here = f"{path}.value"
    if operator in ("in", "not_in"):
        if not isinstance(value, tuple) or not value:
            yield Problem(here, f"{operator} needs a list.", "Say the values as a list, such as [web, app].")
        elif len(value) > _MAX_VALUES:
            yield Problem(here, f"The list has {len(value)} values.", f"At most {_MAX_VALUES}.")
    elif isinstance(value, tuple):
        yield Problem(here, f"{operator} takes one value.", "Use in for a list of values.")
    elif operator == "exists" and not isinstance(value, bool):
        yield Problem(here, "exists takes true or false.", "Say true if there must be a value, false if not.")
    elif operator in _ORDER and not _ordered(value):
        yield Problem(here, f"{operator} compares numbers or days.", "Say a number, or a day as YYYY-MM-DD.")


def _ordered(value: Value) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or _DAY.match(value) is not None


def _same_kind(value: Any) -> Any:
    """What values are compared as, so that true is not 1, "1" is not 1, and 0.1 is the decimal. None: not at all."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return value if isinstance(value, Decimal) and value.is_finite() else None


def comparison(operator: Operator, value: Values) -> Holds:
    """Compiles to a test over the values found; it holds when one of them passes (ne, not_in: when none equals)."""
    if operator == "exists":
        wanted = value is True
        return lambda found: bool(found) is wanted
    if isinstance(value, tuple):
        several = frozenset(_same_kind(each) for each in value) - {None}
        if operator == "in":
            return lambda found: any(_same_kind(each) in several for each in found)
        return lambda found: not any(_same_kind(each) in several for each in found)
    expected = _same_kind(value)
    if operator == "eq":
        return lambda found: any(_same_kind(each) == expected for each in found)
    if operator == "ne":
        return lambda found: not any(_same_kind(each) == expected for each in found)
    if operator == "contains":
        return lambda found: any(_contains(each, expected) for each in found)
    return _ordering(operator, value)


def _contains(actual: Any, expected: Any) -> bool:
    """A text contains a text, whatever the case; an item of a list is it."""
    if isinstance(actual, str) and isinstance(expected, str):
        return expected.casefold() in actual.casefold()
    return bool(_same_kind(actual) == expected)


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}


def _ordering(operator: Operator, value: Value) -> Holds:
    test = _TESTS[operator]
    if isinstance(value, str):
        # Days written YYYY-MM-DD sort as they come; a time of day behind it doesn't matter.
        return lambda found: any(isinstance(each, str) and _is_day(each) and test(each[:10], value) for each in found)
    expected = _same_kind(value)

    def holds(found: Sequence[Any]) -> bool:
        for each in found:
            actual = _same_kind(each)
            if isinstance(actual, int | Decimal) and test(actual, expected):
                return True
        return False

    return holds


def _is_day(text: str) -> bool:
    return _DAY.match(text[:10]) is not None
