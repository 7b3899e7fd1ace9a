"""Lots that wait for an event, that run out by inactivity or on fixed days, and what their owner's tier changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from loyalty.definition.expiry import Fixed, Inactivity
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from loyalty.nightly import nightly_run
from loyalty.pooling import pool_join
from loyalty.services import points_adjust
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time, document, lots, totals

SLEEPING = {"kind": "inactivity", "months": 3, "resets": ["order.paid", "review.posted"]}


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-01-10T12:00:00+00:00")


def place_in(**currency: Any) -> Any:
    return shop.place(shop.member("Anna"), shop.program(document(**currency)))


def happened(place: Any, kind: str, at: str, number: str | None = None, **data: Any) -> dict[str, Any]:
    payload = {"order": {"number": number}} if number else data
    return {
        "id": f"{kind}-{at}-{number}",
        "type": kind,
        "member": str(place.member.public_id),
        "occurred_at": at,
        "data": payload,
    }


def ends(place: Any) -> list[str]:
    return [f"{lot.expires_at:%Y-%m-%dT%H}" for lot in lots(place) if lot.expires_at]


# --- by inactivity ---------------------------------------------------------------------------------------------------


def test_an_activity_moves_the_end_of_everything_that_is_valid(brand, time):
    place = place_in(expiry=SLEEPING)
    shop.send(shop.order(place.member, 60, "A"))
    assert ends(place) == ["2026-04-10T22"]  # through 10 April in Amsterdam, where it is summer by then
    time.set("2026-03-31T12:00:00+00:00")
    shop.send(shop.review(place.member))
    assert ends(place) == ["2026-06-30T22", "2026-06-30T22"]


def test_a_return_and_an_event_of_another_kind_move_nothing(brand, time):
    place = place_in(expiry={**SLEEPING, "resets": ["order.paid"]})
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-03-01T12:00:00+00:00")
    shop.send(shop.review(place.member), shop.returned(place.member, "A", 10))
    assert ends(place)[0] == "2026-04-10T22"


def test_the_night_takes_them_at_local_midnight_and_not_before(brand, time):
    place = place_in(expiry=SLEEPING)
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-04-10T12:00:00+00:00")
    nightly_run(program=place.program)
    assert totals(place, "balance", "expired") == (60, 0)
    time.set("2026-04-10T22:00:00+00:00")
    nightly_run(program=place.program)
    assert totals(place, "balance", "expired") == (0, 60)


@pytest.mark.parametrize("night", [True, False], ids=["after the night", "before the night"])
def test_what_has_run_out_isnt_woken_whether_the_night_came_by_or_not(brand, time, night):
    place = place_in(expiry=SLEEPING)
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-04-11T12:00:00+00:00")
    if night:
        nightly_run(program=place.program)
    shop.send(shop.order(place.member, 5, "B"))
    nightly_run(program=place.program)
    assert totals(place, "balance", "expired") == (5, 60)


def test_what_is_told_late_lives_as_long_as_the_latest_activity_carries(brand, time):
    place = place_in(expiry=SLEEPING)
    shop.send(shop.order(place.member, 60, "A"))
    shop.send(shop.order(place.member, 20, "late", days_ago=40))
    assert ends(place) == ["2026-04-10T22", "2026-04-10T22"]


def test_a_batch_comes_to_the_same_as_its_events_one_by_one(brand, time):
    first, second = place_in(expiry=SLEEPING), None
    second = shop.place(shop.member("Bram"), first.program)
    for place, together in ((first, True), (second, False)):
        name = place.member.name
        rows = [
            shop.order(place.member, 60, f"{name}-old", days_ago=60),
            shop.order(place.member, 20, f"{name}-new"),
            shop.order(place.member, 10, f"{name}-late", days_ago=30),
        ]
        for batch in [rows] if together else [[row] for row in rows]:
            shop.send(*batch)
    assert ends(first) == ends(second) == ["2026-04-10T22"] * 3


def test_what_staff_give_lives_by_activity_too(brand, time):
    place = place_in(expiry=SLEEPING)
    points_adjust(enrollment=place, currency="points", points=10, reason="x", actor=shop.STAFF, key="k")
    time.set("2026-02-10T12:00:00+00:00")
    shop.send(shop.order(place.member, 60, "A"))
    assert ends(place) == ["2026-05-10T22", "2026-05-10T22"]


def test_a_return_as_an_activity_is_refused_at_publishing():
    with pytest.raises(DefinitionError) as refused:
        document_decode(document(expiry={"kind": "inactivity", "months": 3, "resets": ["order.returned"]}))
    assert refused.value.problems[0].path == "currencies[0].expiry.resets[0]"


# --- on fixed days, by tier ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activated", "days", "last"),
    [
        ("2026-01-10", 0, "2026-06-30"),
        ("2026-06-30", 0, "2026-06-30"),
        ("2026-07-01", 0, "2026-12-31"),
        ("2026-06-15", 30, "2026-12-31"),
        ("2026-12-31", 1, "2027-06-30"),
    ],
)
def test_fixed_days_are_the_next_one_far_enough_away(activated, days, last):
    expiry = Fixed(dates=("12-31", "06-30"), at_least_days=days)
    assert expiry.last_day(datetime.fromisoformat(activated).date()) == datetime.fromisoformat(last).date()


def test_a_day_that_a_month_lacks_is_its_last():
    assert str(Fixed(dates=("02-29",)).last_day(datetime(2026, 1, 1).date())) == "2026-02-28"
    assert str(Fixed(dates=("02-29",)).last_day(datetime(2028, 1, 1).date())) == "2028-02-29"
    assert str(Inactivity(months=1).last_day(datetime(2026, 1, 31).date())) == "2026-02-28"


def test_a_tier_that_was_held_when_they_were_earned_has_its_own_expiry(brand, time):
    by_tier = [{"ladder": "main", "tiers": ["advocate", "vip"], "expiry": {"kind": "never"}}]
    place = place_in(expiry={"kind": "fixed", "dates": ["06-30"]}, expiry_by_tier=by_tier)
    shop.send(shop.order(place.member, 600, "A"))
    time.set("2026-01-12T12:00:00+00:00")
    shop.send(shop.order(place.member, 10, "B"), shop.order(place.member, 10, "late", days_ago=5))
    assert [lot.expires_at is None for lot in lots(place)] == [False, True, False]


def test_a_tier_that_isnt_there_is_refused_at_publishing():
    wrong = [{"ladder": "main", "tiers": ["platinum"], "expiry": {"kind": "never"}}]
    with pytest.raises(DefinitionError) as refused:
        document_decode(document(expiry_by_tier=wrong))
    assert refused.value.problems[0].path == "currencies[0].expiry_by_tier[0].tiers[0]"


# --- waiting for an event --------------------------------------------------------------------------------------------

DELIVERED = {"kind": "until_event", "type": "order.delivered", "at_most_days": 30}


def test_points_wait_until_their_order_is_delivered_and_live_from_then(brand, time):
    place = place_in(release=DELIVERED)
    shop.send(shop.order(place.member, 60, "A"), shop.order(place.member, 40, "B"))
    assert totals(place) == (0, 100, 0, 0)
    time.set("2026-01-20T12:00:00+00:00")
    [answer] = shop.send(happened(place, "order.delivered", "2026-01-18T09:00:00+00:00", "A"))
    assert answer.status == 201
    assert totals(place) == (60, 40, 0, 0)
    first = lots(place)[0]
    assert (first.active_at, first.waits_for) == (datetime.fromisoformat("2026-01-18T09:00:00+00:00"), "")
    assert ends(place)[0] == "2027-01-18T23"


def test_after_the_longest_time_they_are_active_all_the_same(brand, time):
    place = place_in(release=DELIVERED)
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-02-10T12:00:00+00:00")
    nightly_run(program=place.program)
    assert totals(place) == (60, 0, 0, 0)
    shop.send(happened(place, "order.delivered", "2026-02-10T11:00:00+00:00", "A"))
    assert totals(place) == (60, 0, 0, 0)


def test_or_they_are_off_where_the_program_says_so(brand, time):
    place = place_in(release={**DELIVERED, "then": "drop"})
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-02-10T12:00:00+00:00")
    nightly_run(program=place.program)
    assert totals(place, "balance", "pending", "expired") == (0, 0, 60)


def test_an_order_and_its_delivery_in_one_batch_come_in_order(brand, time):
    place = place_in(release=DELIVERED)
    rows = shop.order(place.member, 60, "A"), happened(place, "order.delivered", "2026-01-10T12:00:00+00:00", "A")
    assert [answer.status for answer in shop.send(*rows)] == [201, 201]
    assert totals(place) == (60, 0, 0, 0)


def test_a_return_takes_what_still_waits_first_and_a_debt_is_paid_by_what_arrives(brand, time):
    place = place_in(release=DELIVERED, refund_policy="into_debt")
    shop.send(shop.order(place.member, 60, "A"), shop.order(place.member, 40, "B"))
    shop.send(shop.returned(place.member, "A", 30))
    assert totals(place) == (0, 70, 0, 0)
    shop.send(happened(place, "order.delivered", "2026-01-10T12:00:00+00:00", "A"))
    points_adjust(enrollment=place, currency="points", points=-30, reason="x", actor=shop.STAFF, key="k")
    shop.send(shop.returned(place.member, "A", 30))
    assert totals(place) == (0, 40, 0, 30)
    shop.send(happened(place, "order.delivered", "2026-01-10T12:00:00+00:00", "B"))
    assert totals(place) == (10, 0, 0, 0)


def test_another_members_delivery_wakes_nothing(brand, time):
    place = place_in(release=DELIVERED)
    other = shop.place(shop.member("Bram"), place.program)
    shop.send(shop.order(place.member, 60, "A"))
    shop.send(happened(other, "order.delivered", "2026-01-10T12:00:00+00:00", "A"))
    assert totals(place) == (0, 60, 0, 0)


def test_an_order_of_the_same_number_of_another_source_is_another(brand, time):
    place = place_in(release=DELIVERED)
    delivered = happened(place, "order.delivered", "2026-01-10T12:00:00+00:00", "1001")
    shop.send(shop.order(place.member, 60, "1001"), {**shop.order(place.member, 40, "1001"), "source": "market"})
    assert totals(place) == (0, 100, 0, 0)
    shop.send({**delivered, "source": "carrier"})
    assert totals(place) == (0, 100, 0, 0)
    shop.send({**delivered, "source": "market"})
    assert totals(place) == (40, 60, 0, 0)
    shop.send(delivered)
    assert totals(place) == (100, 0, 0, 0)


def test_what_waits_goes_on_waiting_for_its_own_sources_order_in_a_shared_account(brand, time):
    place = place_in(release=DELIVERED)
    head = shop.place(shop.member("Bram"), place.program)
    shop.send(shop.order(place.member, 60, "1001"))
    pool_join(enrollment=place, head=head, actor=shop.STAFF)
    assert totals(head) == (0, 60, 0, 0)
    shop.send(happened(place, "order.delivered", "2026-01-10T12:00:00+00:00", "1001"))
    assert totals(head) == (60, 0, 0, 0)
