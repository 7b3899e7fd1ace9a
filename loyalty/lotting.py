"""What an event does to lots that are there already: those that waited for it, and those that live on by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loyalty.booking import Plan, order_number_of
from loyalty.cases import Case
from loyalty.definition.expiry import Inactivity
from loyalty.reading import Account, Place
from loyalty.rules.dates import expiry_at, local_day
from loyalty.rules.judgement import Award
from loyalty.versions import ProgramState


def lots_follow(case: Case, plan: Plan, now: datetime) -> None:
    """Plan both, before the event is judged: what it wakes can be asked for by its rules."""
    place = case.place
    if place is None:
        return
    if place.waiting:
        _release(case, place, plan, now)
    if case.event.type in case.compiled.point_events:
        _keep_alive(case, place, plan)


def _release(case: Case, place: Place, plan: Plan, now: datetime) -> None:
    """Lots of the event's order that wait for an event of this type become active at its time.

    An order's number is its source's: the event must have come under the same.
    """
    number, at, zone = order_number_of(case.event), case.event.occurred_at, case.compiled.zone
    about = case.event.type, case.event.source, number
    woken = [each for each in place.waiting if number and (each.event, each.source, each.order_number) == about]
    for each in woken:
        active = at <= now
        ends = expiry_at(each.expiry, local_day(at, zone), zone) if each.expiry is not None else None
        account = next(account for account in place.accounts if account.id == each.account)
        if isinstance(each.expiry, Inactivity):
            ends = rolling_end(each.expiry.months, ends, account, case)
        plan.releases.append({"lot": each.lot, "activates_at": at, "active": active, "expires_at": ends})
        if active and account.wake(each.points):
            plan.repay.add(account.id)
        place.waiting.remove(each)


def _keep_alive(case: Case, place: Place, plan: Plan) -> None:
    at, zone = case.event.occurred_at, case.compiled.zone
    for account in place.accounts:
        known = case.compiled.currencies.get(account.currency)
        if known is None or case.event.type not in known.rolling.resets:
            continue
        for months in rolling_months(case.state, account.currency):
            until = expiry_at(Inactivity(months=months), local_day(at, zone), zone)
            plan.activity.append({"account": account.id, "months": months, "until": until, "at": at})
        if account.last_active_at is None or account.last_active_at < at:
            account.last_active_at = at


def rolling_months(state: ProgramState, currency: str) -> set[int]:
    """How many months lots of the currency may live on, by every version: an old lot keeps what it was given."""
    compiled = (each.currencies.get(currency) for each in state.every())
    return {months for known in compiled if known is not None for months in known.rolling.months}


def rolling_end(months: int, ends: datetime | None, account: Account, case: Case) -> datetime | None:
    """The end of points that roll: as long as the member's latest activity carries, however late they are told."""
    if account.last_active_at is None or ends is None:
        return ends
    zone = case.compiled.zone
    carried = expiry_at(Inactivity(months=months), local_day(account.last_active_at, zone), zone)
    return ends if carried is None else max(ends, carried)


def award_fields(award: Award, account: Account, case: Case) -> Mapping[str, Any]:
    """What a lot keeps besides its points: how it lives and what it waits for."""
    ends = rolling_end(award.rolls, award.expires_at, account, case) if award.rolls else award.expires_at
    fields: dict[str, Any] = {"expires_at": ends}
    if award.rolls:
        fields["rolls"] = award.rolls
    if award.waits_for:
        fields |= {"waits_for": award.waits_for, "drops": award.drops, "expiry": award.expiry}
    return fields
