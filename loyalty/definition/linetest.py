"""The condition on an order's lines, each held as one unit: at least two lines that are beans and 20 euros or more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import AttributePath
from loyalty.definition.conditionbase import Check, ConditionScope
from loyalty.definition.facts import Facts
from loyalty.definition.lines import ItemTest, items_at, number_of, tests_build, tests_problems, tests_words
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.translation import N_, Teller

_OPERATOR_WORDS = {"ge": N_("at least %(n)s"), "eq": N_("exactly %(n)s"), "le": N_("at most %(n)s")}
_MEASURE_WORDS = {
    "lines": N_("%(amount)s lines where %(where)s"),
    "quantity": N_("%(amount)s pieces on lines where %(where)s"),
    "net_minor": N_("%(amount)s on lines where %(where)s"),
}
_BARE_WORDS = {
    "lines": N_("%(amount)s lines"),
    "quantity": N_("%(amount)s pieces"),
    "net_minor": N_("%(amount)s on lines"),
}
# The same of one.
_ONE_WORDS = {
    "lines": N_("%(amount)s line where %(where)s"),
    "quantity": N_("%(amount)s piece on lines where %(where)s"),
}
_BARE_ONE_WORDS = {"lines": N_("%(amount)s line"), "quantity": N_("%(amount)s piece")}
_TESTS: dict[str, Callable[[int, int], bool]] = {"ge": int.__ge__, "eq": int.__eq__, "le": int.__le__}


class LineTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="line"):
    """How many lines pass every test of `where` at once, or what their quantity or net_minor adds up to.

    of: where the lines stand in the event. Without tests all lines count. At least (ge), exactly (eq), at most (le).
    """

    where: tuple[ItemTest, ...] = ()
    measure: Literal["lines", "quantity", "net_minor"] = "lines"
    operator: Literal["ge", "eq", "le"] = "ge"
    value: Annotated[int, Meta(ge=0, le=10**12)] = 1
    of: AttributePath = "order.lines"

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from tests_problems(self.where, f"{path}.where")
        if self.operator == "ge" and self.value == 0:
            yield Problem(
                f"{path}.value",
                phrase("At least 0 holds always."),
                phrase("Say 1 or more, or leave the condition out."),
            )

    def words(self, teller: Teller) -> str:
        number = teller.money_of(self.value) if self.measure == "net_minor" else str(self.value)
        amount = teller.tell(_OPERATOR_WORDS[self.operator], n=number)
        one = self.value == 1
        if not self.where:
            return teller.tell((_BARE_WORDS | (_BARE_ONE_WORDS if one else {}))[self.measure], amount=amount)
        words = (_MEASURE_WORDS | (_ONE_WORDS if one else {}))[self.measure]
        return teller.tell(words, amount=amount, where=tests_words(self.where, teller))

    def build(self, path: str, scope: ConditionScope) -> Check:
        keys, holds, test = tuple(self.of.split(".")), tests_build(self.where), _TESTS[self.operator]
        measure, value = self.measure, self.value
        if measure == "lines" and self.operator == "ge" and value == 1:

            def any_line(facts: Facts) -> str | None:
                return None if any(map(holds, items_at(facts.payload, keys))) else path

            return any_line

        def check(facts: Facts) -> str | None:
            found = [line for line in items_at(facts.payload, keys) if holds(line)]
            amount = len(found) if measure == "lines" else sum(number_of(line, measure) for line in found)
            return None if test(amount, value) else path

        return check
