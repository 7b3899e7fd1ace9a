"""What a program counts of its members: orders, euros, days with a visit. Conditions and ladders ask.

A counter rises with every event that it matches, whether or not a rule fires, and is kept per local day, week, month,
year and lifetime as far as anything asks. It starts when the version that declares it is in force; what happened before
is counted where the brand chooses so at publishing (loyalty/backfills).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from loyalty.definition.basics import AttributePath, Code, LocalText, Trigger
from loyalty.definition.comparison import values_at
from loyalty.definition.conditions import Condition
from loyalty.definition.translation import N_, Teller

# Kept for every counter, so that a rule that asks for them later finds them.
ALWAYS_KEPT = ("lifetime", "year", "month")
MAX_COUNTED = 10**15


class Times(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="times"):
    """How often it happened."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("how often"))


class DistinctDays(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="distinct_days", tag_field="kind"
):
    """On how many local days it happened."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("on how many days"))


class Sum(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sum"):
    """The sum of a whole number of the event, such as order.net_minor. Where there is a list, of all its items."""

    path: AttributePath

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("the sum of %(path)s"), path=teller.attribute(self.path))

    def amount(self, payload: Mapping[str, Any]) -> int:
        """Whole numbers from 0 up only; anything else counts nothing."""
        found = values_at(payload, tuple(self.path.split(".")))
        return min(MAX_COUNTED, sum(each for each in found if type(each) is int and each > 0))


Measure = Times | DistinctDays | Sum


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts the events of a type for which the conditions hold. A whole return takes back what its order counted."""

    code: Code
    name: LocalText
    trigger: Trigger
    when: Condition | None = None
    measure: Measure = Times()

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("%(measure)s: %(event)s"), measure=self.measure.words(teller), event=self.trigger)


def counter_uses(part: object) -> Iterator[tuple[str, str]]:
    """(counter, period) of everything in a part of the document that names a counter: whatever has both fields."""
    if isinstance(part, Struct):
        named = getattr(part, "counter", None)
        if isinstance(named, str):
            yield named, str(getattr(part, "period", "lifetime"))
        for name in part.__struct_fields__:
            yield from counter_uses(getattr(part, name))
    elif isinstance(part, tuple):
        for each in part:
            yield from counter_uses(each)
