"""Lots in memory, moved exactly as loyalty/sql moves those in the tables: for runs that book nothing.

The order is the nightly one: what is due becomes active and pays a debt first, then what is over expires.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from loyalty.reading import Account, AwardLot


class MemoryLot(AwardLot, kw_only=True):
    """A lot that can become active by itself. entry rises with age, as an entry's id does.

    forgiven: what returns claimed of it and found nowhere, where the policy lets that go.
    """

    activates_at: datetime
    forgiven: int = 0


class Draw(msgspec.Struct, frozen=True):
    lot: MemoryLot
    points: int


class Expiry(msgspec.Struct, frozen=True):
    """What left the balance at that instant."""

    at: datetime
    points: int


class Purse:
    """One account with its lots. The account's balance, pending and debt follow everything that happens here."""

    __slots__ = ("account", "lots")

    def __init__(self, account: Account, lots: Iterable[MemoryLot] = ()) -> None:
        self.account = account
        self.lots = list(lots)

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
        woken = self.activate(now)
        return woken, self.expire(now)

    def activate(self, now: datetime) -> int:
        woken = [lot for lot in self.lots if not lot.active and lot.activates_at <= now]
        for lot in woken:
            lot.active = True
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
            if all(lot is not draw.lot for lot in self.lots):
                self.lots.append(draw.lot)
        self.give(total)
        return total

    def collect_forgiven(self, draws: Iterable[Draw]) -> int:
        """What returns let go while it was spent is taken now that it is back. Returns the points."""
        total = 0
        for draw in sorted(draws, key=lambda each: each.lot.entry):
            points = min(draw.lot.forgiven, draw.points, draw.lot.remaining)
            draw.lot.remaining -= points
            draw.lot.forgiven -= points
            total += points
        self.take(total)
        return total

    def forget_empty(self) -> None:
        """Let go of lots in which nothing is left; whoever still needs one (an order, a spend) has it."""
        self.lots = [lot for lot in self.lots if lot.remaining > 0 or not lot.active]

    def due(self, otherwise: datetime) -> datetime:
        """When the next lot becomes active or expires; `otherwise` when none does before."""
        for lot in self.lots:
            at = lot.activates_at if not lot.active else lot.expires_at if lot.remaining > 0 else None
            if at is not None and at < otherwise:
                otherwise = at
        return otherwise


def _burn_order(lot: MemoryLot) -> tuple[bool, float, int]:
    return lot.expires_at is None, lot.expires_at.timestamp() if lot.expires_at is not None else 0.0, lot.entry
