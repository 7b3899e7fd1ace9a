"""Comparing a value of an event or a member with what a rule asks for, by type and without surprises."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import Any, Literal

from msgspec import Struct

from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.translation import N_, Teller

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le", "in", "not_in", "contains", "exists"]
Value = str | int | float | bool
Values = str | int | float | bool | tuple[str | int | float | bool, ...]

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
_SEVERAL = (list, tuple)


class Never:
    """The type of no value."""


class Comparison(Struct, frozen=True):
    """one: whether one value passes. It holds when one of the values found passes; with opposite, when none does.

    kind: a value of exactly that type passes when `test(value, expected)`, which is what `one` would say.
    """

    one: Callable[[Any], bool]
    opposite: bool = False
    kind: type = Never
    test: Callable[[Any, Any], bool] = eq
    expected: Any = None

    def at(self, keys: tuple[str, ...]) -> Callable[[Mapping[str, Any]], bool]:
        """Compiles to a test of what stands at the path. Nearly all that judging does is this, so it is kept short."""
        kind, test, expected, opposite, all_of = self.kind, self.test, self.expected, self.opposite, self.of_found

        def holds(payload: Mapping[str, Any]) -> bool:
            found = value_at(payload, keys)
            if type(found) is kind:
                return test(found, expected) is not opposite
            return all_of(found)

        return holds

    def of_found(self, found: Any) -> bool:
        """Whether it holds of what value_at found."""
        if found is None:
            return self.opposite
        if isinstance(found, _SEVERAL):
            return any(map(self.one, found)) is not self.opposite
        return self.one(found) is not self.opposite

    def of(self, value: Any) -> bool:
        """Whether it holds of that value, None being none."""
        return self.opposite if value is None else self.one(value) is not self.opposite


def value_at(payload: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """The one value at the path; the list of them where the path goes through a list; None where there is none."""
    found: Any = payload
    last = len(keys) - 1
    for index, key in enumerate(keys):
        if type(found) is not dict:
            plain = _of_items(found, key) if index == last and type(found) is list else None
            return values_at(payload, keys) if plain is None else plain
        found = found.get(key)
    return found


def _of_items(items: list[Any], key: str) -> list[Any] | None:
    """values_at of a list of plain objects, such as an order's lines; None where it isn't as simple as that."""
    values = []
    for item in items:
        if type(item) is not dict:
            return None
        value = item.get(key)
        if isinstance(value, _SEVERAL):
            return None
        if value is not None:
            values.append(value)
    return values


def values_at(found: Any, keys: tuple[str, ...]) -> list[Any]:
    """The values at the path: none, one, or one per item where it goes through a list. null counts as none."""
    for index, key in enumerate(keys):
        if type(found) is dict:
            found = found.get(key)
        elif isinstance(found, _SEVERAL):
            rest = keys[index:]
            return [value for item in found for value in values_at(item, rest)]
        elif found is None or not isinstance(found, Mapping):
            return []
        else:
            found = found.get(key)
    if isinstance(found, _SEVERAL):
        return [value for item in found for value in values_at(item, ())]
    return [] if found is None else [found]


def values_words(value: Values, teller: Teller, path: str = "") -> str:
    """path: of what it is compared with: amounts are told as money."""
    if isinstance(value, tuple):
        return teller.list_or([values_words(each, teller, path) for each in value])
    if isinstance(value, bool):
        return teller.say(N_("yes")) if value else teller.say(N_("no"))
    if type(value) is int and path.endswith("_minor"):
        return teller.money_of(value)
    return str(value)


def comparison_problems(operator: Operator, value: Values, path: str) -> Problems:
    """What is wrong with this operator having this value."""
    here = f"{path}.value"
    if operator in ("in", "not_in"):
        if not isinstance(value, tuple) or not value:
            yield Problem(
                here,
                phrase("%(operator)s needs a list.", operator=operator),
                phrase("Say the values as a list, such as [web, app]."),
            )
        elif len(value) > _MAX_VALUES:
            yield Problem(
                here,
                phrase("The list has %(n)s values.", n=len(value)),
                phrase("At most %(most)s.", most=_MAX_VALUES),
            )
    elif isinstance(value, tuple):
        yield Problem(
            here, phrase("%(operator)s takes one value.", operator=operator), phrase("Use in for a list of values.")
        )
    elif operator == "exists" and not isinstance(value, bool):
        yield Problem(
            here, phrase("exists takes true or false."), phrase("Say true if there must be a value, false if not.")
        )
    elif operator in _ORDER and not _ordered(value):
        yield Problem(
            here,
            phrase("%(operator)s compares numbers or days.", operator=operator),
            phrase("Say a number, or a day as YYYY-MM-DD."),
        )


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


def comparison(operator: Operator, value: Values) -> Comparison:
    """Compiles the operator with its value."""
    if operator == "exists":
        return Comparison(lambda actual: True, opposite=value is False)
    if isinstance(value, tuple):
        several = frozenset(_same_kind(each) for each in value) - {None}
        return Comparison(lambda actual: _same_kind(actual) in several, opposite=operator == "not_in")
    if operator in ("eq", "ne"):
        same = _same_kind(value)
        return Comparison(_equality(same), operator == "ne", str if isinstance(value, str) else int, eq, same)
    if operator == "contains":
        expected = _same_kind(value)
        return Comparison(lambda actual: _contains(actual, expected))
    if isinstance(value, str):
        return Comparison(_ordering(operator, value))
    return Comparison(_ordering(operator, value), kind=int, test=_TESTS[operator], expected=_same_kind(value))


def _equality(expected: Any) -> Callable[[Any], bool]:
    if isinstance(expected, str):
        return lambda actual: isinstance(actual, str) and actual == expected
    return lambda actual: bool(_same_kind(actual) == expected)


def _contains(actual: Any, expected: Any) -> bool:
    """A text contains a text, whatever the case; anything else must be it."""
    if isinstance(actual, str) and isinstance(expected, str):
        return expected.casefold() in actual.casefold()
    return bool(_same_kind(actual) == expected)


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {"gt": gt, "ge": ge, "lt": lt, "le": le}


def _ordering(operator: Operator, value: Value) -> Callable[[Any], bool]:
    test = _TESTS[operator]
    if isinstance(value, str):
        # Days written YYYY-MM-DD sort as they come; a time of day behind it doesn't matter.
        return lambda actual: isinstance(actual, str) and _is_day(actual) and test(actual[:10], value)
    expected = _same_kind(value)

    def passes(actual: Any) -> bool:
        if type(actual) is not int:
            actual = _same_kind(actual)
        return isinstance(actual, int | Decimal) and test(actual, expected)

    return passes


def _is_day(text: str) -> bool:
    return _DAY.match(text[:10]) is not None
