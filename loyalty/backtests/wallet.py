"""A member's accounts in a replay: lots as the ledger moves them, and what was done to them without an event."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from loyalty.backtests.memory import Closed, Hand, Held, ReplayState
from loyalty.backtests.tally import Tally
from loyalty.booking import Row
from loyalty.definition.currencies import Currency, Regrant
from loyalty.definition.expiry import After
from loyalty.lots import Draw, Hold, MemoryLot, Purse
from loyalty.reading import Account, OrderSpend, SpendLot, Waiting
from loyalty.rules.dates import expiry_at, local_day

BEGIN, FAR = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Spend(msgspec.Struct):
    """What was spent, lot by lot; back: of each what returns of the order gave back, restored in all."""

    entry: int
    account: int
    source: str
    order_number: str
    draws: list[Draw]
    back: dict[int, int] = {}
    restored: int = 0


class Wallet:
    """net: what the window issued, less what it took back, by currency. now, inside: told by the replay."""

    def __init__(self, state: ReplayState, accounts: Mapping[str, int], tally: Tally) -> None:
        self.state, self.tally = state, tally
        codes = dict.fromkeys([*accounts, *state.compiled.currencies])
        self.purses = {
            code: Purse(Account(accounts.get(code, -1 - at), code, 0, 0, 0, 0)) for at, code in enumerate(codes)
        }
        self.net: dict[str, int] = {}
        self.now, self.inside = BEGIN, False
        self._by_account = {purse.account.id: purse for purse in self.purses.values()}
        self._spends: dict[int, Spend] = {}
        self._holds: dict[str, tuple[Purse, Hold]] = {}
        self._entries = 0
        self._waiters: list[MemoryLot] = []

    def flow(self, currency: str, kind: str, points: int) -> None:
        if points and self.inside:
            self.tally.add(self.tally.flows, currency, kind, points)

    def lot(
        self, purse: Purse, points: int, activates_at: datetime, expires_at: datetime | None, *, active: bool
    ) -> MemoryLot:
        self._entries += 1
        lot = MemoryLot(
            entry=self._entries,
            account=purse.account.id,
            effect="",
            rule="",
            granted=points,
            remaining=points,
            reversed=0,
            active=active,
            expires_at=expires_at,
            activates_at=activates_at,
        )
        purse.lots.append(lot)
        return lot

    # --- time --------------------------------------------------------------------------------------------------------
    def due(self, otherwise: datetime) -> datetime:
        for purse in self.purses.values():
            otherwise = purse.due(otherwise)
        return otherwise

    def settle(self, at: datetime) -> None:
        self.activate(at)
        self.expire(at)

    def activate(self, at: datetime) -> None:
        for purse in self.purses.values():
            for gone in purse.drop(at):
                self.flow(purse.account.currency, "expired", gone.points)
            purse.activate(at)

    def expire(self, at: datetime) -> None:
        for purse in self.purses.values():
            for gone in [*purse.lapse(at), *purse.expire(at)]:
                self.flow(purse.account.currency, "expired", gone.points)
            purse.forget_empty()

    # --- events ------------------------------------------------------------------------------------------------------
    def wait(self, lot: MemoryLot) -> None:
        """The lot waits for an event."""
        self._waiters.append(lot)

    def waiting(self) -> list[Waiting]:
        """Lots that an event could wake now."""
        if not self._waiters:
            return []
        self._waiters = [lot for lot in self._waiters if lot.waits_for and not lot.active]
        return [
            Waiting(lot.entry, lot.account, lot.remaining, lot.waits_for, lot.source, lot.order_number, lot.expiry)
            for lot in self._waiters
            if lot.activates_at > self.now
        ]

    def follow(self, releases: Sequence[Row], activity: Sequence[Row]) -> None:
        """What the event does to lots; the accounts follow already."""
        for row in releases:
            lot = next(each for purse in self.purses.values() for each in purse.lots if each.entry == row["lot"])
            lot.activates_at, lot.active, lot.expires_at = row["activates_at"], row["active"], row["expires_at"]
            lot.waits_for, lot.drops = "", False
        for row in activity:
            for lot in self._by_account[row["account"]].lots:
                ends, until = lot.expires_at, row["until"]
                alive = lot.remaining + lot.held > 0 and ends is not None and self.now < ends < until
                if alive and lot.rolls == row["months"]:
                    lot.expires_at = until

    def spends_on(self, order: tuple[str, str], orders: Container[tuple[str, str]]) -> list[OrderSpend]:
        """What a return of the order gives back, the last spent first. orders: (source, number) of all there are.

        What was spent under a source that has no such order was spent on this one.
        """
        source, number = order
        found = [
            each
            for each in self._spends.values()
            if each.order_number == number and (each.source == source or (each.source, number) not in orders)
        ]
        return [
            OrderSpend(each.entry, each.account, sum(draw.points for draw in each.draws), each.restored, _lots(each))
            for each in sorted(found, key=lambda each: -each.entry)
        ]

    def restored(
        self, row: Row, parts: Sequence[tuple[SpendLot, int, int]], paid: int, own: Sequence[MemoryLot]
    ) -> None:
        """A return gave spent points back; own: lots that follow already, as the account does."""
        spend, purse = self._spends[row["spend"]], self._by_account[row["account"]]
        spend.restored += row["points"]
        lots = {draw.lot.entry: draw.lot for draw in spend.draws}
        claimed_all, over_all = 0, 0
        for told, part, gone in parts:
            lot = lots[told.lot]
            spend.back[lot.entry] = spend.back.get(lot.entry, 0) + part
            purse.keep(lot)
            over = lot.expires_at is not None and lot.expires_at <= self.now
            claimed = max(0, min(lot.forgiven, part, told.remaining + part)) if row["collect"] else 0
            if all(each is not lot for each in own):
                lot.remaining += part - gone
            lot.taken += claimed
            lot.expired += gone - claimed
            if over and row["regrant_until"] is not None:
                lot.expires_at = row["regrant_until"]
            claimed_all, over_all = claimed_all + claimed, over_all + gone - claimed
        purse.draw(paid, None)
        currency = purse.account.currency
        self.flow(currency, "spent", -row["points"])
        self.flow(currency, "expired", over_all)
        self.taken(currency, claimed_all)

    def taken(self, currency: str, points: int) -> None:
        """What an event took back."""
        self.flow(currency, "reversed", points)
        if self.inside and points:
            self.net[currency] = self.net.get(currency, 0) - points

    # --- by hand -----------------------------------------------------------------------------------------------------
    def hand(self, hand: Hand | Held | Closed) -> None:
        """The caller has settled what was due."""
        if isinstance(hand, Closed):
            self._close(hand)
            return
        purse = self.purses.get(hand.currency)
        if purse is None:
            return
        if isinstance(hand, Held):
            self._hold(purse, hand)
        elif hand.undoes is not None:
            self._undo(purse, hand.undoes)
        elif hand.points < 0:
            self._spend(purse, hand)
        else:
            purse.give(hand.points)
            self.lot(purse, hand.points, self.now, hand.expires_at, active=True).rolls = hand.rolls
            purse.repay()
            self.flow(hand.currency, "given", hand.points)

    def _spend(self, purse: Purse, hand: Hand) -> None:
        """What was spent then is spent again, as far as there is something; the rest is told as short."""
        wanted = -hand.points
        points = min(wanted, purse.account.balance)
        purse.take(points)
        self._spends[hand.entry] = Spend(hand.entry, purse.account.id, "", "", purse.draw(points, self.now))
        self.flow(hand.currency, "spent" if hand.kind == "spend" else "taken", points)
        self.flow(hand.currency, "short", wanted - points)

    def _undo(self, purse: Purse, spent: int) -> None:
        """Points go back to the lots that they came from; what is past its day expires or is given anew."""
        known, spend = self._currency(purse), self._spends.pop(spent, None)
        draws = spend.draws if spend is not None else []
        points = purse.restore(draws)
        until = self._regrant_end(known, self.now)
        if until is not None:
            for draw in draws:
                if draw.lot.expires_at is not None and draw.lot.expires_at <= self.now:
                    draw.lot.expires_at = until
        collected = purse.collect_forgiven(draws) if known is None or known.refund_policy == "within_balance" else 0
        self.flow(purse.account.currency, "spent", -points)
        self.flow(purse.account.currency, "reversed", collected)
        self.settle(self.now)
        purse.repay()

    def _hold(self, purse: Purse, held: Held) -> None:
        known = self._currency(purse)
        hold = Hold(
            held.id,
            min(held.points, purse.account.balance),
            [],
            held.expires_at,
            self._regrant_end(known, held.expires_at),
            known is None or known.refund_policy == "within_balance",
        )
        if hold.points > 0:
            purse.hold(hold, self.now)
        self._holds[held.id] = purse, hold

    def _close(self, closed: Closed) -> None:
        """Nothing where its time was up before: then it went back by itself."""
        found = self._holds.pop(closed.id, None)
        if found is None:
            return
        purse, hold = found
        take = min(closed.taken, hold.points)
        if any(each is hold for each in purse.holds):
            until = self._regrant_end(self._currency(purse), self.now)
            draws, collected = purse.close(hold, take, self.now, until)
            self.flow(purse.account.currency, "reversed", collected)
            if closed.entry is not None:
                self._spends[closed.entry] = Spend(
                    closed.entry, purse.account.id, closed.source, closed.order_number, draws
                )
            self.flow(purse.account.currency, "spent", take)
            self.settle(self.now)
            purse.repay()
        self.flow(purse.account.currency, "short", closed.taken - take)

    def _currency(self, purse: Purse) -> Currency | None:
        compiled = self.state.at(self.now)
        code = purse.account.currency
        return compiled.document.currency(code) if code in compiled.currencies else None

    def _regrant_end(self, known: Currency | None, at: datetime) -> datetime | None:
        if known is None or not isinstance(known.restore_policy, Regrant):
            return None
        zone = self.state.at(self.now).zone
        return expiry_at(After(n=known.restore_policy.days, unit="days"), local_day(at, zone), zone)


def _lots(spend: Spend) -> list[SpendLot]:
    """The last drawn first, as the ledger notes them."""
    return [
        SpendLot(
            draw.lot.entry,
            draw.points,
            spend.back.get(draw.lot.entry, 0),
            draw.lot.remaining,
            draw.lot.forgiven,
            draw.lot.expires_at,
        )
        for draw in sorted(spend.draws, key=lambda each: -each.lot.entry)
    ]
