"""Returns take back a share of what was given, exactly all in the end, never more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.refunds import AwardSnapshot, PointsReversal, refund_points


def test_a_half_return_takes_half() -> None:
    awards = [AwardSnapshot("a", 10), AwardSnapshot("b", 5)]
    taken = refund_points(awards, order_minor=1000, returned_before_minor=0, returned_minor=500)
    assert taken == (PointsReversal("a", 5, False), PointsReversal("b", 2, False))


def test_the_last_return_takes_exactly_the_rest() -> None:
    taken = refund_points([AwardSnapshot("a", 10, 3)], order_minor=999, returned_before_minor=333, returned_minor=666)
    assert taken == (PointsReversal("a", 7, True),)


def test_a_stamp_goes_only_with_the_whole_order() -> None:
    assert refund_points([AwardSnapshot("a", 1)], order_minor=900, returned_before_minor=0, returned_minor=899) == ()


def test_a_free_order_is_returned_whole_and_negative_amounts_count_as_none() -> None:
    assert (
        refund_points([AwardSnapshot("a", 4)], order_minor=0, returned_before_minor=0, returned_minor=0)[0].points == 4
    )
    assert refund_points([AwardSnapshot("a", 4)], order_minor=10, returned_before_minor=-5, returned_minor=-5) == ()


@given(
    granted=st.lists(st.integers(0, 10**6), min_size=1, max_size=4),
    parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=8),
    beyond=st.integers(0, 5000),
)
def test_returns_never_take_more_than_was_given_and_a_full_return_takes_exactly_all(
    granted: list[int], parts: list[int], beyond: int
) -> None:
    order, gone = sum(parts), dict.fromkeys(range(len(granted)), 0)
    before = 0
    for part in [*parts, beyond]:
        awards = [AwardSnapshot(at, points, gone[at]) for at, points in enumerate(granted)]
        for each in refund_points(awards, order_minor=order, returned_before_minor=before, returned_minor=part):
            at = int(each.key)
            gone[at] += each.points
            assert each.points > 0
            assert each.whole == (gone[at] == granted[at])
        before += part
        whole = before >= order
        assert all(gone[at] == (points if whole else points * before // order) for at, points in enumerate(granted))
    assert list(gone.values()) == granted
