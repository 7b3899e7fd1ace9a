"""Tiers that were given whatever was earned, in a replay: what was given then is given again, and ends as it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loyalty.backtests.wallet import FAR
from loyalty.booking import Plan
from loyalty.definition.compiled import CompiledLadder
from loyalty.reading import Place
from loyalty.rules.tiers import TierMove


class GivenTier(msgspec.Struct):
    """As it is kept. taken_at: when it was taken back or another of its source took its place, if before its end.

    over: a night has ended it.
    """

    ladder: str
    tier: str
    set_at: datetime
    until: datetime | None
    taken_at: datetime | None
    over: bool = False

    def holds(self, at: datetime) -> bool:
        return (
            self.set_at <= at
            and not self.over
            and (self.taken_at is None or self.taken_at > at)
            and (self.until is None or self.until > at)
        )


class Giving:
    """What was given to one member."""

    __slots__ = ("_tiers",)

    def __init__(self, tiers: Sequence[GivenTier]) -> None:
        self._tiers = tiers

    def best(self, ladder: CompiledLadder, at: datetime) -> tuple[str, datetime | None]:
        """The highest tier that is given then, of equals the one that is given longest; "" for none."""
        held = [
            each for each in self._tiers if each.ladder == ladder.code and each.tier in ladder.ranks and each.holds(at)
        ]
        if not held:
            return "", None
        found = max(held, key=lambda each: (ladder.ranks[each.tier], each.until or FAR))
        return found.tier, found.until

    def follow(self, ladder: CompiledLadder, place: Place, plan: Plan, at: datetime) -> TierMove | None:
        """Bring the standing in line with it; what became of the tier that counts."""
        standing = place.standing(ladder.code)
        if standing is None:
            return None
        tier, until = self.best(ladder, at)
        return plan.standing_put(
            standing.with_floor(tier, until, ladder.ranks),
            before=standing,
            place=place,
            event_id=None,
            at=at,
            cause="floor" if tier else "floor_end",
            ranks=ladder.ranks,
        )

    def due(self, now: datetime) -> datetime:
        """The next end that a night has to see to."""
        if not self._tiers:
            return FAR
        return min((each.until for each in self._tiers if each.until is not None and _open(each, now)), default=FAR)

    def end(self, midnight: datetime) -> list[str]:
        """A night: what was given until then is over. The ladders that have to be looked at."""
        ended = [
            each for each in self._tiers if each.until is not None and each.until <= midnight and _open(each, midnight)
        ]
        for each in ended:
            each.over = True
        return sorted({each.ladder for each in ended})


def _open(each: GivenTier, now: datetime) -> bool:
    return each.set_at <= now and not each.over and (each.taken_at is None or each.taken_at > now)
