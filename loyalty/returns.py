"""Judging an `order.returned`: what it takes back comes from the order's own awards, never from today's rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import InvalidInput
from loyalty.achieving import achieved_undo
from loyalty.acting import acts_lower, acts_revoke
from loyalty.booking import Origin, Plan, Row, award_effect
from loyalty.cases import Case, event_result, event_row, move_take
from loyalty.definition.compiled import CompiledLadder
from loyalty.errors import ReturnMemberMismatch, ReturnTooLarge
from loyalty.lapsing import anchor_of
from loyalty.reading import AwardLot, Context, OrderContext, Place, Standing
from loyalty.returnlines import lines_returned
from loyalty.rules.progress import progress_of
from loyalty.rules.refunds import AwardSnapshot, Returned, refund_points
from loyalty.rules.tiers import TierMove, tier_return_review
from loyalty.spentback import spent_restore
from loyalty.tellings import return_reason

# What a tier came by that may have been earned: under a floor that ended it shows in the counters alone.
EARNED = ("earned", "floor", "floor_end")


def return_order(case: Case, context: Context) -> OrderContext | None:
    """The order that a return names, checked; None when it names none that is known. Raises what is wrong with it."""
    told = case.event.payload["return"]
    number = told["order"]
    order = context.orders.get((case.event.source, number)) if number is not None else None
    if order is not None:
        _check(case, order, told["amount_minor"])
        lines_returned(order, told)
    return order


def return_judge(case: Case, order: OrderContext | None, plan: Plan, actor: Actor, now: datetime) -> dict[str, Any]:
    """Plan a return of a checked order; the reply. Without one it is kept as unmatched and moves no points."""
    amount = case.event.payload["return"]["amount_minor"]
    reversed_: list[Row] = []
    changed: dict[str, str] = {}
    if order is not None:
        returned, kept = lines_returned(order, case.event.payload["return"])
        if case.place is not None:
            counted = dict(case.place.counters)
            origin = Origin(case.id, case.event, actor, return_reason(order.number), order.number, now)
            restored = spent_restore(case, order, returned, plan, origin)
            reversed_ = [*restored, *_take_back(case, order, returned, plan, origin)]
            _raised_lower(order, amount, case.place, plan)
            if order.refunded_minor < order.total_minor <= order.refunded_minor + amount:
                acts_revoke(case, order.event_id, order.acts, plan)
                achieved_undo(case, case.place, order.raised, plan, case.state.version(order.version_id).achievements)
            elif amount:
                left = order.total_minor - order.refunded_minor - amount
                acts_lower(case, order.event_id, order.acts, plan, left)
            changed = _tiers_after(case, plan, counted, now)
        plan.refunds.append({"event_id": order.event_id, "amount_minor": amount, "lines": kept})
        order.refunded_minor += amount
        order.returned_lines = kept
    status = "unmatched" if order is None else ("processed" if case.place is not None else "guest")
    result = event_result(case, status, awards=[], reversed_=reversed_, changed=changed)
    trace: dict[str, Any] = {"rules": [], "awards": [], "order": order.event_id if order is not None else None}
    plan.events.append(event_row(case, actor, status, trace, result))
    if reversed_ and case.member is not None:
        plan.tell("points.reversed", event_id=case.id, member_id=case.member.public_id, entries=reversed_)
    return result


def event_undo(
    case: Case, undone: OrderContext | None, plan: Plan, actor: Actor, now: datetime, reason: dict[str, str]
) -> dict[str, Any]:
    """Plan to take back an event that isn't an order with all that it gave; the reply. undone None: there is none."""
    reversed_: list[Row] = []
    changed: dict[str, str] = {}
    if undone is not None and case.place is not None:
        counted = dict(case.place.counters)
        whole = Returned(undone.total_minor, undone.total_minor, undone.total_minor)
        reversed_ = _take_back(case, undone, whole, plan, Origin(case.id, case.event, actor, reason, "", now))
        _raised_lower(undone, undone.total_minor, case.place, plan)
        acts_revoke(case, undone.event_id, undone.acts, plan)
        achieved_undo(case, case.place, undone.raised, plan, case.state.version(undone.version_id).achievements)
        changed = _tiers_after(case, plan, counted, now)
    status = "unmatched" if undone is None else "processed"
    result = event_result(case, status, awards=[], reversed_=reversed_, changed=changed)
    trace: dict[str, Any] = {"rules": [], "awards": [], "undone": undone.event_id if undone is not None else None}
    plan.events.append(event_row(case, actor, status, trace, result))
    if reversed_ and case.member is not None:
        plan.tell("points.reversed", event_id=case.id, member_id=case.member.public_id, entries=reversed_)
    return result


def _check(case: Case, order: OrderContext, amount: int) -> None:
    if order.member_id != (case.member.id if case.member is not None else None):
        raise ReturnMemberMismatch(field="member")
    if order.program_id != case.state.id:
        raise InvalidInput(_("This order was paid in another program."), field="program")
    if order.refunded_minor + amount > order.total_minor:
        raise ReturnTooLarge(
            field="data.return.amount_minor", total_minor=order.total_minor, refunded_minor=order.refunded_minor
        )


def _take_back(case: Case, order: OrderContext, returned: Returned, plan: Plan, origin: Origin) -> list[Row]:
    """Every award of the order gives back its part, by the currency's policy at the time the order was judged by."""
    place = case.place
    assert place is not None
    lots = {lot.entry: lot for lot in order.lots}
    awards = {award_effect(each["rule"], each["effect"]): each for each in order.awards}
    reversals = refund_points(
        [AwardSnapshot(lot.entry, lot.granted, lot.reversed, _lines(awards, lot)) for lot in order.lots],
        order_minor=order.total_minor,
        returned_before_minor=order.refunded_minor,
        returned_minor=returned.minor - order.refunded_minor,
        returned=returned,
    )
    judged_by = case.state.version(order.version_id)
    owed = []
    for reversal in reversals:
        lot = lots[int(reversal.key)]
        account = next((each for each in place.accounts if each.id == lot.account), None)
        if account is None:  # earned in another account than the member's of today: before they shared, or while
            account = place.account(awards[lot.effect]["currency"])
        if account is None:
            continue
        policy = judged_by.document.currency(account.currency).refund_policy
        owed.append(
            (reversal, lot, account, policy, plan.own_take(lot, reversal.points, account=account, policy=policy))
        )
    told: list[Row] = []
    for reversal, lot, account, policy, (due, own) in owed:
        taken, debt = plan.take_add(
            lot, reversal.points, due=due, own=own, account=account, policy=policy, origin=origin
        )
        _counters_lower(case, order, lot, place, plan, reversal.points, whole=reversal.whole)
        told.append({"rule": lot.rule, "currency": account.currency, "points": taken, "debt": debt})
    return told


def _lines(awards: Mapping[str, Mapping[str, Any]], lot: AwardLot) -> tuple[tuple[int, int], ...]:
    """Which lines of the order the award came from; none where it came from the order as a whole."""
    return tuple((line, weight) for line, weight in awards.get(lot.effect, {}).get("lines", ()))


def _raised_lower(order: OrderContext, amount: int, place: Place, plan: Plan) -> None:
    """What the order counted besides points: sums fall by the share that is returned, the rest when all of it is."""
    before, after = order.refunded_minor, order.refunded_minor + amount
    whole = before < order.total_minor <= after
    for name, value in order.counted.items():
        place.counters.setdefault(name, value)
    for each in order.raised:
        if each.by_share:
            # Of an order that cost nothing no share can come back.
            total = order.total_minor or 1
            due = each.amount * after // total - each.amount * before // total
        else:
            due = each.amount if whole and not (each.guard and place.counters.get(each.guard, 0) > 0) else 0
        if due:
            plan.counter_add(place, each.key, each.period, -due)


def _counters_lower(
    case: Case, order: OrderContext, lot: AwardLot, place: Place, plan: Plan, points: int, *, whole: bool
) -> None:
    """What the award raised (tier progress, caps that a return frees) falls again, in the period that it rose in."""
    for award in order.awards:
        if award_effect(award["rule"], award["effect"]) != lot.effect:
            continue
        for key, period in award.get("counted", ()):
            plan.counter_add(place, key, period, -points)
        if whole:
            for key, period in award.get("counted_times", ()):
                plan.counter_add(place, key, period, -1)


def _tiers_after(case: Case, plan: Plan, counted: Mapping[str, int], now: datetime) -> dict[str, str]:
    """A tier that was earned with what has just gone is given back. Returns ladder → tier before.

    counted: the counters as they stood before this return. A tier that they didn't carry either (its threshold was
    raised since) isn't this return's to take.
    """
    place, changed = case.place, {}
    assert place is not None
    lowered = {name for name, value in place.counters.items() if value < counted.get(name, 0)}
    for ladder in case.compiled.ladders.values():
        standing = place.standing(ladder.code)
        if standing is None or (standing.cause not in EARNED and not standing.floor_tier):
            continue
        if not any(name.startswith(f"{metric.key}@") for metric in ladder.metrics for name in lowered):
            continue
        then, move = _review(case, ladder, standing, counted, now), _review(case, ladder, standing, place.counters, now)
        if move is None or (then is not None and then.kind != "kept"):
            continue
        moved = move_take(case, plan, move, place, now=now, cause="earned")
        if moved.kind != "kept":
            changed[ladder.code] = moved.from_tier
    return changed


def _review(
    case: Case, ladder: CompiledLadder, standing: Standing, counters: Mapping[str, int], now: datetime
) -> TierMove | None:
    assert case.place is not None
    assert case.member is not None
    # What was given under it isn't what was held before: it stays anyway, as long as it is given.
    given = bool(standing.floor_tier)
    before = (
        standing.before
        if not given and ladder.ranks.get(standing.before, 0) < ladder.ranks.get(standing.tier, 0)
        else None
    )
    return tier_return_review(
        ladder,
        current=standing.earned[0],
        since=standing.since,
        valid_until=standing.earned[1],
        before=before or None,
        before_valid_until=standing.earned[1],
        progress=progress_of(ladder, counters),
        at=now,
        anchor=anchor_of(ladder, case.place, case.member.joined_at),
    )
