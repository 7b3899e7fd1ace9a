"""The program that trial 1 plays with, its rewards, and its accounts in the model's words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Sum
from hypothesis import strategies as st

from loyalty.models import PointsAccount, PointsHold, PointsLot, Program
from rewards.models import CodePool, Reward
from rewards.pools import pool_import
from rewards.stock import stock_set
from tests.loyalty import shop
from tests.trials.ledger_model import Account, Hold, Lot

POLICIES = ("only_pending", "within_balance", "into_debt")
THRESHOLDS = (0, 300, 700)
TIERS = ("green", "silver", "gold")
MONTH_CAP, DAY_CAP = 900, 50
# Whole points; more than that by hand needs a second person.
ASK_ABOVE = 100
BEGIN = datetime(2026, 10, 20, 9, tzinfo=UTC)
# code: (price, pieces or None, limit per member); "card" has a pool of codes instead of stock.
REWARDS = {"tea": (15, None, None), "mug": (60, 2, None), "card": (40, 3, 2)}

who_is = st.integers(0, 1)
which = st.integers(0, 10_000)
minor = st.one_of(st.sampled_from([100, 2550, 30_000, 99_999]), st.integers(0, 60_000))
days_late = st.sampled_from([0, 0, 0, 0, 1, 15, 40, 75, 300])
# A step of a batch: who, what (see sends_a_batch), and what it may need.
step = st.tuples(who_is, st.sampled_from("ssrrtd"), minor, days_late, which)
currency_is = st.sampled_from(["points", "points", "miles"])


def document(policy: str, rate: int = 1) -> dict[str, Any]:
    """Points at once for two months with caps and tiers; miles after a fortnight, for a month."""

    def currency(code: str, **more: Any) -> dict[str, Any]:
        return {
            "code": code,
            "name_one": code,
            "name_many": code,
            "refund_policy": policy,
            "transfer": {"allowed": True},
            "adjustment_limit": ASK_ABOVE,
            **more,
        }

    def per_money(code: str, points: int, minor: int) -> dict[str, Any]:
        return {"kind": "points_per_money", "currency": code, "points": points, "per_minor": minor}

    return {
        "schema": 2,
        "program": {"name": f"Club {policy}", "time_zone": "Europe/Amsterdam", "money_currency": "EUR"},
        "currencies": [
            currency("points", expiry={"kind": "after", "n": 60, "unit": "days"}),
            currency("miles", expiry={"kind": "after", "n": 30, "unit": "days"}, pending_days=14),
        ],
        "ladders": [
            {
                "code": "main",
                "name": "Status",
                "qualify": {"kind": "points_earned", "currency": "points"},
                "tiers": [
                    {"code": code, "name": code, "threshold": least}
                    for code, least in zip(TIERS, THRESHOLDS, strict=True)
                ],
            }
        ],
        "rules": [
            {
                "code": "per_euro",
                "name": "Points",
                "trigger": "order.paid",
                "effects": [per_money("points", rate, 100)],
                "limits": [{"per": "member", "period": "month", "at_most": MONTH_CAP}],
            },
            {"code": "miles", "name": "Miles", "trigger": "order.paid", "effects": [per_money("miles", 1, 200)]},
            {
                "code": "review",
                "name": "Review",
                "trigger": "review.posted",
                "effects": [{"kind": "points_fixed", "currency": "points", "points": 25}],
                "limits": [{"per": "member", "period": "day", "at_most": DAY_CAP, "reversal_frees": False}],
            },
        ],
    }


def order_told(number: str, minor: int) -> dict[str, Any]:
    return {"order": {"number": number, "currency": "EUR", "total_minor": minor}}


def stored_account(account: PointsAccount, like: Account) -> Account:
    """The real account in the model's words."""
    lots = []
    for number, row in enumerate(PointsLot.objects.filter(account=account).order_by("entry_id")):
        assert row.expires_at is not None
        lot = Lot(number, row.granted, row.activates_at, row.expires_at, active=row.active_at is not None)
        lot.remaining, lot.reversed, lot.held = row.remaining, row.reversed, row.held
        lot.forgiven = _forgiven(row) if like.policy == "within_balance" else 0
        lots.append(lot)
    names = ("debt", "issued", "spent", "expired", "reversed")
    totals = {name: getattr(account, name) for name in names}
    places = dict(
        zip(
            PointsLot.objects.filter(account=account).order_by("entry_id").values_list("pk", flat=True),
            lots,
            strict=True,
        )
    )
    holds = [
        Hold(each.points, each.expires_at, [(places[part.lot_id], part.points) for part in each.lots.all()])
        for each in PointsHold.objects.filter(account=account, state="held").order_by("expires_at", "pk")
    ]
    return Account(like.policy, like.pending_days, like.life, lots, **totals, holds=holds)


def _forgiven(row: PointsLot) -> int:
    """What returns claimed of the lot and found nowhere."""
    taken = row.entry.reversals.aggregate(taken=Sum(F("debt") - F("points")))["taken"] or 0
    return min(row.reversed, row.granted - row.expired) - int(taken)


def reward_made(program: Program, policy: str, code: str) -> Reward:
    """One of REWARDS, with its pieces or its codes."""
    price, pieces, limit = REWARDS[code]
    fields: dict[str, Any] = {"program": program, "code": code, "name": code, "currency": "points", "price": price}
    if code == "card":
        fields["pool"] = CodePool.objects.create(name=f"cards of {policy}")
        pool_import(pool=fields["pool"], codes=[f"{policy}-{n}" for n in range(pieces or 0)], actor=shop.STAFF)
    made = Reward.objects.create(limit_per_member=limit, **fields)
    if pieces is not None and code != "card":
        stock_set(reward=made, total=pieces, actor=shop.STAFF)
    return made
