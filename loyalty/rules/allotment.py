"""How much of what rules want to give their limits let through, and what that adds to the counters."""

from __future__ import annotations

from msgspec import Struct

from loyalty.definition.compiled import CompiledLimit, CompiledRule
from loyalty.definition.effects import Giver, Multiplier
from loyalty.definition.facts import CounterRef, Facts
from loyalty.rules.limiting import limit_ref, mark_of


class Wanted(Struct, frozen=True, gc=False):
    """What one effect would give without limits; see effectbase.Given. index: its place in the rule's effects."""

    index: int
    effect: Giver | Multiplier
    points: int
    numerator: int
    denominator: int
    base_minor: int | None
    lines: tuple[tuple[int, int], ...] = ()


class Allotment:
    """The counters during one judgement: the member's as they were read, plus what this event has added so far."""

    __slots__ = ("_added", "_facts", "_timed")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._added = facts.added
        self._timed: set[str] = set()

    def changes(self) -> tuple[tuple[str, str, int], ...]:
        """(key, period, added) of the counters that are kept; what counts within an event isn't."""
        return tuple(
            [(key, period, added) for (key, period), added in self._added.items() if added and period != "event"]
        )

    def add(self, ref: CounterRef, amount: int) -> None:
        self._added[ref] = self._added.get(ref, 0) + amount

    def allot(self, rule: CompiledRule, wanted: list[Wanted]) -> tuple[list[int], str]:
        """(what each gets, path of the first limit that cut or refused). Changes nothing."""
        amounts = [each.points for each in wanted]
        if not rule.limits:
            return amounts, ""
        why = ""
        for limit in rule.limits:
            if limit.measure == "times":
                # Firing once more either fits or doesn't; a rule that gives in both phases fires once.
                if rule.code not in self._timed and not self._once_more(limit):
                    return [0] * len(wanted), limit.path
                continue
            room, currency = self._room(limit), limit.currency
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
        if not rule.limits or rule.code in self._timed:
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
                ref = limit_ref(limit, self._facts)
                if limit.kind == "cooldown":
                    self.add(ref, max(0, mark_of(self._facts.event.occurred_at) - self._facts.counted(ref)))
                    continue
                self.add(ref, amount)
                if limit.frees:
                    freed += (ref,)
        return freed

    def _once_more(self, limit: CompiledLimit) -> bool:
        if limit.kind != "cooldown":
            return self._room(limit) >= 1
        mark = self._facts.counted(limit_ref(limit, self._facts))
        # What happened before the last award but is told late is refused: how far it lay from others isn't known.
        return not mark or mark_of(self._facts.event.occurred_at) - mark >= limit.at_most

    def _room(self, limit: CompiledLimit) -> int:
        ref = limit_ref(limit, self._facts)
        used = self._added.get(ref, 0)
        if limit.period != "event":
            used += self._facts.member.counters.get(ref, 0)
        return max(0, limit.at_most - used)
