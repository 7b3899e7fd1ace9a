"""Points that were spent on an order and come back with it, as the currency says (`spent_refund`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from loyalty.booking import Origin, Plan, Row
from loyalty.cases import Case
from loyalty.definition.currencies import Currency, Regrant
from loyalty.definition.expiry import After
from loyalty.reading import Account, OrderContext, OrderSpend, SpendLot
from loyalty.returnlines import goods
from loyalty.rules.dates import expiry_at, local_day
from loyalty.rules.refunds import Returned


def spent_restore(case: Case, order: OrderContext, returned: Returned, plan: Plan, origin: Origin) -> list[Row]:
    """Plan it, before anything is taken back: a return of all leaves the member as if nothing had been bought."""
    place = case.place
    assert place is not None
    document = case.state.version(order.version_id).document
    told: list[Row] = []
    for spend in order.spends:
        account = next(each for each in place.accounts if each.id == spend.account)
        known = next((each for each in document.currencies if each.code == account.currency), None)
        if known is None or known.spent_refund == "none":
            continue
        share = returned.share if known.spent_refund == "all" else returned.share_of(goods(order))
        points = spend.points * share.numerator // share.denominator - spend.restored
        if points > 0:
            _restore(case, order, spend, points, account, known, plan, origin)
            told.append({"rule": "", "currency": account.currency, "points": -points, "debt": 0})
    return told


def _restore(
    case: Case,
    order: OrderContext,
    spend: OrderSpend,
    points: int,
    account: Account,
    known: Currency,
    plan: Plan,
    origin: Origin,
) -> None:
    zone = case.compiled.zone
    until = None
    if isinstance(known.restore_policy, Regrant):
        until = expiry_at(After(n=known.restore_policy.days, unit="days"), local_day(origin.now, zone), zone)
    collect = known.refund_policy == "within_balance"
    parts = _parts(spend.lots, points)
    told = []
    for lot, part in parts:
        gone = _gone(lot, part, collect=collect, now=origin.now, until=until)
        told.append((lot, part, gone))
        for own in order.lots:
            if own.entry == lot.lot:
                own.remaining += part - gone
    paid = account.restore(points, sum(gone for _lot, _part, gone in told))
    spend.restored += points
    plan.restore_add(
        {
            "account": account.id,
            "spend": spend.entry,
            "points": points,
            "lots": [{"lot": lot.lot, "points": part} for lot, part in parts],
            "regrant_until": until,
            "collect": collect,
            "entry": {**origin.fields(), "effect": f"restore:{spend.entry}"},
        },
        told,
        paid=paid,
    )


def _parts(lots: Sequence[SpendLot], points: int) -> list[tuple[SpendLot, int]]:
    """Those that live longest come back first, as burning would take them last."""
    parts = []
    for lot in sorted(lots, key=_lives, reverse=True):
        part = min(points, lot.points - lot.back)
        if part > 0:
            parts.append((lot, part))
            points -= part
    return parts


def _lives(lot: SpendLot) -> tuple[bool, float, int]:
    """Greater for what burns later."""
    return lot.expires_at is None, lot.expires_at.timestamp() if lot.expires_at is not None else 0.0, lot.lot


def _gone(lot: SpendLot, part: int, *, collect: bool, now: datetime, until: datetime | None) -> int:
    """Of what comes back to a lot, what leaves again at once: claimed by a return meanwhile, or past its day."""
    claimed = max(0, min(lot.forgiven, part, lot.remaining + part)) if collect else 0
    over = lot.expires_at is not None and lot.expires_at <= now and until is None
    return part if over else claimed
