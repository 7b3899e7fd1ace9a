"""The plan of a booking: rows by table, filled event by event while a batch is judged, written by ledger.batch_book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from core.actor import Actor
from loyalty.definition.compiled import CompiledProgram
from loyalty.incoming import EventInput
from loyalty.reading import Account, AwardLot, PastMove, Place, SpendLot, Standing
from loyalty.rules.judgement import Award
from loyalty.rules.limiting import BUDGET
from loyalty.rules.tiers import TierMove

Row = dict[str, Any]
# What a tier came by that a return doesn't fall back to: what was earned shows in the counters, what was given is
# given by its floor or not at all. loyalty_context() reads it the same.
FALLEN_PAST = ("earned", "floor")


class Origin(msgspec.Struct, frozen=True):
    """Where an entry comes from: the event, who told it, and the reason that the member reads."""

    event_id: str
    event: EventInput
    actor: Actor
    reason: Mapping[str, str]
    order_number: str
    now: datetime

    def fields(self) -> Row:
        return {
            "event_id": self.event_id,
            "reason": dict(self.reason),
            "source": self.event.source,
            "initiated_by": self.actor.initiated_by,
            "actor": self.actor.name,
            "order_number": self.order_number,
            "occurred_at": self.event.occurred_at,
        }


class Plan(msgspec.Struct):
    """Lists named as loyalty_book() reads them; an empty list isn't sent. members: id → version judged on."""

    events: list[Row] = []
    orders: list[Row] = []
    refunds: list[Row] = []
    awards: list[Row] = []
    takes: list[Row] = []
    releases: list[Row] = []
    activity: list[Row] = []
    restores: list[Row] = []
    repay: set[int] = set()
    counters: list[Row] = []
    standings: dict[tuple[int, str], Row] = {}
    tier_changes: list[Row] = []
    achievements: list[Row] = []
    outbox: list[Row] = []
    budgets: list[Row] = []
    members: dict[int, int] = {}

    def rows(self) -> Mapping[str, Any]:
        """What loyalty_book() takes."""
        lists: dict[str, Any] = {
            "events": self.events,
            "orders": self.orders,
            "refunds": self.refunds,
            "awards": self.awards,
            "takes": self.takes,
            "releases": self.releases,
            "activity": self.activity,
            "restores": self.restores,
            "repay": sorted(self.repay),
            "counters": self.counters,
            "standings": list(self.standings.values()),
            "tier_changes": self.tier_changes,
            "achievements": self.achievements,
            "outbox": self.outbox,
            "budgets": self.budgets,
        }
        return {name: rows for name, rows in lists.items() if rows or name == "events"}

    def order_add(self, event_id: str, event: EventInput, member_id: int | None) -> None:
        order = event.payload["order"]
        names = ("total_minor", "net_minor", "tax_minor", "shipping_minor", "discount_minor")
        self.orders.append(
            {
                "event_id": event_id,
                "source": event.source,
                "number": order["number"],
                "member_id": member_id,
                "occurred_at": event.occurred_at,
                "currency": order["currency"],
                **{name: order.get(name, 0) for name in names},
                "cost_minor": order.get("cost_minor"),
                "fx_rate": order.get("fx_rate"),
                "channel": order.get("channel", ""),
                "store": order.get("store", ""),
            }
        )

    def award_add(
        self, award: Award, *, account: Account, origin: Origin, allocated_minor: int | None, fields: Mapping[str, Any]
    ) -> None:
        """One award becomes an entry and a lot; the account in memory follows, a debt being paid first.

        fields: what the lot keeps besides, its end among it.
        """
        active = award.activates_at <= origin.now and not award.waits_for
        if account.earn(award.awarded, active=active):
            self.repay.add(account.id)
        self.awards.append(
            {
                **origin.fields(),
                "account": account.id,
                "points": award.awarded,
                "balance_after": account.held,
                "effect": award_effect(award.rule, award.effect),
                "rule": award.rule,
                "activates_at": award.activates_at,
                "active": active,
                "allocated_minor": allocated_minor,
                **fields,
            }
        )

    def own_take(self, lot: AwardLot, points: int, *, account: Account, policy: str) -> tuple[int, int]:
        """Take what an award's own lot has of `points`: of every lot of a return first, so that none draws on another.

        What of the award has expired counts as gone: it is taken from nothing. Returns (points due, of them taken).
        """
        alive = lot.granted - lot.expired
        due = min(lot.reversed + points, alive) - min(lot.reversed, alive)
        own = min(due, lot.remaining) if policy != "only_pending" or not lot.active else 0
        if lot.account != account.id:
            own = 0  # it was earned before the member shared an account, or while they did
        account.give_back(own, 0, 0, active=lot.active)
        lot.remaining -= own
        return due, own

    def take_add(
        self, lot: AwardLot, points: int, *, due: int, own: int, account: Account, policy: str, origin: Origin
    ) -> tuple[int, int]:
        """Plan to take back `points` of an award: what own_take() found, then the balance, then debt, by the policy.

        Returns (points taken, debt made). What the policy forgives is noted on the lot only.
        """
        others = min(due - own, max(0, account.balance)) if policy != "only_pending" else 0
        debt = due - own - others if policy == "into_debt" else 0
        account.give_back(0, others, debt, active=lot.active)
        lot.reversed += points
        entry = {**origin.fields(), "effect": f"reverse:{lot.entry}", "rule": lot.rule}
        self.takes.append(
            {
                "account": account.id,
                "lot": lot.entry,
                "points": points,
                "due": due,
                "own": own,
                "others": others,
                "debt": debt,
                "entry": entry,
            }
        )
        return own + others, debt

    def restore_add(self, row: Row, parts: Sequence[tuple[SpendLot, int, int]], *, paid: int) -> None:
        """parts: of each lot what comes back, and of that what leaves again at once. paid: of it, for a debt."""
        self.restores.append(row)

    def counter_add(self, place: Place, key: str, period: str, delta: int, at_most: int | None = None) -> None:
        """at_most: what a budget over all members mustn't pass; needed where one rises."""
        name = f"{key}@{period}"
        place.counters[name] = place.counters.get(name, 0) + delta
        if key.startswith(BUDGET):
            row = {"program": place.program_id, "key": key, "period": period, "delta": delta, "at_most": at_most}
            self.budgets.append(row)
            return
        self.counters.append({"enrollment": place.id, "key": key, "period": period, "delta": delta})

    def move_take(
        self,
        move: TierMove,
        *,
        place: Place,
        event_id: str | None,
        at: datetime,
        cause: str,
        ranks: Mapping[str, int],
    ) -> TierMove:
        """Plan a move of what was earned and let the place in memory follow. ranks: of the ladder's tiers.

        Returns what becomes of the tier that counts, which a floor may hold up.
        """
        standing = place.standing(move.ladder)
        if standing is None:
            standing = Standing(move.ladder, move.from_tier, at, None, cause)
        new = standing.with_own(move.to_tier, move.valid_until, ranks)
        return self.standing_put(new, before=standing, place=place, event_id=event_id, at=at, cause=cause, ranks=ranks)

    def standing_put(
        self,
        new: Standing,
        *,
        before: Standing,
        place: Place,
        event_id: str | None,
        at: datetime,
        cause: str,
        ranks: Mapping[str, int],
    ) -> TierMove:
        """Plan the standing as it is from now on and, when the tier that counts changed, its line of history.

        new: as it should be, but for since, cause and before.
        """
        kept = new.tier == before.tier and place.standing(new.ladder) is not None
        new.since, new.cause = (before.since, before.cause) if kept else (at, cause)
        new.before = before.before if kept else (before.tier if before.cause not in FALLEN_PAST else "")
        row = msgspec.structs.asdict(new)
        del row["before"]
        self.standings[place.id, new.ladder] = {"enrollment": place.id, **row}
        if not kept:
            change = {"ladder": new.ladder, "from_tier": before.tier, "to_tier": new.tier, "cause": cause, "at": at}
            self.tier_changes.append({"enrollment": place.id, "event_id": event_id, **change})
            # What held before is asked again by the events that come later in the batch.
            place.moves.append(PastMove(new.ladder, before.tier, at))
        place.standings = [each for each in place.standings if each.ladder != new.ladder]
        place.standings.append(new)
        up = ranks.get(new.tier, 0) > ranks.get(before.tier, -1)
        return TierMove(
            new.ladder,
            "kept" if kept else "upgraded" if up else "downgraded",
            before.tier,
            new.tier,
            new.valid_until,
        )

    def tell(self, topic: str, **payload: Any) -> None:
        self.outbox.append({"topic": topic, "payload": payload})

    def topics(self) -> set[str]:
        """What is told once this is booked."""
        return {row["topic"] for row in self.outbox}


def award_effect(rule: str, index: int) -> str:
    """What names an award within its event and account."""
    return f"rule:{rule}:{index}"


def allocated_value(award: Award, compiled: CompiledProgram) -> int | None:
    """The part of the price that the points stand for, in minor units of money; None without a price or a value.

    P × S / (P + S), S being what the points are worth when all are redeemed (IFRS 15 B39 onwards, before breakage).
    """
    value = compiled.document.currency(award.currency).value_minor_per_point
    if award.base_minor is None or value is None:
        return None
    price = Decimal(award.base_minor)
    worth = Decimal(award.awarded) / compiled.currencies[award.currency].one * value
    return int(price * worth / (price + worth)) if price + worth > 0 else 0


def order_number_of(event: EventInput) -> str:
    """The order that an event is about: `order.number`, or `order` of the object that the type is named after."""
    payload, noun = event.payload, event.type.partition(".")[0]
    order, about = payload.get("order"), payload.get(noun)
    found = order.get("number") if isinstance(order, dict) else order
    if found is None and isinstance(about, dict):
        found = about.get("order")
    return str(found)[:200] if isinstance(found, str | int) else ""
