"""A batch of n comes to what n batches of one come to; and whatever the order, a cap lets no more through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from core import clock
from loyalty.models import PointsAccount, PointsEntry, ProgressCounter, TierStanding
from tests.loyalty import shop
from tests.loyalty.properties import streams
from tests.trials import scale


def told(document: dict[str, Any], steps: Sequence[streams.Step], sizes: list[int], now: datetime) -> dict[str, Any]:
    """Tell the steps in batches of these sizes; what everybody has afterwards. Rolled back."""
    with transaction.atomic():
        with streams.clock_at(now):
            story = streams.Story(shop.program(document), members=2, enrolled=True)
            rows = [story.event(step) for step in steps]
            answers = []
            for size in sizes:
                batch, rows = rows[:size], rows[size:]
                answers += shop.send(*batch)
            assert not rows
        names = {each.pk: at for at, each in enumerate(story.places)}
        found = {
            "statuses": [each.status for each in answers],
            "points": sorted(
                (names[each.enrollment_id], each.currency, each.balance, each.pending, each.debt, each.issued)
                for each in PointsAccount.objects.all()
            ),
            "counters": sorted(
                (names[each.enrollment_id], each.key, each.period, each.value)
                for each in ProgressCounter.objects.exclude(value=0)
            ),
            "tiers": sorted((names[each.enrollment_id], each.ladder, each.tier) for each in TierStanding.objects.all()),
        }
        transaction.set_rollback(True)
    return found


@settings(max_examples=scale.size(10, 300), deadline=None, suppress_health_check=streams.SHARED_BRAND)
@given(document=streams.documents(), steps=st.lists(streams.steps(), min_size=2, max_size=7), data=st.data())
def test_a_batch_of_n_equals_n_batches_of_one(brand, document, steps, data):
    split = data.draw(st.integers(1, len(steps)))
    # The same instant for all three: a cooldown keeps it to the second.
    now = clock.now().replace(microsecond=0)
    one_by_one = told(document, steps, [1] * len(steps), now)
    assert told(document, steps, [len(steps)], now) == one_by_one
    assert told(document, steps, [split, len(steps) - split], now) == one_by_one


@settings(max_examples=scale.size(10, 300), deadline=None, suppress_health_check=streams.SHARED_BRAND)
@given(
    amounts=st.lists(st.integers(100, 60_000), min_size=2, max_size=6),
    period=st.sampled_from(["day", "week", "month", "year", "lifetime"]),
    most=st.integers(1, 400),
    excess=st.sampled_from(["truncate", "reject"]),
    data=st.data(),
)
def test_a_cap_lets_no_more_through_in_whatever_order_and_batches(brand, amounts, period, most, excess, data):
    limit = {"per": "member", "period": period, "at_most": most, "on_excess": excess}
    ladder = {**shop.DOCUMENT["ladders"][0], "tiers": shop.DOCUMENT["ladders"][0]["tiers"][:1]}  # a cap bars any above
    rule = {**shop.DOCUMENT["rules"][0], "limits": [limit]}
    document = {**shop.DOCUMENT, "ladders": [ladder], "rules": [rule]}
    order = data.draw(st.permutations(range(len(amounts))))
    cut = data.draw(st.integers(0, len(amounts)))
    with transaction.atomic():
        program = shop.program(document)
        anna = shop.member()
        shop.place(anna, program)
        rows = [shop.order(anna, f"{amounts[at] / 100:.2f}", f"O-{at}") for at in order]
        for batch in (rows[:cut], rows[cut:]):
            assert all(each.status == 201 for each in shop.send(*batch))
        given_ = PointsEntry.objects.filter(kind="earn").aggregate(points=Sum("points"))["points"] or 0
        assert given_ <= most
        if excess == "truncate":
            assert given_ == min(most, sum(each // 100 for each in amounts))
        transaction.set_rollback(True)
