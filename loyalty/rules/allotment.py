"""How much of what rules want to give their limits let through, and what that adds to the counters."""

from __future__ import annotations

from msgspec import Struct

from loyalty.definition.compiled import CompiledLimit, CompiledRule
from loyalty.definition.effects import Giver, Multiplier
from loyalty.definition.facts import CounterRef, Facts
from loyalty.rules.dates import period_start


class Wanted(Struct, frozen=True, gc=False):
    """What one effect would give without limits; see effects.Given. index: its place in the rule's effects."""

    index: int
    effect: Giver | Multiplier
    points: int
    numerator: int
    denominator: int
    base_minor: int | None


class Allotment:
    """The counters during one judgement: the member's as they were read, plus what this event has added so far."""

    __slots__ = ("_added", "_facts", "_timed")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._added = facts.added
        self._timed: set[str] = set()

    def changes(self) -> tuple[tuple[str, str, int], ...]:
        """(key, period, added) of the counters that are kept; what counts within an event isn't."""
        return tuple((key, period, added) for (key, period), added in self._added.items() if period != "event")

    def add(self, ref: CounterRef, amount: int) -> None:
        self._added[ref] = self._added.get(ref, 0) + amount

    def allot(self, rule: CompiledRule, wanted: list[Wanted]) -> tuple[list[int], str]:
        """(what each gets, path of the first limit that cut or refused). Changes nothing."""
        amounts = [each.points for each in wanted]
        why = ""
        for limit in rule.limits:
            room = self._room(limit)
            if limit.measure == "times":
                # Firing once more either fits or doesn't; a rule that gives in both phases fires once.
                if room < 1 and rule.code not in self._timed:
                    return [0] * len(wanted), limit.path
                continue
            currency = limit.currency
            if limit.reject:
                if sum(each.points for each in wanted if each.effect.currency == currency) > room:
                    return [0] * len(wanted), limit.path
                continue
            for index, each in enumerate(wanted):
                if each.effect.currency == currency:
                    if amounts[index] > room:
                        amounts[index] = room
                        why = why or limit.path
                    room -= amounts[index]
        return amounts, why

    def count_times(self, rule: CompiledRule) -> tuple[CounterRef, ...]:
        """Counts that the rule gave, once per event; returns what a reversal gives back."""
        if rule.code in self._timed:
            return ()
        self._timed.add(rule.code)
        return self._count(rule, "", 1)

    def count_points(self, rule: CompiledRule, currency: str, points: int) -> tuple[CounterRef, ...]:
        """Counts points given by the rule; returns what a reversal gives back."""
        return self._count(rule, currency, points) if rule.limits else ()

    def _count(self, rule: CompiledRule, currency: str, amount: int) -> tuple[CounterRef, ...]:
        freed: tuple[CounterRef, ...] = ()
        for limit in rule.limits:
            if limit.currency == currency:
                ref = self._ref(limit)
                self.add(ref, amount)
                if limit.frees:
                    freed += (ref,)
        return freed

    def _room(self, limit: CompiledLimit) -> int:
        ref = self._ref(limit)
        used = self._added.get(ref, 0)
        if limit.period != "event":
            used += self._facts.member.counters.get(ref, 0)
        return max(0, limit.at_most - used)

    def _ref(self, limit: CompiledLimit) -> CounterRef:
        if limit.period == "event":
            return limit.key, "event"
        return limit.key, period_start(limit.period, self._facts.local_date)
