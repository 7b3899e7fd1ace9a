"""Lots of one order that are partly spent never pay for each other when it is returned, whatever was spent and when."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.errors import InsufficientPoints
from loyalty.ledger import ledger_invariants
from loyalty.models import LotDraw, PointsAccount, PointsLot
from loyalty.services import points_adjust
from tests.loyalty import shop
from tests.loyalty.properties import parts, streams
from tests.trials import scale

PRIORITIES = (30, 20, 10)


def document(policy: str, given_points: list[int], lines: bool) -> dict[str, Any]:
    """An order gives as many lots as there are numbers; another type of event gives one that isn't its."""
    rules = [
        {
            "code": f"gives_{at}",
            "name": f"Gives {at}",
            "trigger": "order.paid",
            "priority": PRIORITIES[at],
            "effects": [parts.per_money("points", points, 100, "floor", scope="line" if lines else "order")],
        }
        for at, points in enumerate(given_points)
    ]
    currency = {**shop.DOCUMENT["currencies"][0], "refund_policy": policy, "expiry": {"kind": "never"}}
    review = {**shop.DOCUMENT["rules"][1], "limits": []}
    return {**shop.DOCUMENT, "currencies": [currency], "ladders": [], "rules": [*rules, review]}


def spend(place: Any, points: int, key: str) -> int:
    """Points that went; 0 where there weren't as many."""
    try:
        points_adjust(enrollment=place, currency="points", points=-points, reason="spent", actor=shop.STAFF, key=key)
    except InsufficientPoints:
        return 0
    return points


@settings(max_examples=scale.size(15, 400), deadline=None, suppress_health_check=streams.SHARED_BRAND)
@given(
    policy=st.sampled_from(["into_debt", "within_balance"]),
    given_points=st.lists(st.integers(1, 5), min_size=2, max_size=3),
    lines=st.booleans(),
    before=st.booleans(),
    spends=st.lists(st.integers(1, 900), min_size=1, max_size=3),
    after=st.booleans(),
    shares=st.lists(st.integers(1, 5), min_size=1, max_size=3),
)
def test_a_whole_return_takes_what_the_order_gave_however_its_lots_were_drained(
    brand, policy, given_points, lines, before, spends, after, shares
):
    with transaction.atomic():
        place = shop.place(anna := shop.member(), shop.program(document(policy, given_points, lines)))
        if before:
            shop.send(shop.review(anna))
        more: dict[str, Any] = {"lines": [{"sku": f"S{at}", "quantity": 1, "net_minor": 5000} for at in range(2)]}
        shop.send(shop.order(anna, 100, "O-1", **more))
        gave = 100 * sum(given_points)
        assert shop.balance(place) == gave + 25 * before
        went = sum(spend(place, points, f"S-{at}") for at, points in enumerate(spends))
        if after:
            shop.send(shop.review(anna))
        held = gave - went + 25 * (before + after)
        returned = 0
        for at in range(len(shares)):
            minor = 10_000 * sum(shares[: at + 1]) // sum(shares) - returned
            returned += minor
            [back] = shop.send(shop.returned(anna, "O-1", f"{minor / 100:.2f}", f"R-{at}"))
            assert back.status == 201, back.body
            assert ledger_invariants() == []
        account = PointsAccount.objects.get(enrollment=place)
        if policy == "into_debt":
            assert account.balance - account.debt == held - gave
            assert not (account.balance and account.debt)
        else:
            assert (account.balance, account.debt) == (max(0, held - gave), 0)
        lots = PointsLot.objects.filter(account=account)
        assert (lots.aggregate(left=Sum("remaining"))["left"] or 0) == account.balance
        # Of every lot no more was drawn than it had, and what it has left is the rest.
        for lot in lots:
            drawn = LotDraw.objects.filter(lot=lot).aggregate(points=Sum("points"))["points"] or 0
            assert lot.remaining == lot.granted + drawn >= 0
        transaction.set_rollback(True)
