"""Lots in memory, moved exactly as loyalty/sql moves those in the tables: for runs that book nothing.

The order is the nightly one: what waited in vain is off, what is due becomes active and pays a debt, holds whose time
is up go back, then what is over expires.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from loyalty.definition.expiry import Expiry as ExpiryRule
from loyalty.reading import Account, AwardLot


class MemoryLot(AwardLot, kw_only=True):
    """A lot that can become active by itself. entry rises with age, as an entry's id does.

    taken: what returns took for it, from wherever, debt too. held: of its points, in holds. waits_for: the event that
    it waits for, of the order_number of that source; drops: it is off without it; expiry: how its end is reckoned then.
    rolls: the months that an activity carries it.
    """

    activates_at: datetime
    taken: int = 0
    held: int = 0
    rolls: int = 0
    waits_for: str = ""
    source: str = ""
    order_number: str = ""
    drops: bool = False
    expiry: ExpiryRule | None = None

    @property
    def forgiven(self) -> int:
        """What returns claimed of it and found nowhere, where the policy lets that go."""
        return min(self.reversed, self.granted - self.expired) - self.taken


class Draw(msgspec.Struct, frozen=True):
    lot: MemoryLot
    points: int


class Hold(msgspec.Struct):
    """Points set aside. regrant_until: what comes back past its day when the time is up is valid again until then."""

    key: str
    points: int
    draws: list[Draw]
    expires_at: datetime
    regrant_until: datetime | None
    collect: bool


class Expiry(msgspec.Struct, frozen=True):
    """What left the balance at that instant."""

    at: datetime
    points: int


class Purse:
    """One account with its lots. The account's balance, pending and debt follow everything that happens here."""

    __slots__ = ("account", "holds", "lots")

    def __init__(self, account: Account, lots: Iterable[MemoryLot] = ()) -> None:
        self.account = account
        self.lots = list(lots)
        self.holds: list[Hold] = []

    def draw(self, points: int, now: datetime | None) -> list[Draw]:
        """Take points out of the active lots, soonest expiry first, then oldest; up to what they hold.

        now None: also out of lots whose last day is over. The balance is the caller's.
        """
        open_lots = [
            lot
            for lot in self.lots
            if lot.remaining > 0 and lot.active and (now is None or lot.expires_at is None or lot.expires_at > now)
        ]
        open_lots.sort(key=_burn_order)
        draws: list[Draw] = []
        for lot in open_lots:
            if points <= 0:
                break
            part = min(points, lot.remaining)
            lot.remaining -= part
            points -= part
            draws.append(Draw(lot, part))
        return draws

    def settle(self, now: datetime) -> tuple[int, list[Expiry]]:
        """Activate, then expire what is due. (how many became active, what expired in order of time)."""
        dropped = self.drop(now)
        woken = self.activate(now)
        return woken, sorted([*dropped, *self.lapse(now), *self.expire(now)], key=lambda each: each.at)

    def drop(self, now: datetime) -> list[Expiry]:
        """What waited for an event that didn't come in time is off."""
        gone = []
        for lot in self.lots:
            if lot.drops and not lot.active and lot.remaining > 0 and lot.activates_at <= now:
                gone.append(Expiry(lot.activates_at, lot.remaining))
                self.account.pending -= lot.remaining
                self.account.held -= lot.remaining
                lot.expired += lot.remaining
                lot.remaining = 0
        return gone

    def activate(self, now: datetime) -> int:
        woken = [
            lot
            for lot in self.lots
            if not lot.active and lot.activates_at <= now and not (lot.drops and lot.remaining > 0)
        ]
        for lot in woken:
            lot.active, lot.waits_for = True, ""
            self.account.pending -= lot.remaining
            self.account.balance += lot.remaining
        if woken:
            self.repay()
        return len(woken)

    def repay(self) -> int:
        """A debt is paid from whatever balance there is, also from what is past its day."""
        paid = min(self.account.balance, self.account.debt)
        if paid > 0:
            self.account.balance -= paid
            self.account.debt -= paid
            self.account.held -= paid
            self.draw(paid, None)
        return max(paid, 0)

    def expire(self, now: datetime) -> list[Expiry]:
        gone: dict[datetime, int] = {}
        for lot in self.lots:
            if lot.active and lot.remaining > 0 and lot.expires_at is not None and lot.expires_at <= now:
                gone[lot.expires_at] = gone.get(lot.expires_at, 0) + lot.remaining
                self.account.balance -= lot.remaining
                self.account.held -= lot.remaining
                lot.expired += lot.remaining
                lot.remaining = 0
        return [Expiry(at, points) for at, points in sorted(gone.items())]

    def give(self, points: int) -> None:
        """Put points into the balance; the lot is the caller's."""
        self.account.balance += points
        self.account.held += points

    def take(self, points: int) -> None:
        """Take points out of the balance; the lots are the caller's."""
        self.account.balance -= points
        self.account.held -= points

    def restore(self, draws: Iterable[Draw]) -> int:
        """Give draws back to the lots that they came from. Returns the points."""
        total = 0
        for draw in draws:
            draw.lot.remaining += draw.points
            total += draw.points
            self.keep(draw.lot)
        self.give(total)
        return total

    def keep(self, lot: MemoryLot) -> None:
        """Look after a lot again that was let go when nothing was left in it."""
        if all(each is not lot for each in self.lots):
            self.lots.append(lot)

    def hold(self, hold: Hold, now: datetime) -> None:
        """Set points aside: out of the balance, still the member's."""
        self.account.balance -= hold.points
        hold.draws = self.draw(hold.points, now)
        for draw in hold.draws:
            draw.lot.held += draw.points
        self.holds.append(hold)

    def close(self, hold: Hold, take: int, now: datetime, regrant_until: datetime | None) -> tuple[list[Draw], int]:
        """Spend `take` of a hold, in burn order; the rest goes back. (what was spent, what returns claimed of it)."""
        self.holds = [each for each in self.holds if each is not hold]
        self.account.balance += hold.points - take
        self.account.held -= take
        spent, back = [], []
        for draw in sorted(hold.draws, key=lambda each: _burn_order(each.lot)):
            lot, part = draw.lot, min(draw.points, take)
            take -= part
            lot.held -= draw.points
            lot.remaining += draw.points - part
            if part:
                spent.append(Draw(lot, part))
            if draw.points > part:
                back.append(Draw(lot, draw.points - part))
                if regrant_until is not None and lot.expires_at is not None and lot.expires_at <= now:
                    lot.expires_at = regrant_until
        return spent, self.collect_forgiven(back) if hold.collect else 0

    def lapse(self, now: datetime) -> list[Expiry]:
        """Holds whose time is up go back; what else is past its day goes first, so that it gets no new one."""
        gone: list[Expiry] = []
        due = [each for each in self.holds if each.expires_at <= now]
        for hold in sorted(due, key=lambda each: (each.expires_at, each.key)):
            gone += self.expire(now)
            self.close(hold, 0, now, hold.regrant_until)
            self.repay()
        return gone

    def collect_forgiven(self, draws: Iterable[Draw]) -> int:
        """What returns let go while it was spent is taken now that it is back. Returns the points."""
        total = 0
        for draw in sorted(draws, key=lambda each: each.lot.entry):
            points = max(0, min(draw.lot.forgiven, draw.points, draw.lot.remaining))
            draw.lot.remaining -= points
            draw.lot.taken += points
            total += points
        self.take(total)
        return total

    def forget_empty(self) -> None:
        """Let go of lots in which nothing is left; whoever still needs one (an order, a spend) has it."""
        self.lots = [lot for lot in self.lots if lot.remaining > 0 or lot.held > 0 or not lot.active]

    def due(self, otherwise: datetime) -> datetime:
        """When the next lot becomes active or expires, or a hold's time is up; `otherwise` when none is before."""
        for hold in self.holds:
            otherwise = min(otherwise, hold.expires_at)
        for lot in self.lots:
            at = lot.activates_at if not lot.active else lot.expires_at if lot.remaining > 0 else None
            if at is not None and at < otherwise:
                otherwise = at
        return otherwise


def _burn_order(lot: MemoryLot) -> tuple[bool, float, int]:
    return lot.expires_at is None, lot.expires_at.timestamp() if lot.expires_at is not None else 0.0, lot.entry
