"""A member's life again, in memory: the events that came, the nights that were, what was spent and given by hand.

Before the window every event is judged by the version that judged it then, in the window by the document under test, by
the very code that books (judging.SliceJudge): so caps, counters, tiers and lots stand at the window's start as they
stood. Nothing else rebuilds them exactly: what a counter or a tier's validity was on a past day isn't stored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from core.actor import system
from core.errors import DomainError
from loyalty.backtests.beginning import month_of, place_begin
from loyalty.backtests.following import Rises
from loyalty.backtests.giving import GivenTier, Giving
from loyalty.backtests.memory import Changed, Closed, Hand, Held, MemoryPlan, Sale, Setting, Stored
from loyalty.backtests.ranking import Ranking
from loyalty.backtests.tally import Tally
from loyalty.backtests.undoing import Undoing
from loyalty.backtests.wallet import BEGIN, FAR, Wallet
from loyalty.booking import Row, award_effect, order_number_of
from loyalty.cases import Case, move_tell
from loyalty.incoming import EventInput
from loyalty.judging import SliceJudge
from loyalty.lots import MemoryLot, Purse
from loyalty.lotting import rolling_end
from loyalty.payloads import EVENT_REVERSED, ORDER_PAID, ORDER_RETURNED
from loyalty.reading import AwardLot, Context, MemberContext, OrderContext, SpendLot
from loyalty.returns import event_undo, return_judge, return_order
from loyalty.rising import Riser
from loyalty.rules.judgement import Judgement, Outcome
from loyalty.rules.tiers import TierMove
from loyalty.tierpreview import Recalculated

ACTOR = system("backtest")
# What happened without an event.
Told = Hand | Held | Closed | Changed | Recalculated


class Replay(SliceJudge):
    """One member's place in the program, from its beginning to the end of the window."""

    whole = False

    def __init__(
        self,
        setting: Setting,
        member: MemberContext,
        accounts: Mapping[str, int],
        enrolled_at: datetime,
        tally: Tally,
        given: Sequence[GivenTier] = (),
    ) -> None:
        super().__init__(Context(), {setting.state.slug: setting.state}, ACTOR, enrolled_at)
        self.setting, self.state, self.member, self.tally = setting, setting.state, member, tally
        self.context.budgets[self.state.id] = tally.budgets
        self.plan = MemoryPlan(judge=self, shared=tally.budgets)
        self.wallet = Wallet(setting.state, accounts, tally)
        self.giving = Giving(given)
        self.purses, self.net = self.wallet.purses, self.wallet.net
        slug = setting.state.slug
        self.rises = Rises(setting.state, Riser(1, member.public_id, member.joined_at, enrolled_at, slug))
        self.place = place_begin(setting.state, enrolled_at, [purse.account for purse in self.purses.values()])
        self.ranking = Ranking(setting.state, member, self.place, self.plan)
        self.sales: dict[tuple[str, str], Sale] = {}
        self.undoing = Undoing()
        # Of the window: events by their type, and what became of rules, but for those that didn't match.
        self._judged: dict[str, int] = {}
        self._became: dict[str, dict[Outcome, int]] = {}
        # What the window issued: (currency, month, rule) → points.
        self._given: dict[tuple[str, str, str], int] = {}
        self.inside = False
        self._due = FAR
        self._night = 0
        self._lots: list[MemoryLot] = []
        self._owing: dict[str, int] = {}
        # When the month that is counted into ends, and its name: a life goes forward.
        self._month = (BEGIN, "")

    def run(self, events: Sequence[Stored], hands: Sequence[Hand | Held | Closed | Changed]) -> None:
        """Everything in the order in which it was booked."""
        both: Sequence[Stored | Told] = events
        recalculated = [each for each in self.setting.recalculated if each.at >= self.place.enrolled_at]
        if hands or recalculated:
            both = sorted([*events, *hands, *recalculated], key=attrgetter("at"))
        self.rises.expect(events)
        self.undoing.expect(events)
        for each in both:
            self._nights(each.at)
            self._at(each.at)
            if not isinstance(each, Stored):
                self._hand(each)
            elif (event := self.rises.instead_of(each)) is not None:
                self._event(event)
            self._follow_rises()
            if self.setting.balanced and self.now < self._due:
                self._due = self.now  # the next night looks at tiers that go by a balance
        self._nights(self.setting.until)
        self._tell()

    def _at(self, moment: datetime) -> None:
        self.now, self.inside = moment, moment >= self.state.since
        self.wallet.now, self.wallet.inside = self.now, self.inside

    # --- events ------------------------------------------------------------------------------------------------------
    def _event(self, stored: Stored) -> None:
        if self.inside:
            self.tally.events += 1
        event = EventInput(
            stored.external_id, stored.type, stored.occurred_at, None, stored.source, None, stored.payload, b""
        )
        version, compiled = self.state.judging(occurred_at=stored.occurred_at, received_at=stored.at)
        case = Case(stored.id, event, self.member, self.place, self.state, version, compiled)
        try:
            if stored.type == ORDER_RETURNED:
                self._return(case)
            elif stored.type == EVENT_REVERSED:
                self._undo(case)
            else:
                self._earn(case)
        except DomainError:
            self.tally.refused += 1

    def _follow_rises(self) -> None:
        """Rises that the replay alone has are judged where they happen; one may lead to the next."""
        while self.rises.at_once:
            self._event(self.rises.at_once.pop(0))

    def _lapse(self, case: Case) -> None:
        if self._due <= self.now:
            super()._lapse(case)

    def _order(self, case: Case) -> None:
        """It was looked at when it came; no number comes twice."""

    def _follow(self, case: Case) -> None:
        """What wakes pays a debt when the event's awards are there."""
        wallet, accounts = self.wallet, self.place.accounts
        self.place.waiting = wallet.waiting()
        self.plan.repay.clear()
        self._owing = {}
        if not self.place.waiting and case.event.type not in case.compiled.point_events:
            return
        debts = [each.debt for each in accounts]
        super()._follow(case)
        wallet.follow(self.plan.releases, self.plan.activity)
        if self.plan.releases:
            self._due_again()
        self._owing = {
            each.currency: debt - each.debt for each, debt in zip(accounts, debts, strict=True) if debt > each.debt
        }
        for rows in (self.plan.releases, self.plan.activity, self.plan.repay):
            rows.clear()

    def _awards(self, case: Case, judgement: Judgement) -> list[Row]:
        """Awards become lots at once; nobody reads why. A debt is paid when all of the event's are there."""
        owing, self._lots = self._owing, []
        for award in judgement.awards:
            purse = self.purses[award.currency]
            active = award.activates_at <= self.now and not award.waits_for
            ends = rolling_end(award.rolls, award.expires_at, purse.account, case) if award.rolls else award.expires_at
            paid = purse.account.earn(award.awarded, active=active)
            lot = self._lot(purse, award.awarded, award.activates_at, ends, active=active)
            lot.rule, lot.effect, lot.rolls = award.rule, award_effect(award.rule, award.effect), award.rolls
            if award.waits_for:
                lot.waits_for, lot.source = award.waits_for, case.event.source
                lot.order_number = order_number_of(case.event)
                lot.drops, lot.expiry = award.drops, award.expiry
                self.wallet.wait(lot)
            self._lots.append(lot)
            if paid:
                owing[award.currency] = owing.get(award.currency, 0) + paid
            if self.inside:
                self._issued(award.rule, award.currency, award.awarded)
        for currency, paid in owing.items():
            purse = self.purses[currency]
            purse.account.held -= paid
            purse.draw(paid, None)
        return judgement.awards  # type: ignore[return-value]  # only asked whether there are any

    def _keep(self, case: Case, judgement: Judgement, awards: list[Row], changed: Mapping[str, str]) -> dict[str, Any]:
        if case.event.type == ORDER_PAID:
            order = case.event.payload["order"]
            self.sales[case.event.source, order["number"]] = Sale(
                case.id, case.version.id, order["total_minor"], judgement, self._lots, order.get("lines", [])
            )
        else:
            self.undoing.keep(case, judgement, self._lots)
        self._lots = []
        self._achieved()
        if self.inside:
            kind = case.event.type
            self._judged[kind] = self._judged.get(kind, 0) + 1
            for each in judgement.trace:
                row = self._became.get(each.rule)
                if row is None:
                    row = self._became[each.rule] = {}
                row[each.outcome] = row.get(each.outcome, 0) + 1
        return {}

    def _return(self, case: Case) -> None:
        number = case.event.payload["return"]["order"]
        key = (case.event.source, number)
        sale = self.sales.get(key)
        self.context.orders = {}
        if sale is not None:
            if self._due <= self.now:
                self._settle(self.now)
            self.context.orders[key] = self._order_of(key, sale)
        order = return_order(case, self.context)
        self._lapse(case)
        return_judge(case, order, self.plan, self.actor, self.now)
        if sale is not None and order is not None:
            sale.refunded_minor, sale.returned_lines = order.refunded_minor, order.returned_lines
        self._achieved()
        self.plan.events.clear()
        self.plan.refunds.clear()

    def _undo(self, case: Case) -> None:
        if (undone := self.undoing.undone(case)) is not None and self._due <= self.now:
            self._settle(self.now)
        self._lapse(case)
        event_undo(case, undone, self.plan, self.actor, self.now, {})
        self._achieved()
        self.plan.events.clear()

    def _order_of(self, key: tuple[str, str], sale: Sale) -> OrderContext:
        return OrderContext(
            event_id=sale.event_id,
            source=key[0],
            number=key[1],
            member_id=self.member.id,
            program_id=self.state.id,
            version_id=sale.version_id,
            total_minor=sale.total_minor,
            refunded_minor=sale.refunded_minor,
            due=False,
            awards=msgspec.to_builtins(sale.judgement.awards),
            lots=list(sale.lots),
            raised=list(sale.judgement.raised),
            acts=list(sale.judgement.acts),
            lines=sale.lines,
            returned_lines=sale.returned_lines,
            spends=self.wallet.spends_on(key, self.sales),
        )

    # --- what the plan tells -----------------------------------------------------------------------------------------
    def taken(self, lot: AwardLot, currency: str, row: dict[str, Any]) -> None:
        """A return took points: those beyond the award's own lot out of the balance's other lots."""
        points, debt = row["own"] + row["others"], row["debt"]
        if row["others"]:
            self.purses[currency].draw(row["others"], self.now)
        if isinstance(lot, MemoryLot):
            lot.taken += points + debt
        self.wallet.flow(currency, "debt", debt)
        self.wallet.taken(currency, points)

    def restored(self, row: dict[str, Any], parts: Sequence[tuple[SpendLot, int, int]], paid: int) -> None:
        own = [lot for order in self.context.orders.values() for lot in order.lots if isinstance(lot, MemoryLot)]
        self.wallet.restored(row, parts, paid, own)
        self._due_again()

    def told(self, change: dict[str, Any]) -> None:
        self.rises.told(change, self.now)

    def moved(self, move: TierMove) -> None:
        self._due = min(self._due, self._standings_due())
        if self.inside and move.kind != "kept":
            self.tally.add(self.tally.moves, move.ladder, f"{move.from_tier}>{move.to_tier}")

    def _achieved(self) -> None:
        if self.plan.achievements and self.inside:
            for row in self.plan.achievements:
                self.tally.add(self.tally.achieved, row["code"], "undone" if row["undone"] else row["kind"])
        self.plan.achievements.clear()

    # --- by hand -----------------------------------------------------------------------------------------------------
    def _hand(self, hand: Told) -> None:
        if isinstance(hand, Recalculated):
            self.ranking.recalculated(hand)
            self._due_again()
            return
        if isinstance(hand, Changed):
            self._give(hand.ladder, self.now)
            self._due_again()
            return
        if isinstance(hand, Closed) and hand.lapsed and hand.at in self.setting.midnights:
            return  # by the night, which is at it when it ran
        self._settle(self.now)
        self.wallet.hand(hand)
        self._due_again()

    # --- time --------------------------------------------------------------------------------------------------------
    def _nights(self, before: datetime) -> None:
        """The nights that ran up to then, as far as something of this member was due in them."""
        ran_at, midnights = self.setting.ran_at, self.setting.midnights
        stop = bisect_right(ran_at, before, self._night)
        while self._night < stop:
            first = bisect_left(midnights, self._due, self._night, stop)
            if first >= stop:
                break
            self._sleep(midnights[first])
            self._night = first + 1
        self._night = max(self._night, stop)

    def _sleep(self, midnight: datetime) -> None:
        self._at(midnight)
        self.wallet.activate(midnight)
        for code in self.giving.end(midnight):
            self._give(code, midnight)
        self._lapse_at(midnight)
        self.wallet.expire(midnight)
        self.ranking.by_balance(midnight)
        self._due_again()
        self._follow_rises()

    def _give(self, code: str, at: datetime) -> None:
        """Bring the standing in line with what is given to the member then, as floors.floors_apply() does."""
        if (ladder := self.state.at(at).ladders.get(code)) is not None:
            self._lapse_at(at)
            moved = self.giving.follow(ladder, self.place, self.plan, at)
            if moved is not None and moved.kind != "kept":
                move_tell(self.plan, ladder, moved, at=at, member_id=self.member.public_id, program=self.state.slug)

    def _lapse_at(self, at: datetime) -> None:
        if any(each.due_by(at) for each in self.place.standings):
            self.now = at
            self._lapse(Case("", NO_EVENT, self.member, self.place, self.state, self.state.row, self.state.at(at)))

    def _settle(self, at: datetime) -> None:
        if self._due <= at:
            self.wallet.settle(at)
            self._due_again()

    def _due_again(self) -> None:
        self._due = self.wallet.due(self._standings_due())

    def _standings_due(self) -> datetime:
        return min(self._ends_due(), self.giving.due(self.now))

    def _ends_due(self) -> datetime:
        ends = [end for each in self.place.standings for end in (each.valid_until, each.own_until, each.floor_until)]
        return min((end for end in ends if end is not None), default=FAR)

    # --- small things ------------------------------------------------------------------------------------------------
    def _lot(
        self, purse: Purse, points: int, activates_at: datetime, expires_at: datetime | None, *, active: bool
    ) -> MemoryLot:
        due = activates_at if not active else expires_at
        if due is not None and due < self._due:
            self._due = due
        return self.wallet.lot(purse, points, activates_at, expires_at, active=active)

    def _issued(self, rule: str, currency: str, points: int) -> None:
        key = (currency, self._month[1] if self.now < self._month[0] else self._month_of(self.now), rule)
        self._given[key] = self._given.get(key, 0) + points
        self.net[currency] = self.net.get(currency, 0) + points

    def _tell(self) -> None:
        """Add what was counted of this member: what was issued, and what became of every rule of the events' types.

        What nothing was told of didn't match.
        """
        tally = self.tally
        for (currency, month, rule), points in self._given.items():
            tally.add(tally.flows, currency, "issued", points)
            tally.add(tally.issued_by_month, currency, month, points)
            tally.add(tally.rule_points, rule, currency, points)
        for kind, judged in self._judged.items():
            plan = self.setting.state.compiled.triggers.get(kind)
            for each in plan.rules if plan is not None else ():
                became = self._became.get(each.code, {})
                for outcome, times in became.items():
                    tally.add(tally.rules, each.code, outcome, times)
                missed = judged - sum(became.values())
                if missed:
                    tally.add(tally.rules, each.code, "not_matched", missed)

    def _month_of(self, at: datetime) -> str:
        if at >= self._month[0]:
            local = at.astimezone(self.setting.zone)
            self._month = month_of(local.year, local.month, self.setting.zone)
        return self._month[1]


NO_EVENT = EventInput("", "", FAR, None, "", None, {}, b"")
