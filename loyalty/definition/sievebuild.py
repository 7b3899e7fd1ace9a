"""Building the sieves of a trigger's rules (sieve.py) out of their conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import ceil, floor, isfinite
from typing import Any

from loyalty.definition.compiled import CompiledRule
from loyalty.definition.conditions import All, AttributeTest, Condition
from loyalty.definition.lines import USUAL
from loyalty.definition.outcomes import UNTOLD, RuleTrace
from loyalty.definition.rule import Rule
from loyalty.definition.sieve import Column, Sieve

# (order of the rule, the test, where it stands)
Found = tuple[int, AttributeTest, str]


def sieve_build(rules: Sequence[Rule], compiled: Sequence[CompiledRule], *, exact: bool) -> Sieve:
    """exact: only by what a rule asks first, so that what it fell out by is what its trace has to tell."""
    closing = {each.group for each in compiled if each.stop or each.mode == "first_match"}
    found: dict[str, list[Found]] = {}
    missed = [UNTOLD] * len(compiled)
    for rule, each in zip(rules, compiled, strict=True):
        # Whether a rule is stopped by its group is asked before whether it matches.
        test = _test_of(rule, exact) if each.steady and each.group not in closing else None
        if test is not None:
            found.setdefault(test[0].path, []).append((each.order, *test))
            missed[each.order] = RuleTrace(each.code, "not_matched", test[1])
    always = tuple(each.order for each in compiled if missed[each.order] is UNTOLD)
    return Sieve(tuple(_column(path, asked) for path, asked in found.items()), always, tuple(missed))


def _test_of(rule: Rule, exact: bool) -> tuple[AttributeTest, str] | None:
    if rule.when is None or (exact and rule.audience is not None):
        return None
    for condition, path in _must_hold(rule.when, "when"):
        if isinstance(condition, AttributeTest) and _plain(condition):
            return condition, path
        if exact:
            return None
    return None


def _must_hold(condition: Condition, path: str) -> Iterator[tuple[Condition, str]]:
    """Conditions without which the whole doesn't hold, in the order in which they are asked."""
    if isinstance(condition, All):
        for index, each in enumerate(condition.of):
            yield from _must_hold(each, f"{path}.of[{index}]")
    else:
        yield condition, path


def _plain(test: AttributeTest) -> bool:
    """Whether a look-up tells what the comparison would, of a text or a whole number. A deep path mostly goes through
    a list, of which it tells nothing."""
    if test.path in USUAL or test.path.count(".") > 1:
        return False
    if test.operator in ("eq", "in"):
        values = test.value if isinstance(test.value, tuple) else (test.value,)
        return all(type(each) is str or type(each) is int for each in values)
    if test.operator in ("gt", "ge", "lt", "le"):
        return type(test.value) is int or (type(test.value) is float and isfinite(test.value))
    return False


def _column(path: str, asked: Sequence[Found]) -> Column:
    equal: dict[str | int, tuple[int, ...]] = {}
    least: list[tuple[int, int]] = []
    most: list[tuple[int, int]] = []
    for order, test, _where in asked:
        # A fraction is the decimal that it is written as, as everywhere.
        value: Any = Decimal(repr(test.value)) if isinstance(test.value, float) else test.value
        if test.operator in ("eq", "in"):
            for each in dict.fromkeys(value if isinstance(value, tuple) else (value,)):
                equal[each] = (*equal.get(each, ()), order)
        elif test.operator in ("ge", "gt"):
            least.append((ceil(value) if test.operator == "ge" else floor(value) + 1, order))
        else:
            most.append((-floor(value) if test.operator == "le" else 1 - ceil(value), order))
    least.sort()
    most.sort()
    return Column(
        path,
        tuple(path.split(".")),
        equal,
        tuple(bound for bound, _ in least),
        tuple(order for _, order in least),
        tuple(bound for bound, _ in most),
        tuple(order for _, order in most),
        tuple(order for order, _test, _where in asked),
    )
