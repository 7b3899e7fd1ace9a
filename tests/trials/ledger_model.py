"""What the ledger should hold, reckoned plainly: lists and sums, no SQL, none of the product's code.

Written from what the words mean (points: states, lots, burn order, refund policies, debt; tiers by points earned per
calendar year), so that a difference from the real ledger is a mistake in one of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")
FOREVER = datetime.max.replace(tzinfo=UTC)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZONE).astimezone(UTC)


def local(at: datetime) -> date:
    return at.astimezone(ZONE).date()


@dataclass
class Lot:
    """An award's points. number: its place in the order of awards, which settles equal expiries."""

    number: int
    granted: int
    activates_at: datetime
    expires_at: datetime
    active: bool
    remaining: int = 0
    reversed: int = 0
    forgiven: int = 0
    expired: int = 0
    held: int = 0

    def __post_init__(self) -> None:
        self.remaining = self.granted

    def row(self) -> tuple[int, int, int, bool, datetime]:
        return self.granted, self.remaining, self.reversed, self.active, self.expires_at


@dataclass
class Hold:
    """Points set aside until a time, out of these lots."""

    points: int
    until: datetime
    drawn: list[tuple[Lot, int]]
    state: str = "held"


@dataclass
class Account:
    """One currency of one member. life: days that points are valid after the local day of their activation."""

    policy: str
    pending_days: int
    life: int
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    issued: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    holds: list[Hold] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(lot.remaining for lot in self.lots if lot.active)

    @property
    def pending(self) -> int:
        return sum(lot.remaining for lot in self.lots if not lot.active)

    def totals(self) -> dict[str, int]:
        names = ("balance", "pending", "reserved", "debt", "issued", "spent", "expired", "reversed")
        return {name: getattr(self, name) for name in names}

    def draw(self, points: int) -> list[tuple[Lot, int]]:
        """Soonest expiry first, then oldest."""
        drawn = []
        for lot in sorted((each for each in self.lots if each.active), key=lambda each: (each.expires_at, each.number)):
            part = min(points, lot.remaining)
            if part:
                lot.remaining -= part
                points -= part
                drawn.append((lot, part))
        assert points == 0, "the model drew more than there is"
        return drawn

    def repay(self) -> None:
        """What is owed is paid before anything can be spent."""
        paid = min(self.debt, self.balance)
        self.draw(paid)
        self.debt -= paid
        self.reversed += paid

    def settle(self, now: datetime) -> None:
        """Everything that is due, in the order in which it fell due; points become active before others expire."""
        due = [(lot.activates_at, 0, lot) for lot in self.lots if not lot.active and lot.activates_at <= now]
        due += [(lot.expires_at, 1, lot) for lot in self.lots if lot.expires_at <= now and lot.remaining]
        for _at, what, lot in sorted(due, key=lambda each: (*each[:2], each[2].number)):
            if what == 0:
                lot.active = True
                self.repay()
            else:
                self._run_out(lot)
        for hold in sorted((each for each in self.open_holds if each.until <= now), key=lambda each: each.until):
            self.close(hold, 0, "expired")
            self.repay()
            for lot, _part in hold.drawn:
                if lot.expires_at <= now:
                    self._run_out(lot)

    def _run_out(self, lot: Lot) -> None:
        self.expired += lot.remaining
        lot.expired += lot.remaining
        lot.remaining = 0

    def award(self, points: int, at: datetime, now: datetime, *, waits: bool = True) -> None:
        """waits: with the currency's pending period; what staff gives is active at once."""
        activates_at = at
        if waits and self.pending_days:
            activates_at = (at.astimezone(ZONE) + timedelta(days=self.pending_days)).astimezone(UTC)
        expires_at = midnight(local(activates_at) + timedelta(days=self.life + 1))
        self.lots.append(Lot(len(self.lots), points, activates_at, expires_at, active=activates_at <= now))
        self.issued += points
        self.repay()

    def take_back(self, lot: Lot, points: int) -> tuple[int, int]:
        """Points of an award go: from its own lot, then from the balance, then into debt, as the policy allows.

        What ran out counts as gone. Returns (points taken, debt made); the claim is spent either way.
        """
        alive = lot.granted - lot.expired
        claimed, lot.reversed = min(lot.reversed, alive), lot.reversed + points
        points = min(lot.reversed, alive) - claimed
        if self.policy == "only_pending" and lot.active:
            return 0, 0
        own = min(points, lot.remaining)
        lot.remaining -= own
        others = min(points - own, self.balance) if self.policy != "only_pending" else 0
        self.draw(others)
        self.reversed += own + others
        owed = points - own - others if self.policy == "into_debt" else 0
        self.debt += owed
        if self.policy == "within_balance":
            lot.forgiven += points - own - others
        return own + others, owed

    @property
    def open_holds(self) -> list[Hold]:
        return [each for each in self.holds if each.state == "held"]

    @property
    def reserved(self) -> int:
        return sum(each.points for each in self.open_holds)

    def hold(self, points: int, until: datetime) -> Hold:
        """Set points aside: they can't be spent, and what is held of a lot doesn't run out meanwhile."""
        made = Hold(points, until, self.draw(points))
        for lot, part in made.drawn:
            lot.held += part
        self.holds.append(made)
        return made

    def close(self, hold: Hold, take: int, state: str) -> None:
        """So many of it are spent, in burn order. The rest goes back to its lots, but for what a return has claimed."""
        hold.state = state
        self.spent += take
        for lot, part in sorted(hold.drawn, key=lambda each: (each[0].expires_at, each[0].number)):
            used = min(part, take)
            take -= used
            lot.held -= part
            self.give_back(lot, part - used)

    def give_back(self, lot: Lot, points: int) -> None:
        lot.remaining += points
        late = min(lot.forgiven, points, lot.remaining)
        lot.remaining -= late
        lot.forgiven -= late
        self.reversed += late

    def receive(self, drawn: list[tuple[Lot, int]]) -> None:
        """What another gave: a lot for each that it came from, with its dates; a debt is paid first."""
        for lot, points in drawn:
            self.lots.append(Lot(len(self.lots), points, lot.activates_at, lot.expires_at, active=True))
        self.repay()

    def undo_spend(self, drawn: list[tuple[Lot, int]]) -> None:
        """Points go back to their lots; those that a return claimed while they were spent are taken now."""
        for lot, points in drawn:
            self.give_back(lot, points)
        self.spent -= sum(points for _lot, points in drawn)


@dataclass
class Standing:
    """A ladder by points earned per calendar year; a tier holds until the end of the next year."""

    thresholds: tuple[int, ...]
    earned: dict[int, int] = field(default_factory=dict)
    rank: int = 0
    valid_until: datetime | None = None

    def reached(self, year: int) -> int:
        return max(rank for rank, least in enumerate(self.thresholds) if self.earned.get(year, 0) >= least)

    def earn(self, points: int, year: int, now: datetime) -> None:
        """Up at once, or the same tier for longer."""
        self.earned[year] = self.earned.get(year, 0) + points
        rank, until = self.reached(year), holds_until(year)
        if rank == 0 or until <= now or rank < self.rank:
            return
        self.valid_until = until if rank > self.rank or self.valid_until is None else max(until, self.valid_until)
        self.rank = rank

    def give_back(self, points: int, year: int) -> None:
        self.earned[year] = self.earned.get(year, 0) - points

    def lapse(self, now: datetime) -> None:
        """At each end of validity: kept by a year that carries it on, else a step down, or to what was earned."""
        while self.valid_until is not None and self.valid_until <= now:
            end = self.valid_until
            carried = [(self.reached(year), holds_until(year)) for year in self.earned if holds_until(year) > end]
            reached, until = max(carried, default=(0, FOREVER))
            if reached >= self.rank:
                self.rank, self.valid_until = reached, until
                continue
            self.rank = max(self.rank - 1, reached)
            running_out = midnight(date(local(end).year + 1, 1, 1))
            carries_on = until if self.rank == reached else running_out
            self.valid_until = max(running_out, carries_on) if self.rank else None

    def review(self, now: datetime) -> None:
        """After a return: a tier that no year carries any more falls to what is still carried."""
        if self.rank == 0 or any(
            self.reached(year) >= self.rank and holds_until(year) >= (self.valid_until or now) for year in self.earned
        ):
            return
        held = [year for year in self.earned if holds_until(year) > now]
        best = max(((self.reached(year), holds_until(year)) for year in held), default=(0, FOREVER))
        if best[0] < self.rank:
            self.rank, self.valid_until = best[0], best[1] if best[0] else None


def holds_until(year: int) -> datetime:
    return midnight(date(year + 2, 1, 1))


@dataclass
class Sale:
    """An order and what it gave: (currency, lot, month of its cap, year of its progress)."""

    number: str
    who: int
    total: int
    at: datetime
    returned: int = 0
    awards: list[tuple[str, Lot]] = field(default_factory=list)


@dataclass
class Person:
    """A member: accounts by currency, the standing, and what the month's and the day's cap have used."""

    accounts: dict[str, Account]
    standing: Standing
    used: dict[tuple[str, str], int] = field(default_factory=dict)

    def settle(self, now: datetime) -> None:
        for account in self.accounts.values():
            account.settle(now)

    def room(self, key: tuple[str, str], at_most: int) -> int:
        return max(0, at_most - self.used.get(key, 0))

    def count(self, key: tuple[str, str], points: int) -> None:
        self.used[key] = self.used.get(key, 0) + points
