"""A member's life again, in memory: the events that came, the nights that were, what was spent and given by hand.

Before the window every event is judged by the version that judged it then, in the window by the document under test, by
the very code that books (judging.SliceJudge): so caps, counters, tiers and lots stand at the window's start as they
stood. Nothing else rebuilds them exactly: what a counter or a tier's validity was on a past day isn't stored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec

from core.actor import system
from core.errors import DomainError
from loyalty.backtests.memory import Hand, MemoryPlan, Sale, Setting, Stored
from loyalty.backtests.tally import Tally
from loyalty.booking import Row, award_effect
from loyalty.cases import Case
from loyalty.definition.currencies import Regrant
from loyalty.definition.expiry import After, end_of_period
from loyalty.incoming import EventInput
from loyalty.judging import SliceJudge
from loyalty.lots import Draw, MemoryLot, Purse
from loyalty.payloads import ORDER_PAID, ORDER_RETURNED
from loyalty.reading import Account, AwardLot, Context, MemberContext, OrderContext, Place, Standing
from loyalty.returns import return_judge, return_order
from loyalty.rules.dates import day_start, expiry_at, local_day
from loyalty.rules.judgement import Judgement
from loyalty.rules.tiers import TierMove, tier_by_balance

ACTOR = system("backtest")
BEGIN, FAR = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Replay(SliceJudge):
    """One member's place in the program, from its beginning to the end of the window."""

    def __init__(
        self,
        setting: Setting,
        member: MemberContext,
        accounts: Mapping[str, int],
        enrolled_at: datetime,
        tally: Tally,
    ) -> None:
        super().__init__(Context(), {setting.state.slug: setting.state}, ACTOR, enrolled_at)
        self.setting, self.state, self.member, self.tally = setting, setting.state, member, tally
        self.context.budgets[self.state.id] = tally.budgets
        self.plan = MemoryPlan(judge=self, shared=tally.budgets)
        codes = dict.fromkeys([*accounts, *setting.state.compiled.currencies])
        self.purses = {
            code: Purse(Account(accounts.get(code, -1 - at), code, 0, 0, 0, 0)) for at, code in enumerate(codes)
        }
        standings = [
            Standing(ladder.code, ladder.tiers[0].code, enrolled_at, None, "enrolled")
            for ladder in setting.state.at(enrolled_at).ladders.values()
        ]
        self.place = Place(
            id=1,
            program_id=setting.state.id,
            version=0,
            enrolled_at=enrolled_at,
            accounts=[purse.account for purse in self.purses.values()],
            standings=standings,
            moves=[],
            counters={},
        )
        self.sales: dict[tuple[str, str], Sale] = {}
        self.spends: dict[int, list[Draw]] = {}
        self.restored: dict[str, list[Hand]] = {}
        self.net: dict[str, int] = {}
        self.inside = False
        self._due = FAR
        self._night = 0
        self._entries = 0
        self._lots: list[MemoryLot] = []
        # When the month that is counted into ends, and its name: a life goes forward.
        self._month = (BEGIN, "")

    def run(self, events: Sequence[Stored], hands: Sequence[Hand]) -> None:
        """Everything in the order in which it was booked."""
        both: Sequence[Stored | Hand] = events
        for hand in hands:
            if hand.event is not None:
                self.restored.setdefault(hand.event, []).append(hand)
        if hands:
            both = sorted([*events, *(each for each in hands if each.event is None)], key=attrgetter("at"))
        for each in both:
            self._nights(each.at)
            self.now, self.inside = each.at, each.at >= self.state.since
            if isinstance(each, Stored):
                self._event(each)
            else:
                self._hand(each)
            if self.setting.balanced and self.now < self._due:
                self._due = self.now  # the next night looks at tiers that go by a balance
        self._nights(self.setting.until)

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
            else:
                self._earn(case)
        except DomainError:
            self.tally.refused += 1

    def _order(self, case: Case) -> None:
        """It was looked at when it came; no number comes twice."""

    def _awards(self, case: Case, judgement: Judgement) -> list[Row]:
        """Awards become lots at once; nobody reads why. A debt is paid when all of the event's are there."""
        owing: dict[str, int] = {}
        self._lots = []
        for award in judgement.awards:
            purse = self.purses[award.currency]
            active = award.activates_at <= self.now and not award.waits_for
            paid = purse.account.earn(award.awarded, active=active)
            lot = self._lot(purse, award.awarded, award.activates_at, award.expires_at, active=active)
            lot.rule, lot.effect = award.rule, award_effect(award.rule, award.effect)
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
        # What keeps lots alive is a plan for the tables; here nothing is booked.
        self.plan.activity.clear()
        self._lots = []
        self._achieved()
        if self.inside:
            rules = self.tally.rules
            for each in judgement.trace:
                row = rules.get(each.rule)
                if row is None:
                    row = rules[each.rule] = {}
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
        for hand in self.restored.get(case.id, ()):
            self._hand(hand)
        return_judge(case, order, self.plan, self.actor, self.now)
        if sale is not None and order is not None:
            sale.refunded_minor, sale.returned_lines = order.refunded_minor, order.returned_lines
        self._achieved()
        self.plan.events.clear()
        self.plan.refunds.clear()

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
        )

    # --- what the plan tells -----------------------------------------------------------------------------------------
    def taken(self, lot: AwardLot, currency: str, row: dict[str, Any]) -> None:
        """A return took points: those beyond the award's own lot out of the balance's other lots."""
        points, debt = row["own"] + row["others"], row["debt"]
        if row["others"]:
            self.purses[currency].draw(row["others"], self.now)
        if isinstance(lot, MemoryLot):
            lot.forgiven += row["due"] - points - debt
        if self.inside:
            self._flow(currency, "reversed", points)
            self._flow(currency, "debt", debt)
            self.net[currency] = self.net.get(currency, 0) - points

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
    def _hand(self, hand: Hand) -> None:
        purse = self.purses.get(hand.currency)
        if purse is None:
            return
        self._settle(self.now)
        if hand.undoes is not None:
            self._undo(purse, hand, hand.undoes)
        elif hand.points < 0:
            self._spend(purse, hand)
        else:
            purse.give(hand.points)
            self._lot(purse, hand.points, self.now, hand.expires_at, active=True)
            purse.repay()
            if self.inside:
                self._flow(hand.currency, "given", hand.points)

    def _spend(self, purse: Purse, hand: Hand) -> None:
        """What was spent then is spent again, as far as there is something; the rest is told as short."""
        wanted = -hand.points
        points = min(wanted, purse.account.balance)
        purse.take(points)
        self.spends[hand.entry] = purse.draw(points, self.now)
        if self.inside:
            self._flow(hand.currency, "spent" if hand.kind == "spend" else "taken", points)
            self._flow(hand.currency, "short", wanted - points)

    def _undo(self, purse: Purse, hand: Hand, spend: int) -> None:
        """Points go back to the lots that they came from; what is past its day expires or is given anew."""
        compiled = self.state.at(self.now)
        known = compiled.document.currency(hand.currency) if hand.currency in compiled.currencies else None
        draws, self.spends[spend] = _last_drawn(self.spends.get(spend, []), hand.points)
        points = purse.restore(draws)
        if known is not None and isinstance(known.restore_policy, Regrant):
            days = After(n=known.restore_policy.days, unit="days")
            until = expiry_at(days, local_day(self.now, compiled.zone), compiled.zone)
            for draw in draws:
                if draw.lot.expires_at is not None and draw.lot.expires_at <= self.now:
                    draw.lot.expires_at = until
        collected = purse.collect_forgiven(draws) if known is None or known.refund_policy == "within_balance" else 0
        if self.inside:
            self._flow(hand.currency, "spent", -points)
            self._flow(hand.currency, "reversed", collected)
        self._due_again()
        self._settle(self.now)
        purse.repay()

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
        self.now, self.inside = midnight, midnight >= self.state.since
        for purse in self.purses.values():
            purse.activate(midnight)
        self._lapse_at(midnight)
        self._expire(midnight)
        self._follow_balances(midnight)
        self._due_again()

    def _follow_balances(self, at: datetime) -> None:
        for ladder in self.state.at(at).ladders.values():
            standing = self.place.standing(ladder.code)
            if ladder.metrics[0].kind == "balance" and standing is not None:
                balance = self.purses[ladder.metrics[0].of].account.balance
                move = tier_by_balance(ladder, current=standing.earned[0], balance=balance)
                if move is not None:
                    self.plan.move_take(
                        move, place=self.place, event_id=None, at=at, cause="balance", ranks=ladder.ranks
                    )

    def _lapse_at(self, at: datetime) -> None:
        if any(each.due_by(at) for each in self.place.standings):
            self.now = at
            self._lapse(Case("", NO_EVENT, self.member, self.place, self.state, self.state.row, self.state.at(at)))

    def _settle(self, at: datetime) -> None:
        if self._due > at:
            return
        for purse in self.purses.values():
            purse.activate(at)
        self._expire(at)
        self._due_again()

    def _expire(self, at: datetime) -> None:
        for purse in self.purses.values():
            for gone in purse.expire(at):
                if self.inside:
                    self._flow(purse.account.currency, "expired", gone.points)
            purse.forget_empty()

    def _due_again(self) -> None:
        due = self._standings_due()
        for purse in self.purses.values():
            due = purse.due(due)
        self._due = due

    def _standings_due(self) -> datetime:
        ends = [end for each in self.place.standings for end in (each.valid_until, each.own_until, each.floor_until)]
        return min((end for end in ends if end is not None), default=FAR)

    # --- small things ------------------------------------------------------------------------------------------------
    def _lot(
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
        due = activates_at if not active else expires_at
        if due is not None and due < self._due:
            self._due = due
        return lot

    def _issued(self, rule: str, currency: str, points: int) -> None:
        tally = self.tally
        tally.add(tally.flows, currency, "issued", points)
        tally.add(tally.issued_by_month, currency, self._month_of(self.now), points)
        tally.add(tally.rule_points, rule, currency, points)
        self.net[currency] = self.net.get(currency, 0) + points

    def _flow(self, currency: str, kind: str, points: int) -> None:
        if points:
            self.tally.add(self.tally.flows, currency, kind, points)

    def _month_of(self, at: datetime) -> str:
        ends, name = self._month
        if at >= ends:
            local = at.astimezone(self.setting.zone)
            name = local.strftime("%Y-%m")
            ends = day_start(end_of_period(local.date(), "month") + timedelta(days=1), self.setting.zone)
            self._month = (ends, name)
        return name


def _last_drawn(draws: Sequence[Draw], points: int) -> tuple[list[Draw], list[Draw]]:
    """(what comes back of a spend, the last drawn first; what stays spent)."""
    back: list[Draw] = []
    kept: list[Draw] = []
    for draw in reversed(draws):
        part = min(points, draw.points)
        points -= part
        back += [Draw(draw.lot, part)] if part else []
        kept += [Draw(draw.lot, draw.points - part)] if part < draw.points else []
    return back, kept[::-1]


NO_EVENT = EventInput("", "", FAR, None, "", None, {}, b"")
