"""Which rules of a trigger an event leaves standing, told by looking its values up instead of asking every rule.

Most rules fall out by one comparison of one value of the event: a channel, a store, an amount. Those of the same value
are kept together, by what they ask of it, so that one look-up tells all of them. Who is left is asked in full; what a
look-up can't tell (a value that is a list, say) leaves everyone standing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from loyalty.definition.outcomes import RuleTrace


class Column(Struct, frozen=True):
    """What rules ask of one value. Numbers are the rules' places in the order of the trigger.

    equal: those that one value passes. least, most: bounds, rising, with whom a value reaches or keeps below them; of
    most the bounds are negative, so that both are looked up alike. every: all that ask.
    """

    path: str
    keys: tuple[str, ...]
    equal: Mapping[str | int, tuple[int, ...]]
    least: tuple[int, ...]
    least_of: tuple[int, ...]
    most: tuple[int, ...]
    most_of: tuple[int, ...]
    every: tuple[int, ...]

    def left(self, found: Any) -> tuple[int, ...]:
        """Who can still match an event that has this value."""
        kind = type(found)
        if kind is int:
            left = self.equal.get(found, ())
            if self.least:
                left += self.least_of[: bisect_right(self.least, found)]
            if self.most:
                left += self.most_of[: bisect_right(self.most, -found)]
            return left
        if kind is str:
            return self.equal.get(found, ())
        return () if found is None else self.every


class Sieve(Struct, frozen=True):
    """always: the rules that no column tells of. missed: of every other rule what is told when it falls out."""

    columns: tuple[Column, ...]
    always: tuple[int, ...]
    missed: tuple[RuleTrace, ...]


NO_SIEVE = Sieve((), (), ())
