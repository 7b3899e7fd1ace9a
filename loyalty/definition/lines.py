"""Items of an event's list, such as an order's lines, each held as one unit against several tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from loyalty.definition.basics import AttributePath
from loyalty.definition.comparison import (
    OPERATOR_WORDS,
    Operator,
    Values,
    comparison,
    comparison_problems,
    values_at,
    values_words,
)
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.translation import Teller

# What an order's line holds when it doesn't say: payloads leave out what is at its default.
LINE_DEFAULTS: Mapping[str, Any] = {"quantity": 1, "discount_minor": 0, "tax_minor": 0}
# The same by path, and what an order itself leaves out.
USUAL: Mapping[str, Any] = {
    **{f"order.lines.{name}": value for name, value in LINE_DEFAULTS.items()},
    **{f"order.{name}_minor": 0 for name in ("tax", "shipping", "discount", "gift_card", "paid_in_points")},
}
MAX_TESTS = 20

Item = Mapping[str, Any]
Holds = Callable[[Item], bool]


class ItemTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Compares a value of one item, such as sku, category, brand, tags, quantity or net_minor of an order's line."""

    path: AttributePath
    operator: Operator
    value: Values = True

    def problems(self, path: str) -> Problems:
        yield from comparison_problems(self.operator, self.value, path)

    def words(self, teller: Teller) -> str:
        name, value = teller.attribute(f"order.lines.{self.path}"), values_words(self.value, teller, self.path)
        if name.startswith("order.lines."):
            name = self.path
        return teller.tell(OPERATOR_WORDS[self.operator], name=name, value=value)

    def build(self) -> Holds:
        holds = comparison(self.operator, self.value).at(tuple(self.path.split(".")))
        name = self.path
        if name not in LINE_DEFAULTS:
            return holds
        usual = {name: LINE_DEFAULTS[name]}
        return lambda item: holds(item if name in item else usual)


def tests_problems(tests: tuple[ItemTest, ...], path: str) -> Problems:
    if len(tests) > MAX_TESTS:
        yield Problem(path, phrase("There are %(n)s tests.", n=len(tests)), phrase("At most %(most)s.", most=MAX_TESTS))
        return
    for index, each in enumerate(tests):
        yield from each.problems(f"{path}[{index}]")


def tests_words(tests: tuple[ItemTest, ...], teller: Teller) -> str:
    return teller.list_and([each.words(teller) for each in tests])


def tests_build(tests: tuple[ItemTest, ...]) -> Holds:
    """Whether one item passes every test; without tests, it does."""
    if len(tests) == 1:
        return tests[0].build()
    built = tuple(each.build() for each in tests)
    return lambda item: all(holds(item) for holds in built)


def items_at(payload: Item, keys: tuple[str, ...]) -> list[Item]:
    """The objects of the list at the path, in order; what isn't an object is left out."""
    found: Any = payload
    for key in keys:
        if type(found) is not dict:
            found = values_at(payload, keys)
            break
        found = found.get(key)
    if type(found) is dict:
        return [found]
    if not isinstance(found, list | tuple):
        return []
    return [each for each in found if type(each) is dict]


def usual_value(item: Item, name: str) -> Any:
    """The value of an item by that name, or what it usually is."""
    return item.get(name, LINE_DEFAULTS.get(name))


def number_of(item: Item, name: str) -> int:
    """A whole number of an item, 0 where it isn't told; a line's quantity is 1."""
    value = usual_value(item, name)
    return value if type(value) is int and value > 0 else 0
