"""The figures of a backtest, added up event by event; parts that were counted side by side are merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

import msgspec

Counts = dict[str, int]
Tables = dict[str, Counts]

# Upper ends (in whole points) of what a member loses or gains; beyond the last: more than that.
EDGES = (-1000, -100, -10, -1, 0, 9, 99, 999)
EXTREMES = 20


class Extreme(msgspec.Struct, frozen=True, array_like=True):
    """One member's difference: minor units, the replay less what happened. member: the opaque public id."""

    difference: int
    member: str
    replayed: int
    happened: int


class Tally(msgspec.Struct):
    """Points are minor units of their currency. Tables are name → key → figure; months are YYYY-MM.

    flows: currency → issued, reversed, expired, spent, given, taken, short (recorded spends that found too little),
    debt. issued_by_month: currency → month. rules: rule → outcome. rule_points: rule → currency. achieved:
    achievement → kind, or undone. moves: ladder → `from>to`. tiers: ladder → tier, members at the end. holdings:
    currency → balance, pending, debt at the end. people: members, earning (of the replay), earned (really). spread:
    currency → edge → members. budgets: what all members together were given under each, so far.
    """

    events: int = 0
    refused: int = 0
    flows: Tables = {}
    issued_by_month: Tables = {}
    rules: Tables = {}
    rule_points: Tables = {}
    achieved: Tables = {}
    moves: Tables = {}
    tiers: Tables = {}
    holdings: Tables = {}
    people: Counts = {}
    spread: Tables = {}
    gainers: dict[str, list[Extreme]] = {}
    losers: dict[str, list[Extreme]] = {}
    budgets: Counts = {}

    def add(self, table: Tables, name: str, key: str, number: int = 1) -> None:
        row = table.get(name)
        if row is None:
            row = table[name] = {}
        row[key] = row.get(key, 0) + number

    def difference(self, currency: str, one: int, member: str, replayed: int, happened: int) -> None:
        """A member's net points of the period, of both sides. one: minor units in a point."""
        by = replayed - happened
        self.add(self.spread, currency, edge_of(by, one))
        if by > 0:
            _keep(self.gainers.setdefault(currency, []), Extreme(by, member, replayed, happened))
        elif by < 0:
            _keep(self.losers.setdefault(currency, []), Extreme(by, member, replayed, happened))

    def merge(self, other: Tally) -> None:
        self.events += other.events
        self.refused += other.refused
        for mine, theirs in zip(self._tables(), other._tables(), strict=True):
            for name, row in theirs.items():
                for key, number in row.items():
                    self.add(mine, name, key, number)
        for key, number in other.people.items():
            self.people[key] = self.people.get(key, 0) + number
        for own, its in ((self.gainers, other.gainers), (self.losers, other.losers)):
            for currency, found in its.items():
                for each in found:
                    _keep(own.setdefault(currency, []), each)

    def _tables(self) -> Iterator[Tables]:
        yield from (self.flows, self.issued_by_month, self.rules, self.rule_points, self.moves, self.tiers)
        yield from (self.holdings, self.spread, self.achieved)


def edge_of(by: int, one: int) -> str:
    """The class that a difference falls in, by its upper end in whole points; `more` above the last."""
    if not by:
        return "0"
    points = by / one
    if -1 < points < 0:
        return "-1"
    return str(next((edge for edge in EDGES if points <= edge and edge != 0), "more"))


def _keep(found: list[Extreme], each: Extreme) -> None:
    """Keep the largest differences either way."""
    found.append(each)
    if len(found) > 4 * EXTREMES:
        found[:] = heapq.nlargest(EXTREMES, found, key=lambda one: abs(one.difference))


def largest(found: list[Extreme]) -> list[Extreme]:
    return heapq.nlargest(EXTREMES, found, key=lambda one: (abs(one.difference), one.member))


def tally_of(raw: Any) -> Tally:
    return msgspec.convert(raw, Tally) if raw else Tally()
